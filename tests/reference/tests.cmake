# SPDX-License-Identifier: GPL-3.0-or-later
#
# The engine against the slow evaluator written from the manual.
fundwatch_test(reference LABEL reference TIMEOUT 600
	SOURCES reference/test_reference.c reference/engine.c reference/history.c reference/world.c
		reference/world_field.c reference/rulegen.c reference/rulecond.c
		reference/rulekin.c reference/rulefiles.c reference/ruletext.c
		reference/refeval.c reference/refjudge.c reference/refpair.c
		reference/refrelated.c reference/refcells.c reference/lines.c)
