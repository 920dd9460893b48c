fundwatch scan --rules held --suppressed suppressed.ndjson county
cat suppressed.ndjson
fundwatch scan --rules held --lang en --format csv --suppressed suppressed.csv county 2>/dev/null
cat suppressed.csv
rm suppressed.ndjson suppressed.csv
