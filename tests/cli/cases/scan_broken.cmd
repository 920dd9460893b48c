fundwatch scan --rules rules -o $TMP_DIR/f.ndjson county/setl_d.csv broken; code=$?; ls $TMP_DIR; exit $code
