/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/finding/witness.h"

#include <stdlib.h>

#include "lib/base/hash.h"
#include "lib/finding/example.h"
#include "lib/finding/witness_record.h"
#include "lib/rule/imply.h"

#define PARTS_MAX 64u

/* A rule as it is compared: its shape, the parts of its condition, its trigger. */
struct face {
	uint32_t rule;
	uint64_t shape;
	uint32_t n_part;
	struct expr *part[PARTS_MAX];
	const struct expr *when; /* of a group or comparison; others have it among the parts */
	bool whole;              /* all parts are there */
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

/* Everything but the condition and the trigger. */
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
	h = hash_str(buf_str(&b));
	buf_fini(&b);
	return h;
}

static void take_parts(struct face *f, struct expr *e)
{
	if (!e)
		return;
	if (e->op == EXPR_AND) {
		for (uint32_t i = 0; i < e->n_arg; i++)
			take_parts(f, e->arg[i]);
		return;
	}
	if (f->n_part == PARTS_MAX)
		f->whole = false;
	else
		f->part[f->n_part++] = e;
}

/* Whatever passes the one's condition passes the other's. */
static bool covers(const struct face *more, const struct face *fewer)
{
	const struct expr said = { .op = EXPR_AND, .type = TYPE_FLAG, .n_arg = more->n_part,
				   .arg = (struct expr **)more->part };
	bool all = fewer->whole && (more->n_part > 0 || fewer->n_part == 0);

	for (uint32_t i = 0; i < fewer->n_part && all; i++)
		all = expr_implies(&said, fewer->part[i]);
	return all;
}

/* Of the same records, what fires the one fires the other. */
static bool fires_too(const struct face *a, const struct face *b)
{
	if (!a->when || !b->when)
		return a->when == b->when;
	return expr_implies(a->when, b->when);
}

/* More records in a group make these triggers only truer; others say nothing about the part. */
static bool grows(const struct rule *r)
{
	const struct expr *w = r->when;

	if (r->form == FORM_EACH || (r->form == FORM_PAIR && r->pick == PICK_EACH))
		return true;
	if (r->form == FORM_PAIR)
		return !w;
	return r->form == FORM_GROUP && w && (w->op == EXPR_GT || w->op == EXPR_GE) &&
	       w->arg[0]->op == EXPR_AGG && w->arg[1]->op == EXPR_CONST &&
	       (w->arg[0]->agg == AGG_COUNT || w->arg[0]->agg == AGG_DISTINCT);
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
	const struct witness_wish w = { &l->rs->rule[o->rule], f->part, f->n_part, f->when };
	struct err ignored; /* a value the field does not take proves nothing */
	struct example x;
	struct buf told;
	bool fired = false;

	buf_init(&told, 0);
	if (witness_record(l->a, &w, &x, &told) && both_fire(l, o, &x, &fired, &ignored) && fired) {
		o->from = NULL;
		o->witness = arena_strdup(l->a, buf_cstr(&told));
	}
	buf_fini(&told);
	return fired;
}

static bool prove(struct looking *l, const struct face *more, const struct face *fewer,
		  bool identical, struct err *e)
{
	struct overlap o = { .rule = more->rule, .by = fewer->rule, .identical = identical };

	if (!by_examples(l, &o, o.rule, e) || (!o.witness && !by_examples(l, &o, o.by, e)))
		return false;
	if (!o.witness && !by_record(l, &o, more))
		return true;
	GROW(l->item, l->cap, l->n + 1);
	l->item[l->n++] = o;
	return true;
}

/* Whatever the first reports the second reports. A group of more records must not lose the
 * trigger. */
static bool reports_less(const struct looking *l, const struct face *x, const struct face *y)
{
	return covers(x, y) && fires_too(x, y) &&
	       (covers(y, x) || grows(&l->rs->rule[y->rule]));
}

static bool look(struct looking *l, const struct face *x, const struct face *y, struct err *e)
{
	const struct rule *rx = &l->rs->rule[x->rule], *ry = &l->rs->rule[y->rule];
	bool less, more;

	if (x->shape != y->shape || str_eq(rx->id, ry->id))
		return true;
	less = reports_less(l, x, y);
	more = reports_less(l, y, x);
	if (less)
		return prove(l, x, y, more, e);
	return !more || prove(l, y, x, false, e);
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
		face[n].whole = true;
		take_parts(&face[n], rs->rule[i].where);
		if (rs->rule[i].form == FORM_EACH || rs->rule[i].form == FORM_PAIR)
			take_parts(&face[n], rs->rule[i].when);
		else
			face[n].when = rs->rule[i].when;
		n++;
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

/* ---- told ---- */

static const char *proof(const struct overlap *o, struct diag_list *d)
{
	if (o->from)
		return arena_printf(&d->arena, d->english
				    ? "tried: the example of " STR_FMT " 「%s」 fires both"
				    : "已试过：" STR_FMT " 的试例「%s」两条都命中",
				    STR_ARG(o->from->id), o->witness);
	return arena_printf(&d->arena, d->english ? "tried: such a record fires both: %s"
						  : "已试过：这样一条记录两条都命中：%s", o->witness);
}

/* The checker's own word about two rules of one digest. */
static struct diag *same_told(const struct ruleset *rs, const struct overlap *o,
			      struct diag_list *d)
{
	const struct span a = rs->rule[o->rule].at, b = rs->rule[o->by].at;

	for (uint32_t i = 0; i < d->n; i++) {
		struct diag *x = &d->diag[i];
		bool one = x->at.file == a.file && x->at.start == a.start &&
			   x->also.start == b.start;
		bool other = x->at.file == b.file && x->at.start == b.start &&
			     x->also.start == a.start;

		if (x->code == DIAG_SAME_RULE && (one || other))
			return x;
	}
	return NULL;
}

void overlaps_tell(const struct ruleset *rs, const struct overlaps *v, struct diag_list *d)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct overlap *o = &v->item[i];
		const struct rule *r = &rs->rule[o->rule], *by = &rs->rule[o->by];
		struct diag *x = o->identical ? same_told(rs, o, d) : NULL;

		if (!x) {
			x = diag_add(d, r->at, o->identical ? DIAG_SAME_RULE : DIAG_SUBSUMED,
				     arena_str(&d->arena, r->id).p,
				     arena_str(&d->arena, by->id).p);
			x->also = by->at;
			x->also_text = d->english ? "the other rule" : "另一条规则";
		}
		x->near = proof(o, d);
	}
}
