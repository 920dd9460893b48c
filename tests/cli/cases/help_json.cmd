fundwatch help rules show --json
