fundwatch check rules
