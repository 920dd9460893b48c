fundwatch test failing --junit $TMP_DIR/j.xml; echo; cat $TMP_DIR/j.xml
