fundwatch knowledge check knowledge --today 2026-03-01
