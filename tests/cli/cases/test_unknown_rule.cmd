fundwatch test rules --rule cli.deer
