fundwatch check --json bad
