/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/finding/witness.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/hash.h"
#include "lib/finding/example.h"

#define PARTS_MAX 64u

/* A rule as it is compared: its shape, and the parts of its condition, as canonical texts. */
struct face {
	uint32_t rule;
	uint64_t shape;
	uint32_t n_part;
	uint64_t part[PARTS_MAX]; /* sorted hashes */
	struct expr *expr[PARTS_MAX];
};

struct looking {
	const struct ruleset *rs;
	struct arena *a;
	struct plan *plan;       /* made when first needed */
	struct overlap *item;
	uint32_t n, cap;
};

/* ---- faces ---- */

static void add_canon(struct buf *b, const struct expr *e)
{
	if (e)
		expr_canon(e, b);
	buf_addc(b, '\x1f');
}

static void add_all(struct buf *b, struct expr *const *e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		add_canon(b, e[i]);
	buf_addc(b, '\x1e');
}

/* Everything but the condition. */
static uint64_t shape_of(const struct rule *r)
{
	struct buf b;
	uint64_t h;

	buf_init(&b, 0);
	buf_addf(&b, "%d %d %d %d %d %d %lld %d %u %d %lld %lld %d %d %p %p %d %lld\x1e", r->form,
		 r->n_role, r->stream[0], r->stream[1], r->scope, r->window.kind,
		 (long long)r->window.n, r->window.bucket, r->window.index, r->ordered,
		 (long long)r->gap_min, (long long)r->gap_max, r->gap_days, r->pick,
		 (const void *)r->table, (const void *)r->indicator, r->subject,
		 (long long)r->peers_min);
	buf_addf(&b, "%d %d\x1e", r->from, r->until);
	add_all(&b, r->key, r->n_key);
	add_all(&b, r->peer_key, r->n_peer_key);
	for (uint32_t i = 0; i < r->n_related; i++) {
		buf_addf(&b, "%d %d %lld ", r->related[i].stream, r->related[i].window.kind,
			 (long long)r->related[i].window.n);
		add_all(&b, r->related[i].key, r->related[i].n_key);
	}
	for (uint32_t i = 0; i < r->n_let; i++)
		add_canon(&b, r->let[i].expr);
	add_canon(&b, r->when);
	h = hash_str(buf_str(&b));
	buf_fini(&b);
	return h;
}

static void take_parts(struct face *f, struct expr *e)
{
	struct buf b;

	if (!e || f->n_part == PARTS_MAX)
		return;
	if (e->op == EXPR_AND) {
		for (uint32_t i = 0; i < e->n_arg; i++)
			take_parts(f, e->arg[i]);
		return;
	}
	buf_init(&b, 0);
	expr_canon(e, &b);
	f->expr[f->n_part] = e;
	f->part[f->n_part++] = hash_str(buf_str(&b));
	buf_fini(&b);
}

static bool has_part(const struct face *f, uint64_t part)
{
	bool found = false;

	for (uint32_t i = 0; i < f->n_part && !found; i++)
		found = f->part[i] == part;
	return found;
}

static bool covers(const struct face *more, const struct face *fewer)
{
	bool all = true;

	for (uint32_t i = 0; i < fewer->n_part && all; i++)
		all = has_part(more, fewer->part[i]);
	return all;
}

/* More records in a group make these triggers only truer; others say nothing about the part. */
static bool grows(const struct rule *r)
{
	const struct expr *w = r->when;

	if (r->form == FORM_EACH || r->form == FORM_PAIR)
		return !w;
	return r->form == FORM_GROUP && w && (w->op == EXPR_GT || w->op == EXPR_GE) &&
	       w->arg[0]->op == EXPR_AGG && w->arg[1]->op == EXPR_CONST &&
	       (w->arg[0]->agg == AGG_COUNT || w->arg[0]->agg == AGG_DISTINCT);
}

/* ---- a record made from conditions ---- */

static bool add_number(struct buf *b, const struct expr *e)
{
	const struct expr *limit = e->arg[1];
	int64_t step = e->op == EXPR_GT ? 1 : e->op == EXPR_LT ? -1 : 0;

	if (limit->op != EXPR_CONST || limit->rat.den != 1)
		return false;
	buf_addf(b, "%lld", (long long)((int64_t)limit->rat.num + step));
	return true;
}

/* A value of the field that makes the part true; false when the part is of another kind. */
static bool value_for(const struct expr *e, struct buf *b)
{
	if (e->n_arg < 2 || e->arg[0]->op != EXPR_FIELD || e->arg[1]->op != EXPR_CONST)
		return false;
	if (e->op == EXPR_IN || e->op == EXPR_BELONGS || e->op == EXPR_STARTS ||
	    (e->op == EXPR_EQ && e->arg[1]->text.n)) {
		buf_addstr(b, e->arg[1]->text);
		return e->arg[1]->text.n > 0;
	}
	return e->op >= EXPR_EQ && e->op <= EXPR_GE && e->op != EXPR_NE && add_number(b, e);
}

/* One record of the rule's stream. What it does not say takes its default. */
static bool make_example(struct arena *a, const struct rule *r, const struct face *f,
			 struct example *x, struct buf *told)
{
	struct example_table *t = arena_alloc(a, sizeof *t);
	struct buf b;

