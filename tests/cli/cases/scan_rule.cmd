fundwatch scan --rules rules --rule cli.dear county 2>/dev/null
