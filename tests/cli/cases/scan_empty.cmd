fundwatch scan --rules rules empty
