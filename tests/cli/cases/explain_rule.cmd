fundwatch explain cli.dear --rules rules
