fundwatch check overlap
