fundwatch rules show
