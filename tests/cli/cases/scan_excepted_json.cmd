fundwatch scan --json --rules excepted county
