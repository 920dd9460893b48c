fundwatch rules show cli.same --rules rules
