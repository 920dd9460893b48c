fundwatch scan --help
