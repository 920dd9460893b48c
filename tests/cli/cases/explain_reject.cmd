fundwatch explain bad-date; fundwatch explain bad-date --json
