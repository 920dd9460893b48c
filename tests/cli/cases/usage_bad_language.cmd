fundwatch --lang fr help
