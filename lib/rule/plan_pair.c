/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_pair.c - conditions over both records of a pair that need no frame.
 *
 * Two codes that are equal or not, the difference of two numbers or times against a constant, a
 * test of one side, and these joined: all read from vectors. The rest is tried in a frame.
 */
#include "lib/rule/plan.h"

struct laying {
	struct plan *p;
	const struct scope *sc;  /* of the rule's two roles */
	struct scope flat;
};

static const struct expr *meant(const struct laying *l, const struct expr *e)
{
	while (e->op == EXPR_LET)
		e = l->sc->rule->let[e->index].expr;
	return e;
}

/* The record an expression is about, as role; false when it is about none or both. */
static bool one_role(const struct laying *l, const struct expr *e, uint8_t *role)
{
	const struct node *n = plan_node(l->p, e, l->sc);

	if (n->group || n->dated || (n->roles != 1 && n->roles != 2))
		return false;
	*role = n->roles == 2;
	return true;
}

/* Both sides of a comparison, or of a difference, as nodes of one record each. */
static bool take_both(const struct laying *l, const struct expr *a, const struct expr *b,
		      struct pair_test *t)
{
	if (!one_role(l, a, &t->role[0]) || !one_role(l, b, &t->role[1]) ||
	    t->role[0] == t->role[1])
		return false;
	t->of[0] = plan_node(l->p, a, &l->flat);
	t->of[1] = plan_node(l->p, b, &l->flat);
	return true;
}

static bool is_code(const struct node *n)
{
	return n->op == EXPR_FIELD && type_is_text(n->type);
}

static bool are_numbers(const struct pair_test *t)
{
	return t->of[0]->way >= WAY_COLUMN && t->of[1]->way >= WAY_COLUMN &&
	       t->of[0]->type == t->of[1]->type && t->of[0]->scale == t->of[1]->scale;
}

/* a - b against a constant: dates differ by seconds, and are kept as days. */
static bool take_difference(const struct laying *l, const struct expr *minus,
			    const struct expr *c, enum expr_op op, struct pair_test *t)
{
	const struct node *limit = plan_node(l->p, c, l->sc);
	struct rat by = limit->rat;
	enum type type;

	minus = meant(l, minus);
	if (minus->op != EXPR_SUB || limit->op != EXPR_CONST ||
	    !take_both(l, minus->arg[0], minus->arg[1], t) || !are_numbers(t))
		return false;
	type = t->of[0]->type;
	if (minus->type == TYPE_DURATION && limit->type == TYPE_DURATION) {
		if (type == TYPE_DATE && !rat_div(&by, by, rat_int(SECS_PER_DAY)))
			return false;
		if (type != TYPE_DATE && type != TYPE_TIME)
			return false;
	} else if (minus->type != type || limit->type != type || type == TYPE_DATE ||
		   type == TYPE_TIME) {
		return false;
	}
	t->op = PAIR_NUMBERS;
	return plan_range(&t->range, by, t->of[0]->scale, op);
}

static bool take_compare(const struct laying *l, const struct expr *e, struct pair_test *t)
{
	if (take_difference(l, e->arg[0], e->arg[1], e->op, t) ||
	    take_difference(l, e->arg[1], e->arg[0], plan_mirrored(e->op), t))
		return true;
	if (!take_both(l, e->arg[0], e->arg[1], t))
		return false;
	if (is_code(t->of[0]) && is_code(t->of[1]) && (e->op == EXPR_EQ || e->op == EXPR_NE)) {
		t->op = PAIR_CODES;
		t->negated = e->op == EXPR_NE;
		return true;
	}
	t->op = PAIR_NUMBERS;
	return are_numbers(t) && plan_range(&t->range, rat_int(0), t->of[0]->scale, e->op);
}

static bool take_test(const struct laying *l, const struct expr *e, struct pair_test *t);

static bool take_args(const struct laying *l, const struct expr *e, struct pair_test *t)
{
	t->op = e->op == EXPR_AND ? PAIR_AND : PAIR_OR;
	t->n_arg = e->n_arg;
	t->arg = arena_array(&l->p->arena, e->n_arg, sizeof *t->arg);
	for (uint32_t i = 0; i < e->n_arg; i++)
		if (!take_test(l, e->arg[i], &t->arg[i]))
			return false;
	return true;
}

static bool take_test(const struct laying *l, const struct expr *e, struct pair_test *t)
{
	bool fits;

	*t = (struct pair_test){ .op = PAIR_SIDE };
	e = meant(l, e);
	if (e->op == EXPR_NOT) {
		fits = take_test(l, e->arg[0], t);
		t->negated = !t->negated;
		return fits;
	}
	if (one_role(l, e, &t->role[0])) {
		t->of[0] = plan_node(l->p, e, &l->flat);
		return t->of[0]->way != WAY_NONE && t->of[0]->stream != STREAM_COUNT;
	}
	if (e->op == EXPR_AND || e->op == EXPR_OR)
		return take_args(l, e, t);
	return e->op >= EXPR_EQ && e->op <= EXPR_GE && take_compare(l, e, t);
}

struct pair_test *plan_pair_test(struct plan *p, const struct expr *e, const struct scope *sc)
{
	struct laying l = { .p = p, .sc = sc, .flat = *sc };
	struct pair_test t;

	l.flat.flat = true;
	return take_test(&l, e, &t) ? arena_dup(&p->arena, &t, sizeof t) : NULL;
}
