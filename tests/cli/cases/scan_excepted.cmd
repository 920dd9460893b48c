fundwatch scan --rules excepted county
