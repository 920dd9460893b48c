/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_cell.c - what is summed up per cell: indicators, and rules about facilities and the like.
 *
 * A source lists every aggregate that any of its rules reads, so that one pass over a
 * person's records gives the person's contribution to all of them, and a cell has room for all.
 * What takes the same records by the same keys is one source, whatever it measures of them.
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

/* One more at the end of a list in the arena. */
static struct node **node_list(struct plan *p, struct node **list, uint32_t n, struct node *more)
{
	struct node **out = arena_array(&p->arena, n + 1, sizeof *out);

	if (n)
		memcpy(out, list, n * sizeof *out);
	out[n] = more;
	return out;
}

static uint32_t find_node(struct node *const *list, uint32_t n, const struct node *of)
{
	uint32_t i = 0;

	while (i < n && list[i] != of)
		i++;
	return i;
}

static uint32_t add_aggregate(struct plan *p, struct cell_source *s, struct node *n)
{
	uint32_t at = find_node(s->agg, s->n_agg, n);
	bool *counted;

	if (at < s->n_agg)
		return at;
	counted = arena_array(&p->arena, s->n_agg + 1, sizeof *counted);
	if (s->n_agg)
		memcpy(counted, s->counted, s->n_agg * sizeof *counted);
	counted[s->n_agg] = n->agg == AGG_DISTINCT && is_person_or_visit(n->arg[0]);
	s->counted = counted;
	s->agg = node_list(p, s->agg, s->n_agg, n);
	return s->n_agg++;
}

static void read_aggregate(struct plan *p, struct measure *m, struct node *n)
{
	uint32_t *place;

	if (find_node(m->agg, m->n_agg, n) < m->n_agg)
		return;
	place = arena_array(&p->arena, m->n_agg + 1, sizeof *place);
	if (m->n_agg)
		memcpy(place, m->place, m->n_agg * sizeof *place);
	place[m->n_agg] = add_aggregate(p, &p->source[m->source], n);
	m->place = place;
	m->agg = node_list(p, m->agg, m->n_agg, n);
	m->n_agg++;
}

static void read_aggregates(struct plan *p, struct measure *m, struct node *n)
{
	if (!n)
		return;
	if (n->op == EXPR_AGG) {
		read_aggregate(p, m, n);
		return;
	}
	for (uint32_t i = 0; i < n->n_arg; i++)
		read_aggregates(p, m, n->arg[i]);
}

/* Conditions of the numerator's aggregates; one without a condition means that all records bear. */
static bool take_conditions(struct plan *p, struct measure *m, const struct node *n)
{
	if (n->op == EXPR_AGG) {
		if (!n->cond)
			return false;
		m->bear = node_list(p, m->bear, m->n_bear, n->cond);
		m->n_bear++;
		return true;
	}
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (!take_conditions(p, m, n->arg[i]))
			return false;
	return true;
}

static void take_bearers(struct plan *p, struct measure *m)
{
	struct cell_source *s = &p->source[m->source];

	if (!m->value || m->value->op != EXPR_DIV)
		return;
	if (!take_conditions(p, m, m->value->arg[0]))
		m->n_bear = 0;
	for (uint32_t i = 0; i < m->n_bear; i++) {
		if (find_node(s->bear, s->n_bear, m->bear[i]) < s->n_bear)
			continue;
		s->bear = node_list(p, s->bear, s->n_bear, m->bear[i]);
		s->n_bear++;
	}
}

static struct node *cell_node(struct plan *p, struct measure *m, const struct expr *e,
			      const struct rule *r)
{
	const struct cell_source *s = &p->source[m->source];
	struct scope sc = { .rule = r, .stream = { s->side.stream, s->side.stream },
			    .key = s->key, .n_key = s->n_key, .cell = true };
	struct node *n = e ? plan_node(p, e, &sc) : NULL;

	read_aggregates(p, m, n);
	return n;
}

