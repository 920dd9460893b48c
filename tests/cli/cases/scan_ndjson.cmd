fundwatch scan --rules rules county
