fundwatch test rules --verbose