static void cell_values(struct plan *p, struct rule_plan *rp)
{
	const struct rule *r = rp->rule;
	struct measure *m = rp->measure;

	rp->source = m->source;
	rp->when = cell_node(p, m, r->when, r);
	rp->amount = cell_node(p, m, r->amount, r);
	rp->observed = cell_node(p, m, r->observed, r);
	rp->limit = cell_node(p, m, r->limit, r);
	rp->say = arena_array(&p->arena, r->n_say, sizeof *rp->say);
	rp->n_say = 0;
	for (uint32_t i = 0; i < r->n_say; i++)
		if (r->say[i].expr)
			rp->say[rp->n_say++] = cell_node(p, m, r->say[i].expr, r);
	rp->subject_key = r->subject_key >= 0 ? (uint32_t)r->subject_key : 0;
}

static uint32_t add_peer(struct plan *p, struct cell_source *s, const struct expr *e)
{
	struct scope flat = { .flat = true, .stream = { s->side.stream, s->side.stream } };
	struct node *n = plan_node(p, e, &flat);
	uint32_t at = find_node(s->peer, s->n_peer, n);

	if (at < s->n_peer)
		return at;
	s->peer = node_list(p, s->peer, s->n_peer, n);
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

static bool takes_same(const struct cell_source *a, const struct cell_source *b)
{
	return a->side.stream == b->side.stream && a->side.keys == b->side.keys &&
	       a->scope == b->scope && a->side.from == b->side.from &&
	       a->side.until == b->side.until && a->side.n_conj == b->side.n_conj &&
	       (!a->side.n_conj || !memcmp(a->side.conj, b->side.conj,
					   a->side.n_conj * sizeof *a->side.conj));
}

/* The last source, unless an earlier one takes the same. */
static struct measure *measure_new(struct plan *p)
{
	struct measure *m = arena_new(&p->arena, struct measure);
	struct cell_source *s = &p->source[p->n_source];

	while (!takes_same(&p->source[m->source], s))
		m->source++;
	if (m->source == p->n_source)
		p->n_source++;
	else
		s->side.keys->n_user--;
	return m;
}

static struct measure *measure_of_indicator(struct plan *p, const struct indicator *x)
{
	struct scope flat = { .flat = true, .stream = { x->stream, x->stream } };
	struct cell_source *s = &p->source[p->n_source];
	struct measure *m;

	*s = (struct cell_source){ .scope = x->scope };
	plan_side(p, &s->side, x->stream);
	if (x->where) {
		s->side.conj = arena_array(&p->arena, 1, sizeof *s->side.conj);
		s->side.conj[s->side.n_conj++] = plan_node(p, x->where, &flat);
	}
	source_keys(p, s, x->key, x->n_key);
	m = measure_new(p);
	m->indicator = x;
	m->value = cell_node(p, m, x->value, NULL);
	m->enough = cell_node(p, m, x->enough, NULL);
	take_bearers(p, m);
	return m;
}

static struct measure *indicator_measure(struct plan *p, const struct indicator *x)
{
	for (uint32_t i = 0; i < p->n_rule; i++)
		if (p->rule[i]->measure && p->rule[i]->measure->indicator == x)
			return p->rule[i]->measure;
	return measure_of_indicator(p, x);
}

static void plan_compare(struct plan *p, struct rule_plan *rp)
{
	const struct rule *r = rp->rule;

	rp->measure = indicator_measure(p, r->indicator);
	rp->peer = arena_array(&p->arena, r->n_peer_key, sizeof *rp->peer);
	for (uint32_t i = 0; i < r->n_peer_key; i++)
		rp->peer[i] = add_peer(p, &p->source[rp->measure->source], r->peer_key[i]);
	cell_values(p, rp);
}

static void plan_cell_rule(struct plan *p, struct rule_plan *rp)
{
	struct cell_source *s = &p->source[p->n_source];

	*s = (struct cell_source){ .scope = rp->rule->scope, .side = rp->side[0] };
	source_keys(p, s, rp->rule->key, rp->rule->n_key);
	rp->measure = measure_new(p);
	cell_values(p, rp);
}

void plan_cells(struct plan *p)
{
	p->source = arena_array(&p->arena, p->n_rule + (size_t)1, sizeof *p->source);
	for (uint32_t i = 0; i < p->n_rule; i++) {
		struct rule_plan *rp = p->rule[i];

		if (rp->rule->form == FORM_COMPARE)
			plan_compare(p, rp);
		else if (!rp->rule->person_local)
			plan_cell_rule(p, rp);
	}
}
