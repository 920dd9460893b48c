/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refcells.c - comparisons of an indicator with its peers.
 *
 * Every cell (the indicator's keys) has the value of its sure records, and takes part when that
 * is known and there is enough behind it. Peers agree in all keys but the subject and in what 同类
 * names; the cell is one of them. Too few peers: nothing can be said.
 */
#include "tests/reference/reference.h"

#include <string.h>

struct cell_value {
	struct value x, alike[4];
	bool counts;               /* known, and enough behind it */
};

static void fill_cell(struct scene *s, const struct rule *r, const struct ref_group *g,
		      struct cell_value *c)
{
	const struct row *row[REF_ROWS];
	struct value enough = value_int(TYPE_FLAG, 1);

	s->day = ref_anchor(s, g->row, g->n);
	ref_sure_rows(s, g, 0, g->n, row);
	if (s->n_group == 0)
		return;
	c->x = ref_value(s, r->indicator->value);
	if (r->indicator->enough != NULL)
		enough = ref_value(s, r->indicator->enough);
	c->counts = c->x.known && enough.known && enough.rat.num != 0;
	for (uint32_t i = 0; i < r->n_peer_key; i++) {
		c->alike[i] = ref_row_key(s, r->peer_key[i], g->row[0]);
		c->counts &= c->alike[i].known;
	}
}

static bool alike(const struct rule *r, const struct ref_group *a, const struct cell_value *x,
		  const struct ref_group *b, const struct cell_value *y)
{
	for (uint32_t i = 0; i < r->indicator->n_key; i++)
		if ((int32_t)i != r->subject_key && value_cmp(&a->key[i], &b->key[i]) != 0)
			return false;
	for (uint32_t i = 0; i < r->n_peer_key; i++)
		if (value_cmp(&x->alike[i], &y->alike[i]) != 0)
			return false;
	return true;
}

/* Of a quotient the records its numerator counts, else (or when it counts none) all. */
static void find_rows(struct scene *s, const struct rule *r, struct found *f)
{
	const struct expr *e = r->indicator->value;
	struct scene in = *s;


	if (e->op == EXPR_DIV)
		e = e->arg[0];
	for (uint32_t i = 0; i < s->n_group; i++) {
		in.role[0] = s->group[i];
		if (e->op != EXPR_AGG || e->cond == NULL || e == r->indicator->value ||
		    ref_truth(&in, e->cond) == TRUTH_TRUE)
			ref_found_row(s, f, s->group[i], "member");
	}
	for (uint32_t i = 0; i < s->n_group && f->n_record <= i; i++)
		ref_found_row(s, f, s->group[i], "member");
}

static void judge_cell(struct scene *s, const struct rule *r, struct ref_group *g,
		       const struct cell_value *c,
		       uint32_t n, uint32_t at, struct lines *out)
{
	const struct row *row[REF_ROWS];
	struct found f = { .n_key = 0 };

	s->n_peer = 0;
	for (uint32_t i = 0; i < n; i++)
		if (c[i].counts && alike(r, &g[at], &c[at], &g[i], &c[i]))
			s->peer[s->n_peer++] = c[i].x;
	if (s->n_peer < r->peers_min)
		return;
	s->indicator = c[at].x;
	s->key = g[at].key;
	s->n_key = r->indicator->n_key;
	s->day = ref_anchor(s, g[at].row, g[at].n);
	s->r = r;
	ref_sure_rows(s, &g[at], 0, g[at].n, row);
	if (!ref_rule_in_force(r, s->day))
		return;
	if (s->n_group == 0 || ref_truth(s, r->when) != TRUTH_TRUE)
		return;
	find_rows(s, r, &f);
	ref_give(s, &f, out);
	s->o->counting = false;
}

void reference_cells(const struct world *w, const struct ruleset *rs, const struct rule *r,
		     struct lines *out)
{
	const struct indicator *x = r->indicator;
	struct rule cells = { .form = FORM_GROUP, .n_role = 1, .scope = x->scope, .where = x->where,
			      .n_key = x->n_key, .key = x->key, .from = MISSING_I32, .until =
					      MISSING_I32 };
	struct oracle o = { .counting = false };
	struct arena a;
	struct scene s = { .w = w, .rs = rs, .r = &cells, .a = &a, .o = &o };
	struct ref_group *g;
	struct cell_value *c;
	uint32_t n;

	arena_init(&a);
	cells.stream[0] = x->stream;
	g = ref_groups(&s, &n);
	c = arena_array(&a, n + 1, sizeof *c);
	s.peer = arena_array(&a, n + 1, sizeof *s.peer);
	for (uint32_t i = 0; i < n; i++) {
		s.r = &cells;
		fill_cell(&s, r, &g[i], &c[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!c[i].counts)
			continue;
		s.r = &cells;
		judge_cell(&s, r, g, c, n, i, out);
	}
	arena_fini(&a);
}
