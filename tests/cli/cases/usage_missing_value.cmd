fundwatch scan --rules
