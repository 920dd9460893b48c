# SPDX-License-Identifier: GPL-3.0-or-later
set(cli_sources
	cli.c
	opt.c
	help.c
	help_man.c
	grid.c
	words.c
	ruleload.c
	check.c
	test.c
	rules.c
	rule_text.c
	explain.c
	db.c
	alerts.c
	alert_show.c)
