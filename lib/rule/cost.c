/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cost.c - the rule planned alone, its nodes and its form priced.
 */
#include "lib/rule/cost.h"

#include "lib/rule/plan.h"

/* Nanoseconds per record. */
enum {
	BY_VECTOR = 1, BY_CODE = 2, BY_ROW = 90, /* a condition, by how it is computed */
	KEY = 6, SORT = 30,                      /* a key hashed; a record brought to its group */
	PAIRING = 120,                           /* a second record held against first ones */
	JOIN = 20,                               /* a record against a table */
	SUMMED = 12,                             /* a record added to an aggregate */
	KIN = 150,                               /* related records of one record found */
	CELL = 60,                               /* a record brought to its cell */
};

static uint64_t of_row(const struct node *n)
{
	switch (n->way) {
	case WAY_ROW: case WAY_NONE: return BY_ROW;
	case WAY_DICT: case WAY_CODES: case WAY_LOOKUP: return BY_CODE;
	case WAY_CONST: return 0;
	default: break;
	}
	uint64_t sum = BY_VECTOR;

	for (uint32_t i = 0; i < n->n_arg; i++)
		if (n->arg[i]->op != EXPR_CONST && n->arg[i]->op != EXPR_FIELD)
			sum += of_row(n->arg[i]);
	return sum;
}

/* Aggregates and what is computed of them, per record. */
static uint64_t of_group(const struct node *n)
{
	uint64_t sum = 0;

	if (!n)
		return 0;
	if (n->op == EXPR_AGG)
		return SUMMED + (n->cond ? of_row(n->cond) : 0) +
		       (n->role >= ROLE_RELATED ? SUMMED : 0);
	for (uint32_t i = 0; i < n->n_arg; i++)
		sum += of_group(n->arg[i]);
	return sum;
}

static uint64_t of_side(const struct side *s)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n_conj; i++)
		sum += of_row(s->conj[i]);
	if (s->keys)
		sum += (uint64_t)KEY * s->keys->n + (s->keys->n ? SORT : 0);
	return sum + (s->join.field ? JOIN : 0);
}

static uint64_t of_source(const struct cell_source *s)
{
	uint64_t sum = of_side(&s->side) + CELL;

	for (uint32_t i = 0; i < s->n_agg; i++)
		sum += of_group(s->agg[i]);
	return sum;
}

static uint64_t of_rule(const struct plan *p, const struct rule_plan *rp)
{
	bool group = rp->rule->form == FORM_GROUP;
	uint64_t sum = 0;

	if (rp->source != NO_INDEX)
		return of_source(&p->source[rp->source]);
	for (uint32_t i = 0; i < rp->n_side; i++)
		sum += of_side(&rp->side[i]);
	sum += (uint64_t)BY_ROW * rp->n_rest + (uint64_t)KIN * rp->n_related;
	sum += rp->n_side > 1 ? PAIRING : 0;
	sum += of_group(rp->when);
	return sum + (rp->when && !group ? BY_ROW : 0);
}

uint64_t rule_cost(const struct ruleset *rs, const struct rule *r)
{
	struct ruleset one = *rs;
	struct rule on = *r;
	struct plan *p;
	uint64_t sum;

	on.state = STATE_ON;
	one.rule = &on;
	one.n_rule = 1;
	p = plan_new(&one);
	sum = of_rule(p, p->rule[0]);
	plan_free(p);
	return sum;
}
