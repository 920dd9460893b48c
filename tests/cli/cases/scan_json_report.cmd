fundwatch scan --rules rules --json county >/dev/null
