/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_trouble.c - why a value is not known although everything it is made of is: the result
 * does not fit, or the divisor is zero.
 *
 * Asked only of records that could not be judged and of amounts that are not known, by going
 * over the expression once more; so it costs nothing where all is well.
 */
#include "lib/rule/frame.h"

static bool is_arithmetic(const struct node *n)
{
	return n->op == EXPR_ADD || n->op == EXPR_SUB || n->op == EXPR_MUL || n->op == EXPR_DIV ||
	       n->op == EXPR_NEG;
}

bool trouble_computes(const struct node *n)
{
	if (is_arithmetic(n) || (n->op == EXPR_AGG && (n->agg == AGG_SUM || n->agg == AGG_MEAN ||
						       n->agg == AGG_RUNNING)))
		return true;
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (trouble_computes(n->arg[i]))
			return true;
	return n->cond && trouble_computes(n->cond);
}

static enum trouble of_arithmetic(struct frame *f, const struct node *n)
{
	struct value v, last = { .known = true };

	for (uint32_t i = 0; i < n->n_arg && last.known; i++)
		last = node_value(f, n->arg[i]);
	if (!last.known)
		return TROUBLE_NONE;
	v = node_value(f, n);
	if (v.known)
		return TROUBLE_NONE;
	return n->op == EXPR_DIV && rat_sign(last.rat) == 0 ? TROUBLE_ZERO : TROUBLE_WIDE;
}

/* Of a sum: a summand in trouble, or summands that are all known. */
static enum trouble of_aggregate(struct frame *f, const struct node *n)
{
	struct agg_walk w;
	struct frame inner;
	enum trouble t = TROUBLE_NONE;
	bool known = true, any = false;
	uint32_t row;

	if (!n->n_arg)
		return TROUBLE_NONE;
	agg_start(&w, f, n);
	while (t == TROUBLE_NONE && agg_next(&w, &row)) {
		agg_member(f, &inner, n, row);
		t = trouble_of(&inner, n->arg[0]);
		known &= node_value(&inner, n->arg[0]).known;
		any = true;
	}
	if (t != TROUBLE_NONE || !known || !any || node_value(f, n).known)
		return t;
	return TROUBLE_WIDE;
}

enum trouble trouble_of(struct frame *f, const struct node *n)
{
	enum trouble t = TROUBLE_NONE;

	if (!n || !trouble_computes(n))
		return t;
	if (n->op == EXPR_AGG)
		return of_aggregate(f, n);
	for (uint32_t i = 0; i < n->n_arg && t == TROUBLE_NONE; i++)
		t = trouble_of(f, n->arg[i]);
	return t == TROUBLE_NONE && is_arithmetic(n) ? of_arithmetic(f, n) : t;
}

/* Whether it is missing in all records. */
static bool is_void(struct eval *e, const struct node *n)
{
	if (n->op == EXPR_FIELD)
		return column_gaps(e, n->field) == GAPS_ALL;
	for (uint32_t i = 0; is_arithmetic(n) && i < n->n_arg; i++)
		if (is_void(e, n->arg[i]))
			return true;
	return false;
}

static bool can_fail(struct eval *e, const struct node *n)
{
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (can_fail(e, n->arg[i]))
			return true;
	return is_arithmetic(n) ? !is_void(e, n) : n->op == EXPR_AGG && trouble_computes(n);
}

bool trouble_possible(struct eval *e, const struct rule_plan *rp)
{
	const struct side *s = &rp->side[rp->n_side - 1];

	for (uint32_t i = 0; i < s->n_conj; i++)
		if (can_fail(e, s->conj[i]))
			return true;
	return rp->when && can_fail(e, rp->when);
}

void trouble_count(struct account *a, enum trouble t)
{
	a->too_wide += t == TROUBLE_WIDE;
	a->by_zero += t == TROUBLE_ZERO;
}

/* Conditions of one record. */
void trouble_of_row(struct eval *e, const struct rule_plan *rp, uint32_t row)
{
	const struct side *s = &rp->side[rp->n_side - 1];
	enum trouble t = TROUBLE_NONE;
	struct frame f;

	frame_row(&f, e, s->stream, row);
	for (uint32_t i = 0; i < s->n_conj && t == TROUBLE_NONE; i++)
		t = trouble_of(&f, s->conj[i]);
	if (t == TROUBLE_NONE && rp->rule->form == FORM_EACH && !rp->n_related && !rp->rule->table)
		t = trouble_of(&f, rp->when);
	trouble_count(&e->account[rp->index], t);
}
