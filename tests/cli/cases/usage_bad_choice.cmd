fundwatch scan --format xml county
