cp -r rules "$TMP_DIR"
mkdir "$TMP_DIR/rules/local"
printf '覆盖 cli.dear\n  级别  高\n' >"$TMP_DIR/rules/local/site.rules"
cd "$TMP_DIR"
fundwatch check rules | tail -n 1
fundwatch check --accept rules | tail -n 1
sed -i 's/ 金额 > 1000/ 金额 > 2000/; /^规则 cli.dear/,$s/^  说明 .*/  说明      改了/' rules/sample.rules
fundwatch check rules
fundwatch --lang en check --accept rules | tail -n 1
fundwatch check rules | tail -n 1
