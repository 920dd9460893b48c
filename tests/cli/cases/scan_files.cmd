fundwatch scan --rules rules -o $TMP_DIR/f.ndjson --report $TMP_DIR/r.json --rejects $TMP_DIR/j.ndjson county 2>/dev/null
ls $TMP_DIR; wc -l < $TMP_DIR/f.ndjson; cat $TMP_DIR/j.ndjson; grep -c balance $TMP_DIR/r.json || true
