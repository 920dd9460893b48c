/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_cell.c - what is summed up per cell: indicators, and rules about facilities and the like.
 *
 * A source lists every aggregate that any of its rules reads, so that one pass over a
 * person's records gives the person's contribution to all of them.
 */
#include "lib/rule/plan.h"

#include <string.h>

static bool is_person_or_visit(const struct node *n)
{
	const char *name;

	if (n->op == EXPR_BUCKET)
		return n->bucket == BUCKET_VISIT || n->bucket == BUCKET_STAY;
	if (n->op != EXPR_FIELD)
		return false;
	name = field_get(n->field)->name;
	return strcmp(name, "psn_no") == 0 || strcmp(name, "mdtrt_id") == 0;
}

static void add_aggregate(struct plan *p, struct cell_source *s, struct node *n)
{
	for (uint32_t i = 0; i < s->n_agg; i++)
		if (s->agg[i] == n)
			return;
	struct node **agg = arena_array(&p->arena, s->n_agg + 1, sizeof *agg);
	bool *counted = arena_array(&p->arena, s->n_agg + 1, sizeof *counted);

	if (s->n_agg) {
		memcpy(agg, s->agg, s->n_agg * sizeof *agg);
		memcpy(counted, s->counted, s->n_agg * sizeof *counted);
	}
	agg[s->n_agg] = n;
	counted[s->n_agg] = n->agg == AGG_DISTINCT && is_person_or_visit(n->arg[0]);
	s->agg = agg;
	s->counted = counted;
	s->n_agg++;
}

static void add_aggregates(struct plan *p, struct cell_source *s, struct node *n)
{
	if (!n)
		return;
	if (n->op == EXPR_AGG) {
		add_aggregate(p, s, n);
		return;
	}
	for (uint32_t i = 0; i < n->n_arg; i++)
		add_aggregates(p, s, n->arg[i]);
}

/* Conditions of the numerator's aggregates; one without a condition means that all records bear. */
static bool take_conditions(struct plan *p, struct cell_source *s, const struct node *n)
{
	if (n->op == EXPR_AGG) {
		struct node **bear = arena_array(&p->arena, s->n_bear + 1, sizeof *bear);

		if (!n->cond)
			return false;
		if (s->n_bear)
			memcpy(bear, s->bear, s->n_bear * sizeof *bear);
		bear[s->n_bear++] = n->cond;
		s->bear = bear;
		return true;
	}
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (!take_conditions(p, s, n->arg[i]))
			return false;
	return true;
}

static void take_bearers(struct plan *p, struct cell_source *s)
{
	if (!s->value || s->value->op != EXPR_DIV)
		return;
	if (!take_conditions(p, s, s->value->arg[0]))
		s->n_bear = 0;
}

static struct node *cell_node(struct plan *p, struct cell_source *s, const struct expr *e,
			      const struct rule *r)
{
	struct scope sc = { .rule = r, .stream = { s->side.stream, s->side.stream },
			    .key = s->key, .n_key = s->n_key, .cell = true };
	struct node *n = e ? plan_node(p, e, &sc) : NULL;

	add_aggregates(p, s, n);
	return n;
}

static void cell_values(struct plan *p, struct cell_source *s, struct rule_plan *rp)
{
	const struct rule *r = rp->rule;

	rp->when = cell_node(p, s, r->when, r);
	rp->amount = cell_node(p, s, r->amount, r);
	rp->observed = cell_node(p, s, r->observed, r);
	rp->limit = cell_node(p, s, r->limit, r);
	rp->say = arena_array(&p->arena, r->n_say, sizeof *rp->say);
	rp->n_say = 0;
	for (uint32_t i = 0; i < r->n_say; i++)
		if (r->say[i].expr)
			rp->say[rp->n_say++] = cell_node(p, s, r->say[i].expr, r);
	rp->subject_key = r->subject_key >= 0 ? (uint32_t)r->subject_key : 0;
}

