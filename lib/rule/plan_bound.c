/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_bound.c - what a trigger's sum must come to at least, whatever the group.
 *
 * The other side of the comparison may be computed: of tables the least number counts, of 首个有值
 * the least of its parts, and of a group there is always one record. It must be known for sure, or
 * the trigger could be unknown instead of false.
 */
#include "lib/rule/plan.h"

/* No number is below this. */
struct least {
	bool known;              /* and there is always a number */
	bool any;                /* there is a bound, not below zero */
	struct rat v;
};

static struct least least_of(const struct node *n);

static struct least least_aggregate(const struct node *n)
{
	bool some = !n->cond && n->role == 0;

	if (n->agg == AGG_COUNT)
		return (struct least){ some, true, rat_int(some) };
	if (n->agg == AGG_DISTINCT)
		return (struct least){ false, true, rat_int(some) };
	return (struct least){ .any = false };
}

static struct least least_lookup(const struct node *n)
{
	struct least out = { .any = false };

	for (uint32_t i = 0; n->number && i < n->table->n_row; i++) {
		if (!n->number[i].den)
			continue;
		if (!out.any || num_cmp(n->number[i], out.v) < 0)
			out.v = n->number[i];
		out.any = true;
	}
	out.any = out.any && rat_sign(out.v) >= 0;
	return out;
}

static struct least least_first(const struct node *n)
{
	struct least out = least_of(n->arg[0]);

	for (uint32_t i = 1; i < n->n_arg && out.any; i++) {
		struct least x = least_of(n->arg[i]);

		out.any = x.any;
		out.known |= x.known;
		if (x.any && num_cmp(x.v, out.v) < 0)
			out.v = x.v;
	}
	return out;
}

static struct least least_product(const struct node *n)
{
	struct least a = least_of(n->arg[0]), b = least_of(n->arg[1]);

	a.known &= b.known;
	a.any = a.any && b.any && rat_mul(&a.v, a.v, b.v);
	return a;
}

static struct least least_of(const struct node *n)
{
	switch (n->op) {
	case EXPR_CONST: return (struct least){ true, rat_sign(n->rat) >= 0, n->rat };
	case EXPR_AGG: return least_aggregate(n);
	case EXPR_LOOKUP: return least_lookup(n);
	case EXPR_MUL: return least_product(n);
	case EXPR_CALL:
		return n->func == FUNC_COALESCE ? least_first(n) : (struct least){ .any = false };
	default: return (struct least){ .any = false };
	}
}

static bool is_number(enum type t)
{
	return t == TYPE_MONEY || t == TYPE_QTY || t == TYPE_COUNT || t == TYPE_RATIO;
}

static bool like(const struct node *a, const struct node *c)
{
	return (is_number(a->type) && is_number(c->type)) ||
	       (a->type == TYPE_DURATION && c->type == TYPE_DURATION);
}

/* agg > c, or agg >= c. */
static struct bound bound_of(const struct node *agg, const struct node *c, enum expr_op op)
{
	struct least least = least_of(c);
	struct range r;

	if (agg->op != EXPR_AGG || agg->agg != AGG_SUM || agg->cond || agg->role != 0 ||
	    !takes_vector(agg) || !like(agg->arg[0], c) || !least.any || !least.known ||
	    !plan_range(&r, least.v, agg->arg[0]->scale, op))
		return (struct bound){ NULL, 0 };
	return (struct bound){ agg->arg[0], r.lo };
}

struct bound plan_bound(const struct node *when)
{
	struct bound b = { NULL, 0 };

	switch (when->op) {
	case EXPR_AND:
		for (uint32_t i = 0; i < when->n_arg && !b.of; i++)
			b = plan_bound(when->arg[i]);
		return b;
	case EXPR_GT: case EXPR_GE:
		return bound_of(when->arg[0], when->arg[1], when->op);
	case EXPR_LT: case EXPR_LE:
		return bound_of(when->arg[1], when->arg[0], plan_mirrored(when->op));
	default:
		return b;
	}
}
