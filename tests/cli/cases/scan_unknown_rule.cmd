fundwatch scan --rules rules --rule cli.deer county
