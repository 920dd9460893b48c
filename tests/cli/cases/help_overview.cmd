fundwatch help
