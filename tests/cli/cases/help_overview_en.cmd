fundwatch --lang en help
