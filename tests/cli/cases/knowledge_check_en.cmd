fundwatch knowledge check knowledge --today 2026-03-01 --items knowledge/knowledge/items.csv --lang en
