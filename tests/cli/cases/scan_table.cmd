fundwatch scan --rules rules --format table county 2>/dev/null
