# SPDX-License-Identifier: GPL-3.0-or-later
#
# One file a line: the language first, then the engine.
set(rule_sources
	csv.c
	diag.c
	diag_print.c
	knowledge.c
	knowledge_index.c
	window.c
)
