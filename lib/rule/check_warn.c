/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_warn.c - what is doubtful about a rule that is not wrong.
 *
 * Conditions joined by 且 are compared with each other: an interval per number, a set of
 * codes per coded field. What can never be true, or says nothing, is told.
 */
#include "lib/rule/check_rule.h"

#include <string.h>

/* ---- contradictions ---- */

static bool same_expr(const struct expr *a, const struct expr *b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, 0);
	buf_init(&y, 0);
	expr_canon(a, &x);
	expr_canon(b, &y);
	same = str_eq(buf_str(&x), buf_str(&y));
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

/* A comparison of something with a constant number, turned so that the constant is right. */
struct bound {
	const struct expr *what;
	enum expr_op op;
	struct rat limit;
};

static bool read_bound(const struct expr *e, struct bound *b)
{
	static const enum expr_op turned[] = {
		[EXPR_EQ] = EXPR_EQ, [EXPR_NE] = EXPR_NE, [EXPR_LT] = EXPR_GT, [EXPR_LE] = EXPR_GE,
		[EXPR_GT] = EXPR_LT, [EXPR_GE] = EXPR_LE,
	};

	if (e->op < EXPR_EQ || e->op > EXPR_GE || e->op == EXPR_NE ||
	    check_is_text(e->arg[0]->type))
		return false;
	if (e->arg[1]->op == EXPR_CONST) {
		*b = (struct bound){ e->arg[0], e->op, e->arg[1]->rat };
		return true;
	}
	*b = (struct bound){ e->arg[1], turned[e->op], e->arg[0]->rat };
	return e->arg[0]->op == EXPR_CONST;
}

/* Whether no number can be on both sides. */
static bool disjoint(const struct bound *a, const struct bound *b)
{
	bool a_low = a->op == EXPR_GT || a->op == EXPR_GE || a->op == EXPR_EQ;
	bool a_high = a->op == EXPR_LT || a->op == EXPR_LE || a->op == EXPR_EQ;
	bool b_low = b->op == EXPR_GT || b->op == EXPR_GE || b->op == EXPR_EQ;
	bool b_high = b->op == EXPR_LT || b->op == EXPR_LE || b->op == EXPR_EQ;
	bool strict = a->op == EXPR_GT || a->op == EXPR_LT || b->op == EXPR_GT || b->op == EXPR_LT;
	int cmp = rat_cmp(a->limit, b->limit, NULL);

	if (a_low && b_high && (cmp > 0 || (cmp == 0 && strict)))
		return true;
	return a_high && b_low && (cmp < 0 || (cmp == 0 && strict));
}

static bool is_choice(const struct expr *e)
{
	return (e->op == EXPR_EQ || e->op == EXPR_IN) && check_is_text(e->arg[0]->type) &&
	       e->arg[1]->op == EXPR_CONST;
}

static bool no_common_value(const struct expr *a, const struct expr *b)
{
	for (uint32_t i = 1; i < a->n_arg; i++)
		for (uint32_t j = 1; j < b->n_arg; j++)
			if (str_eq(a->arg[i]->text, b->arg[j]->text))
				return false;
	return true;
}

/* x 是 a 且 x 不是 a */
static bool denied(const struct expr *a, const struct expr *b)
{
	return a->op == EXPR_EQ && b->op == EXPR_NE && same_expr(a->arg[0], b->arg[0]) &&
	       same_expr(a->arg[1], b->arg[1]);
}

/* Whether bound `a` lies within bound `b`, both on the same side. */
static bool within(const struct bound *a, const struct bound *b)
{
	bool low = a->op == EXPR_GT || a->op == EXPR_GE;
	bool b_low = b->op == EXPR_GT || b->op == EXPR_GE;
	int cmp = rat_cmp(a->limit, b->limit, NULL);

	if (a->op == EXPR_EQ || b->op == EXPR_EQ || low != b_low)
		return false;
	return low ? cmp > 0 || (cmp == 0 && a->op == EXPR_GT)
		   : cmp < 0 || (cmp == 0 && a->op == EXPR_LT);
}

static bool implies(const struct expr *a, const struct expr *b)
{
	struct bound x, y;

	return read_bound(a, &x) && read_bound(b, &y) && same_expr(x.what, y.what) &&
	       within(&x, &y);
}

static bool contradict(const struct expr *a, const struct expr *b)
{
	struct bound x, y;

	if (denied(a, b) || denied(b, a))
		return true;
	if (b->op == EXPR_NOT && same_expr(a, b->arg[0]))
		return true;
	if (a->op == EXPR_NOT && same_expr(b, a->arg[0]))
		return true;
	if (is_choice(a) && is_choice(b))
		return same_expr(a->arg[0], b->arg[0]) && no_common_value(a, b);
	return read_bound(a, &x) && read_bound(b, &y) && same_expr(x.what, y.what) &&
	       disjoint(&x, &y);
}

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

	if (!read_bound(e, &b) || b.what->op != EXPR_AGG ||
	    (b.what->agg != AGG_COUNT && b.what->agg != AGG_DISTINCT))
		return;
	if ((b.op == EXPR_LT && rat_sign(b.limit) <= 0) ||
	    (b.op == EXPR_LE && rat_sign(b.limit) < 0))
		diag_add(c->d, e->at, DIAG_NEVER_TRUE);
	if ((b.op == EXPR_GE && rat_sign(b.limit) <= 0) ||
	    (b.op == EXPR_GT && rat_sign(b.limit) < 0))
		diag_add(c->d, e->at, DIAG_ALWAYS_TRUE);
}

/* Two arms of one connective; the doubt is about the later unless the earlier is the weaker. */
static void tell_two(struct checker *c, enum expr_op op, const struct expr *a, const struct expr *b)
{
	if (same_expr(a, b))
		tell_pair(c, a, b, DIAG_REPEATED);
	else if (op == EXPR_AND && contradict(a, b))
		tell_pair(c, a, b, DIAG_NEVER_TRUE);
	else if (op == EXPR_AND && implies(a, b))
		tell_pair(c, a, b, DIAG_IMPLIED);
	else if (op == EXPR_AND && implies(b, a))
		tell_pair(c, b, a, DIAG_IMPLIED);
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
