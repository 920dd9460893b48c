fundwatch check --today 2026-03-01 excepted
