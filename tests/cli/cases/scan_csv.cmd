fundwatch scan --rules rules --format csv county 2>/dev/null
