fundwatch scan --rules bad county
