fundwatch --json scan --frmat csv county
