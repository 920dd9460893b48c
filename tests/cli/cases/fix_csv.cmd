mkdir "$TMP_DIR/rules"
cp rules/sample.rules "$TMP_DIR/rules/"
mkdir "$TMP_DIR/rules/knowledge"
cd "$TMP_DIR"
printf '\357\273\277项目，备注\n２５０３０１ ，可以重复\n 250302　,好\n"250303",\n' >rules/knowledge/repeatable.csv
sed -i 's/ 不在名单/ 不在名册/' rules/sample.rules
fundwatch fix --dry-run rules
fundwatch fix rules
fundwatch fix rules
cat rules/knowledge/repeatable.csv
iconv -f UTF-8 -t GB18030 rules/knowledge/repeatable.csv >rules/x && mv rules/x rules/knowledge/repeatable.csv
fundwatch check rules | head -n 4
fundwatch --lang en fix rules
cat rules/knowledge/repeatable.csv
