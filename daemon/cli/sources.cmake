# SPDX-License-Identifier: GPL-3.0-or-later
set(cli_sources
	cli.c
	opt.c
	help.c
	help_man.c
	grid.c)
