cp -r bad rules "$TMP_DIR"
sed -i 's/启用/启甩/; s/ 金愕 > 10/ 数量 > 1 或 数量 < 0/; /外面的/d' "$TMP_DIR/bad/bad.rules"
mkdir -p "$TMP_DIR/bad/knowledge"
cp rules/knowledge/repeatable.csv "$TMP_DIR/bad/knowledge/"
fundwatch fix --dry-run "$TMP_DIR/bad"
fundwatch fix "$TMP_DIR/bad"
fundwatch --lang en fix "$TMP_DIR/bad"
sed -n 9,15p "$TMP_DIR/bad/bad.rules"
fundwatch fix bad --dry-run
