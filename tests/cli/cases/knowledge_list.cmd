fundwatch knowledge list knowledge --today 2026-03-01
