fundwatch scan --threds 2 county
