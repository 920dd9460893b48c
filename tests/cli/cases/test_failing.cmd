fundwatch test failing
