fundwatch check --json --lang en overlap
