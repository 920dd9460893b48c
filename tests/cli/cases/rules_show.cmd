fundwatch rules show cli.same_day --rules rules
