fundwatch check --lang en bad
