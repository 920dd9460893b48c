# SPDX-License-Identifier: GPL-3.0-or-later
#
# One file a line: the language first, then the engine.
set(rule_sources
	diag.c
	diag_print.c
)
