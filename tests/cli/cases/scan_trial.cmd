mkdir -p "$TMP_DIR"; fundwatch scan --rules rules --trial "$TMP_DIR/trial" county >/dev/null 2>&1; cat "$TMP_DIR/trial"
