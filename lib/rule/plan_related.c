/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_related.c - 关联 laid out: the keys on both sides, the fields to gather.
 */
#include "lib/rule/plan.h"

static struct keyset *keys_of(struct plan *p, struct expr *const *key, uint32_t n, enum stream s)
{
	struct scope flat = { .flat = true };
	struct node **v = arena_array(&p->arena, n + 1, sizeof *v);

	for (unsigned i = 0; i < RULE_ROLES; i++)
		flat.stream[i] = s;
	for (uint32_t i = 0; i < n; i++)
		v[i] = plan_node(p, key[i], &flat);
	return plan_keyset(p, s, v, n);
}

void plan_related(struct plan *p, struct rule_plan *rp)
{
	const struct rule *r = rp->rule;

	rp->n_related = r->n_related;
	rp->related = arena_array(&p->arena, r->n_related, sizeof *rp->related);
	for (uint32_t i = 0; i < r->n_related; i++) {
		const struct related *x = &r->related[i];
		struct related_plan *k = &rp->related[i];

		plan_side(p, &k->side, x->stream);
		k->mine = keys_of(p, x->key, x->n_key, r->stream[r->n_role > 1]);
		k->theirs = keys_of(p, x->twin, x->n_key, x->stream);
		k->window = x->window;
	}
}

bool plan_reads_only(const struct expr *e, unsigned role)
{
	if ((e->op == EXPR_FIELD || e->op == EXPR_BUCKET) && e->role != role)
		return false;
	if (e->op == EXPR_LET || e->op == EXPR_KEY || e->op == EXPR_ROWCOL)
		return false;
	for (uint32_t i = 0; i < e->n_arg; i++)
		if (!plan_reads_only(e->arg[i], role))
			return false;
	return true;
}
