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
	value.c
	order.c
	kernel.c
	plan.c
	plan_node.c
	plan_way.c
	plan_cell.c
	predicate.c
	predicate_num.c
	predicate_key.c
	eval.c
	eval_node.c
	eval_func.c
	eval_agg.c
	eval_lookup.c
	eval_hit.c
	eval_cell.c
	form_each.c
	form_group.c
	form_window.c
	form_pair.c
)
set(rule_hot kernel.c predicate.c predicate_num.c predicate_key.c)
