fundwatch rules list rules --json
