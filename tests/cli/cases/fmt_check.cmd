mkdir -p "$TMP_DIR"
printf '规则 a.b 「甲」\n 触发 合计(数量)>=3\n' >"$TMP_DIR/a.rules"
fundwatch fmt --check "$TMP_DIR"
