fundwatch scan --lang en --rules rules county
