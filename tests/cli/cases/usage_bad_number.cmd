fundwatch scan --threads two county
