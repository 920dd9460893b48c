fundwatch rules list rules
