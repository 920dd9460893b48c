fundwatch scan --rules rules county/notes.txt
