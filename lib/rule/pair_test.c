/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pair_test.c - the conditions of plan_pair.c for two records, from the vectors of their streams.
 *
 * Says what node_truth says of the same condition, without a frame.
 */
#include "lib/rule/form.h"

/* Where the values of a comparison lie, by role. */
static void find_columns(struct eval *e, const struct pair_test *t, struct pair_ready *out)
{
	for (unsigned i = 0; i < 2; i++)
		out->col[t->role[i]] = t->op == PAIR_CODES ? slot_column(e, t->of[i]->field)
							   : slot_number(e, t->of[i]);
}

static bool is_open(struct eval *e, const struct pair_test *t)
{
	for (uint32_t i = 0; i < t->n_arg; i++)
		if (is_open(e, &t->arg[i]))
			return true;
	for (unsigned i = 0; t->op == PAIR_NUMBERS && i < 2; i++) {
		slot_number(e, t->of[i]);
		if (e->slot[t->of[i]->id].open)
			return true;
	}
	return false;
}

bool pair_test_ready(struct eval *e, const struct pair_test *t, struct pair_ready *out)
{
	if (is_open(e, t))
		return false;
	out->test = t;
	if (t->op == PAIR_CODES || t->op == PAIR_NUMBERS)
		find_columns(e, t, out);
	return true;
}

static enum truth joined(struct eval *e, const struct pair_test *t, const uint32_t *at)
{
	bool all = t->op == PAIR_AND;
	enum truth sum = all ? TRUTH_TRUE : TRUTH_FALSE;

	for (uint32_t i = 0; i < t->n_arg; i++) {
		struct pair_ready r = { .test = &t->arg[i] };
		enum truth u;

		if (r.test->op == PAIR_CODES || r.test->op == PAIR_NUMBERS)
			find_columns(e, r.test, &r);
		u = pair_test_truth(e, &r, at[0], at[1]);
		sum = (all ? u < sum : u > sum) ? u : sum;
	}
	return sum;
}

enum truth pair_test_other(struct eval *e, const struct pair_test *t, const uint32_t *at)
{
	if (t->op == PAIR_SIDE)
		return (enum truth)slot_truth_at(e, t->of[0], at[t->role[0]]);
	return joined(e, t, at);
}
