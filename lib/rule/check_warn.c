/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_warn.c - what is doubtful about a rule that is not wrong.
 *
 * Conditions joined by 且 or 或 are compared with each other (imply.h). What can never be
 * true, always is, or says nothing is told; lib/finding/witness.h tries it on a record.
 */
#include "lib/rule/check_rule.h"
#include "lib/rule/imply.h"

#include <string.h>

/* ---- contradictions ---- */

static void tell_pair(struct checker *c, const struct expr *a, const struct expr *b,
		      enum diag_code code)
{
	struct diag *d = diag_add(c->d, b->at, code);

	d->also = a->at;
	d->also_text = check_words(c, "与这一条合起来看", "together with this");
}

/* A count, a quantity or an amount is never below zero once refunds are taken off. */
static void tell_plain_bound(struct checker *c, const struct expr *e)
{
	struct bound b;

	if (!expr_bound(e, &b) || b.what->op != EXPR_AGG ||
	    (b.what->agg != AGG_COUNT && b.what->agg != AGG_DISTINCT))
		return;
	if ((b.op == EXPR_LT && rat_sign(b.limit) <= 0) ||
	    (b.op == EXPR_LE && rat_sign(b.limit) < 0))
		diag_add(c->d, e->at, DIAG_NEVER_TRUE);
	if ((b.op == EXPR_GE && rat_sign(b.limit) <= 0) ||
	    (b.op == EXPR_GT && rat_sign(b.limit) < 0))
		diag_add(c->d, e->at, DIAG_ALWAYS_TRUE);
}

/* 不为空 says more than it seems beside a test: without it what is missing could not be judged. */
static bool asks_if_known(const struct expr *e)
{
	while (e->op == EXPR_NOT)
		e = e->arg[0];
	return e->op == EXPR_NULL;
}

/* Two arms of one connective; the doubt is about the later unless the earlier is the weaker.
 * Of arms joined by 或 the one that implies the other adds nothing. */
static void tell_two(struct checker *c, enum expr_op op, const struct expr *a, const struct expr *b)
{
	bool both = op == EXPR_AND;

	if (expr_same(a, b))
		tell_pair(c, a, b, DIAG_REPEATED);
	else if (both && expr_excludes(a, b))
		tell_pair(c, a, b, DIAG_NEVER_TRUE);
	else if (!both && expr_exhausts(a, b))
		tell_pair(c, a, b, DIAG_ALWAYS_TRUE);
	else if (asks_if_known(a) || asks_if_known(b))
		return;
	else if (expr_implies(a, b))
		tell_pair(c, both ? a : b, both ? b : a, both ? DIAG_IMPLIED : DIAG_ADDS_NOTHING);
	else if (expr_implies(b, a))
		tell_pair(c, both ? b : a, both ? a : b, both ? DIAG_IMPLIED : DIAG_ADDS_NOTHING);
}

void check_condition_doubts(struct checker *c, const struct expr *e)
{
	if (e == NULL || e->type == TYPE_ERROR)
		return;
	for (uint32_t i = 0; (e->op == EXPR_AND || e->op == EXPR_OR) && i < e->n_arg; i++)
		for (uint32_t j = i + 1; j < e->n_arg && e->n_arg <= 64; j++)
			tell_two(c, e->op, e->arg[i], e->arg[j]);
	tell_plain_bound(c, e);
	for (uint32_t i = 0; i < e->n_arg; i++)
		if (e->arg[i]->type == TYPE_FLAG)
			check_condition_doubts(c, e->arg[i]);
}

/* ---- examples ---- */

/* Whether an example takes something back: a reversal link, a state, a negative quantity. */
static bool has_refund(const struct example *x)
{
	for (uint32_t t = 0; t < x->n_table; t++) {
		const struct example_table *e = &x->table[t];

		for (size_t i = 0; i < (size_t)e->n_row * e->n_col; i++) {
			const struct field_info *f = field_get(e->col[i % e->n_col]);

			if (e->cell[i].n == 0)
				continue;
			if (f->role == ROLE_LINK ||
			    (f->role == ROLE_STATE && !str_eq(e->cell[i], str_of(f->dflt))))
				return true;
			if ((f->type == TYPE_QTY || f->type == TYPE_MONEY) &&
			    e->cell[i].p[0] == '-')
				return true;
		}
	}
	return false;
}

static void example_doubts(struct rule_check *k)
{
	const struct rule *r = k->r;
	bool positive = false, negative = false, refund = false;
	const char *id = check_cstr(k->c, r->id);

	if (r->n_example == 0) {
		diag_add(k->c->d, r->at, DIAG_NO_EXAMPLE, id);
		return;
	}
	for (uint32_t i = 0; i < r->n_example; i++) {
		positive |= r->example[i].expect_hits > 0;
		negative |= r->example[i].expect_hits == 0;
		refund |= has_refund(&r->example[i]);
	}
	if (!positive)
		diag_add(k->c->d, r->at, DIAG_NO_POSITIVE, id);
	if (!negative)
		diag_add(k->c->d, r->at, DIAG_NO_NEGATIVE, id);
	if (!refund)
		diag_add(k->c->d, r->at, DIAG_NO_REFUND, id);
}

static void unused(struct rule_check *k)
{
	const struct rule *r = k->r;

	for (uint32_t i = 0; i < r->n_param; i++)
		if (!k->param_used[i])
			diag_add(k->c->d, r->param[i].at, DIAG_UNUSED_LET,
				 check_cstr(k->c, r->param[i].name));
	for (uint32_t i = 0; i < r->n_let; i++)
		if (!k->let_used[i])
			diag_add(k->c->d, r->let[i].at, DIAG_UNUSED_LET,
				 check_cstr(k->c, r->let[i].name));
}

void check_doubts(struct rule_check *k)
{
	const struct rule *r = k->r;

	check_condition_doubts(k->c, r->where);
	check_condition_doubts(k->c, r->when);
	example_doubts(k);
	unused(k);
	if (r->basis.n == 0)
		diag_add(k->c->d, r->at, DIAG_NO_BASIS, check_cstr(k->c, r->id));
	if (r->n_say == 0)
		diag_add(k->c->d, r->at, DIAG_NO_SAY, check_cstr(k->c, r->id));
}
