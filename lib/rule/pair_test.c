/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pair_test.c - the conditions of plan_pair.c for two records, from the vectors of their streams.
 *
 * Says what node_truth says of the same condition, without a frame.
 */
#include "lib/rule/form.h"

bool pair_test_ready(struct eval *e, const struct pair_test *t)
{
	for (uint32_t i = 0; i < t->n_arg; i++)
		if (!pair_test_ready(e, &t->arg[i]))
			return false;
	for (unsigned i = 0; t->op == PAIR_NUMBERS && i < 2; i++) {
		slot_number(e, t->of[i]);
		if (e->slot[t->of[i]->id].open)
			return false;
	}
	return true;
}

static enum truth codes(struct eval *e, const struct pair_test *t, const uint32_t *at)
{
	uint32_t a = ((const uint32_t *)slot_column(e, t->of[0]->field))[at[t->role[0]]];
	uint32_t b = ((const uint32_t *)slot_column(e, t->of[1]->field))[at[t->role[1]]];

	if (!a || !b)
		return TRUTH_UNKNOWN;
	return a == b ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth numbers(struct eval *e, const struct pair_test *t, const uint32_t *at)
{
	int64_t a = slot_number(e, t->of[0])[at[t->role[0]]];
	int64_t b = slot_number(e, t->of[1])[at[t->role[1]]];
	__int128 apart = (__int128)a - b;

	if (a == MISSING_I64 || b == MISSING_I64)
		return TRUTH_UNKNOWN;
	return (apart >= t->range.lo && apart <= t->range.hi) != t->range.outside ? TRUTH_TRUE
										  : TRUTH_FALSE;
}

static enum truth joined(struct eval *e, const struct pair_test *t, const uint32_t *at)
{
	bool all = t->op == PAIR_AND;
	enum truth sum = all ? TRUTH_TRUE : TRUTH_FALSE;

	for (uint32_t i = 0; i < t->n_arg; i++) {
		enum truth u = pair_test_truth(e, &t->arg[i], at);

		sum = (all ? u < sum : u > sum) ? u : sum;
	}
	return sum;
}

enum truth pair_test_truth(struct eval *e, const struct pair_test *t, const uint32_t *at)
{
	enum truth u;

	switch (t->op) {
	case PAIR_CODES: u = codes(e, t, at); break;
	case PAIR_NUMBERS: u = numbers(e, t, at); break;
	case PAIR_SIDE: u = (enum truth)slot_truth_at(e, t->of[0], at[t->role[0]]); break;
	default: u = joined(e, t, at); break;
	}
	return t->negated ? (enum truth)(TRUTH_TRUE - u) : u;
}