static uint32_t add_peer(struct plan *p, struct cell_source *s, const struct expr *e)
{
	struct scope flat = { .flat = true, .stream = { s->side.stream, s->side.stream } };
	struct node *n = plan_node(p, e, &flat);
	struct node **peer;

	for (uint32_t i = 0; i < s->n_peer; i++)
		if (s->peer[i] == n)
			return i;
	peer = arena_array(&p->arena, s->n_peer + 1, sizeof *peer);
	if (s->n_peer)
		memcpy(peer, s->peer, s->n_peer * sizeof *peer);
	peer[s->n_peer] = n;
	s->peer = peer;
	return s->n_peer++;
}

static void source_keys(struct plan *p, struct cell_source *s, struct expr **key, uint32_t n)
{
	struct scope flat = { .flat = true, .stream = { s->side.stream, s->side.stream } };

	s->n_key = n;
	s->key = arena_array(&p->arena, n, sizeof *s->key);
	for (uint32_t i = 0; i < n; i++)
		s->key[i] = plan_node(p, key[i], &flat);
	s->side.keys = plan_keyset(p, s->side.stream, s->key, n);
}

static void source_of_indicator(struct plan *p, struct cell_source *s, const struct indicator *x)
{
	struct scope flat = { .flat = true, .stream = { x->stream, x->stream } };

	s->indicator = x;
	s->scope = x->scope;
	plan_side(p, &s->side, x->stream);
	if (x->where) {
		s->side.conj = arena_array(&p->arena, 1, sizeof *s->side.conj);
		s->side.conj[s->side.n_conj++] = plan_node(p, x->where, &flat);
	}
	source_keys(p, s, x->key, x->n_key);
	s->value = cell_node(p, s, x->value, NULL);
	s->enough = cell_node(p, s, x->enough, NULL);
	take_bearers(p, s);
}

static struct cell_source *indicator_source(struct plan *p, const struct indicator *x)
{
	for (uint32_t i = 0; i < p->n_source; i++)
		if (p->source[i].indicator == x)
			return &p->source[i];
	source_of_indicator(p, &p->source[p->n_source], x);
	return &p->source[p->n_source++];
}

static void plan_compare(struct plan *p, struct rule_plan *rp)
{
	const struct rule *r = rp->rule;
	struct cell_source *s = indicator_source(p, r->indicator);

	rp->source = (uint32_t)(s - p->source);
	rp->peer = arena_array(&p->arena, r->n_peer_key, sizeof *rp->peer);
	for (uint32_t i = 0; i < r->n_peer_key; i++)
		rp->peer[i] = add_peer(p, s, r->peer_key[i]);
	cell_values(p, s, rp);
}

static void plan_cell_rule(struct plan *p, struct rule_plan *rp)
{
	struct cell_source *s = &p->source[p->n_source];

	rp->source = p->n_source++;
	s->rule = rp;
	s->scope = rp->rule->scope;
	s->side = rp->side[0];
	source_keys(p, s, rp->rule->key, rp->rule->n_key);
	cell_values(p, s, rp);
}

static bool takes_same(const struct cell_source *a, const struct cell_source *b)
{
	return a->side.stream == b->side.stream && a->side.keys == b->side.keys &&
	       a->scope == b->scope && a->side.from == b->side.from &&
	       a->side.until == b->side.until && a->side.n_conj == b->side.n_conj &&
	       (!a->side.n_conj || !memcmp(a->side.conj, b->side.conj,
					   a->side.n_conj * sizeof *a->side.conj));
}

static void find_like(struct plan *p)
{
	for (uint32_t i = 0; i < p->n_source; i++) {
		struct cell_source *s = &p->source[i];

		while (!takes_same(&p->source[s->like], s))
			s->like++;
		if (s->like != i)
			s->shared = p->source[s->like].shared = true;
	}
}

void plan_cells(struct plan *p)
{
	p->source = arena_array(&p->arena, p->n_rule, sizeof *p->source);
	for (uint32_t i = 0; i < p->n_rule; i++) {
		struct rule_plan *rp = p->rule[i];

		if (rp->rule->form == FORM_COMPARE)
			plan_compare(p, rp);
		else if (!rp->rule->person_local)
			plan_cell_rule(p, rp);
	}
	find_like(p);
}
