fundwatch test --coverage rules
