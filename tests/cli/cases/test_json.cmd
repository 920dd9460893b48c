fundwatch test --json failing
