fundwatch exceptions list --lang en --json --today 2026-03-01 excepted
