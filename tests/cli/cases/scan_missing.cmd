fundwatch scan --rules rules nowhere.csv
