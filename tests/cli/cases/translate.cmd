cp -r rules "$TMP_DIR/rules"
fundwatch translate --to en --write "$TMP_DIR/rules"
fundwatch check "$TMP_DIR/rules"
fundwatch check rules
fundwatch translate --to zh "$TMP_DIR/rules/sample.rules" | head -12
fundwatch translate "$TMP_DIR/rules"
fundwatch translate --to en bad
