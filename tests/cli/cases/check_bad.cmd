fundwatch check bad
