/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * example.h - run the 试例 of rules through the same timeline and evaluator as real data.
 *
 * Builds records from an example's tables (defaults from fields.def, amount = count x price),
 * adds them to a fresh timeline, judges the one rule and compares with what was expected.
 * Pure: texts in, verdicts out.
 */
#pragma once

#include "lib/finding/finding.h"

struct example_result {
	const struct rule *rule;
	const struct example *example;
	bool passed;
	char *expected, *found;  /* sentences to be shown side by side, in the result's arena */
	struct findings findings;
};

/* Run one example. `english` chooses the language of the sentences. */
bool example_run(const struct plan *p, uint32_t rule_index, const struct example *x, bool english,
		 struct arena *a, struct example_result *out, struct err *e);
