fundwatch help scan --lang en
