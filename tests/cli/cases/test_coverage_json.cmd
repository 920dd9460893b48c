fundwatch test --coverage --json rules
