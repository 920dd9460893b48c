fundwatch test rules --rule cli.dear
