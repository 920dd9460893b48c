fundwatch scan --rules rules --feed nowhere.yaml county