	*t = (struct example_table){ .stream = r->stream[0], .n_row = 1 };
	t->col = arena_array(a, PARTS_MAX, sizeof *t->col);
	t->cell = arena_array(a, PARTS_MAX, sizeof *t->cell);
	t->cell_at = arena_array(a, PARTS_MAX, sizeof *t->cell_at);
	buf_init(&b, 0);
	for (uint32_t i = 0; i < f->n_part; i++) {
		buf_reset(&b);
		if (!value_for(f->expr[i], &b))
			continue;
		t->col[t->n_col] = f->expr[i]->arg[0]->field;
		t->cell[t->n_col] = arena_str(a, buf_str(&b));
		buf_addf(told, "%s%s " STR_FMT, told->n ? ", " : "",
			 field_get(t->col[t->n_col])->title, STR_ARG(t->cell[t->n_col]));
		t->n_col++;
	}
	buf_fini(&b);
	*x = (struct example){ .n_table = 1, .table = t, .expect_hits = -1, .expect_unknown = -1 };
	return r->form == FORM_EACH && t->n_col > 0;
}

/* ---- proof ---- */

static bool fires(struct looking *l, uint32_t rule, const struct example *x, bool *fired,
		  struct err *e)
{
	struct example_result got;

	if (!l->plan)
		l->plan = plan_new(l->rs);
	if (!example_run(l->plan, rule, x, true, l->a, &got, e))
		return false;
	*fired = got.findings.n > 0;
	findings_fini(&got.findings);
	return true;
}

static bool both_fire(struct looking *l, const struct overlap *o, const struct example *x,
		      bool *fired, struct err *e)
{
	*fired = false;
	return fires(l, o->rule, x, fired, e) && (!*fired || fires(l, o->by, x, fired, e));
}

static bool by_examples(struct looking *l, struct overlap *o, uint32_t rule, struct err *e)
{
	const struct rule *r = &l->rs->rule[rule];
	bool fired = false;

	for (uint32_t i = 0; i < r->n_example && !fired; i++) {
		if (!both_fire(l, o, &r->example[i], &fired, e))
			return false;
		o->from = r;
		o->witness = arena_printf(l->a, STR_FMT, STR_ARG(r->example[i].name));
	}
	if (!fired)
		o->witness = NULL;
	return true;
}

static bool by_record(struct looking *l, struct overlap *o, const struct face *f)
{
	struct err ignored; /* a value the field does not take proves nothing */
	struct example x;
	struct buf told;
	bool fired = false;

	buf_init(&told, 0);
	if (make_example(l->a, &l->rs->rule[o->rule], f, &x, &told) &&
	    both_fire(l, o, &x, &fired, &ignored) && fired) {
		o->from = NULL;
		o->witness = arena_strdup(l->a, buf_cstr(&told));
	}
	buf_fini(&told);
	return fired;
}

static bool prove(struct looking *l, const struct face *more, const struct face *fewer,
		  struct err *e)
{
	struct overlap o = { .rule = more->rule, .by = fewer->rule,
			     .identical = more->n_part == fewer->n_part };

	if (!by_examples(l, &o, o.rule, e) || (!o.witness && !by_examples(l, &o, o.by, e)))
		return false;
	if (!o.witness && !by_record(l, &o, more))
		return true;
	GROW(l->item, l->cap, l->n + 1);
	l->item[l->n++] = o;
	return true;
}

static bool look(struct looking *l, const struct face *x, const struct face *y, struct err *e)
{
	const struct rule *rx = &l->rs->rule[x->rule], *ry = &l->rs->rule[y->rule];

	if (x->shape != y->shape || str_eq(rx->id, ry->id))
		return true;
	if (covers(x, y) && (covers(y, x) || grows(rx)))
		return prove(l, x, y, e);
	return !(covers(y, x) && grows(ry)) || prove(l, y, x, e);
}

static int by_shape(const void *va, const void *vb)
{
	const struct face *a = va, *b = vb;

	if (a->shape != b->shape)
		return a->shape < b->shape ? -1 : 1;
	return (a->rule > b->rule) - (a->rule < b->rule);
}

static int by_rule(const void *va, const void *vb)
{
	const struct overlap *a = va, *b = vb;

	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	return (a->by > b->by) - (a->by < b->by);
}

bool rules_overlap(const struct ruleset *rs, struct arena *a, struct overlaps *out, struct err *e)
{
	struct looking l = { .rs = rs, .a = a };
	struct face *face = xcalloc(rs->n_rule + 1u, sizeof *face);
	uint32_t n = 0;
	bool ok = true;

	for (uint32_t i = 0; i < rs->n_rule; i++) {
		if (!rule_active(&rs->rule[i]))
			continue;
		face[n].rule = i;
		face[n].shape = shape_of(&rs->rule[i]);
		take_parts(&face[n++], rs->rule[i].where);
	}
	qsort(face, n, sizeof *face, by_shape);
	for (uint32_t i = 0; i < n && ok; i++)
		for (uint32_t k = i + 1; k < n && ok && face[k].shape == face[i].shape; k++)
			ok = look(&l, &face[i], &face[k], e);
	if (l.n)
		qsort(l.item, l.n, sizeof *l.item, by_rule);
	out->item = arena_dup(a, l.item, l.n * sizeof *l.item);
	out->n = l.n;
	if (l.plan)
		plan_free(l.plan);
	xfree(l.item);
	xfree(face);
	return ok;
}
