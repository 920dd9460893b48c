fundwatch exceptions list --today 2026-03-01 excepted
