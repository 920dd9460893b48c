/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_cell.c - what each subject contributes to cells, and which records stand behind a cell.
 *
 * A contribution holds per aggregate the mergeable part: count, sum, least, greatest, and the
 * distinct values one by one unless they cannot be shared with another subject (persons,
 * visits). Behind the aggregates stand the peers' fields of the cell, each as one value. A record
 * that may or may not count makes the aggregate unknown: sums over thousands of persons are not
 * tried in every completion.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/rule/form.h"

struct cells_pass {
	struct eval *e;
	const struct cell_source *s;
	uint32_t source, subject;
	const uint8_t *filter;
	int32_t day;             /* the cell in hand is as of */
	bool all_bear;           /* nothing of it is in the numerator */
	contribution_fn *give;
	void *ctx;
	fired_fn *fired;
	void *fired_ctx;
	evidence_fn *evidence;
};

static struct value row_value(struct eval *e, enum stream s, const struct node *n, uint32_t row)
{
	struct frame f;

	frame_row(&f, e, s, row);
	return node_value(&f, n);
}

static void member(const struct cells_pass *x, struct frame *f, uint32_t row)
{
	frame_row(f, x->e, x->s->side.stream, row);
	if (x->day != MISSING_I32)
		f->day = x->day;
}

static struct value member_value(const struct cells_pass *x, const struct node *n, uint32_t row)
{
	struct frame f;

	member(x, &f, row);
	return node_value(&f, n);
}

/* Whether a record counts in an aggregate: its filter and the 若. */
static enum truth counts(const struct cells_pass *x, const struct node *cond, uint32_t row)
{
	enum truth in = (enum truth)x->filter[row], c = TRUTH_TRUE;
	struct frame f;

	if (cond && cond->dated) {
		member(x, &f, row);
		c = node_truth(&f, cond);
	} else if (cond) {
		c = (enum truth)slot_truth_at(x->e, cond, row);
	}
	return in < c ? in : c;
}

/* The first day of the cell's period; MISSING_I32 when it has none. */
static int32_t period_start(const struct cells_pass *x, uint32_t row)
{
	for (uint32_t i = 0; i < x->s->n_key; i++) {
		const struct node *k = x->s->key[i];
		uint64_t number;

		if (k->op != EXPR_BUCKET || k->bucket < BUCKET_DAY)
			continue;
		number = slot_key(x->e, k, x->s->side.stream)[row];
		return bucket_start(k->bucket, k->bucket == BUCKET_DAY
				    ? (int32_t)(uint32_t)number : (int64_t)number,
				    &x->e->p->rs->settings);
	}
	return MISSING_I32;
}

static int compare_str(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str text_of(struct eval *e, const struct value *v)
{
	if (type_is_text(v->type))
		return v->text;
	buf_reset(&e->text);
	value_add(&e->text, v);
	return arena_str(&e->scratch, buf_str(&e->text));
}

static uint32_t unique(struct str *v, uint32_t n)
{
	uint32_t kept = 0;

	qsort(v, n, sizeof *v, compare_str);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || !str_eq(v[i], v[kept - 1]))
			v[kept++] = v[i];
	return kept;
}

/* Sums of a vector without fractions in between. */
static void take_vector(struct cells_pass *x, const struct node *n, struct partial *p,
			const uint32_t *row, uint32_t rows)
{
	const int64_t *v = slot_number(x->e, n->arg[0]);
	int64_t min = INT64_MAX, max = INT64_MIN;
	struct rat unit = rat_scaled(1, n->arg[0]->scale);
	__int128 sum = 0;

	for (uint32_t i = 0; i < rows; i++) {
		int64_t z = v[row[i]];
		enum truth t = counts(x, n->cond, row[i]);

		/* a record that may count is harmless when it adds nothing */
		if (t != TRUTH_TRUE) {
			p->known &= t == TRUTH_FALSE || (z == 0 && n->agg == AGG_SUM);
			continue;
		}
		p->count++;
		p->known &= z != MISSING_I64;
		sum += z == MISSING_I64 ? 0 : z;
		min = z < min ? z : min;
		max = z > max ? z : max;
	}
	p->sum = (struct rat){ sum, unit.den };
	p->min = (struct rat){ p->count ? min : 0, unit.den };
	p->max = (struct rat){ p->count ? max : 0, unit.den };
}

static void take_number(struct partial *p, const struct value *v)
{
	if (!v->known || !num_add(&p->sum, p->sum, v->rat)) {
		p->known = false;
		return;
	}
	if (p->count == 0 || num_cmp(v->rat, p->min) < 0)
		p->min = v->rat;
	if (p->count == 0 || num_cmp(v->rat, p->max) > 0)
		p->max = v->rat;
}

static bool keeps_values(enum agg a)
{
	return a == AGG_DISTINCT || a == AGG_MEDIAN || a == AGG_PERCENTILE || a == AGG_FIRST ||
	       a == AGG_LAST;
}

/* The text a kept value goes by; false when it is missing or does not fit. */
static bool kept_text(struct cells_pass *x, const struct node *n, uint32_t row, struct str *out)
{
	struct value v = member_value(x, n->arg[0], row);
	struct buf *b = &x->e->text;

	if (n->agg == AGG_DISTINCT) {
		*out = v.known ? text_of(x->e, &v) : (struct str){ NULL, 0 };
		return v.known;
	}
	buf_reset(b);
	if (n->agg == AGG_FIRST || n->agg == AGG_LAST)
		partial_time(b, row_time(x->e, x->s->side.time, row));
	if (!partial_text(b, &v) || (!v.known && n->agg != AGG_FIRST && n->agg != AGG_LAST))
		return false;
	*out = arena_str(&x->e->scratch, buf_str(b));
	return true;
}

/* Of a sorted list what the aggregate needs: distinct ones, all, the first or the last. */
static void keep_values(struct partial *p, enum agg a, bool counted, struct str *v, uint32_t n)
{
	if (a == AGG_DISTINCT)
		p->count = n = unique(v, n);
	else if (n)
		qsort(v, n, sizeof *v, compare_str);
	if ((a == AGG_FIRST || a == AGG_LAST) && n) {
		v += a == AGG_LAST ? n - 1 : 0;
		n = 1;
	}
	p->n_value = counted ? 0 : n;
	p->value = v;
}

static void take_row(struct cells_pass *x, const struct node *n, uint32_t row, struct partial *p)
{
	struct value v;

	if (!n->n_arg)
		return;
	v = member_value(x, n->arg[0], row);
	take_number(p, &v);
}

static struct partial partial_of(struct cells_pass *x, const struct node *n, bool counted,
				 const uint32_t *row, uint32_t rows)
{
	struct partial p = { .known = true, .sum = { 0, 1 }, .min = { 0, 1 }, .max = { 0, 1 } };
	bool texts = keeps_values(n->agg);
	struct str *list = texts ? arena_array(&x->e->scratch, rows, sizeof *list) : NULL;
	uint32_t m = 0;

	if (n->n_arg && !texts && n->arg[0]->way >= WAY_COLUMN) {
		take_vector(x, n, &p, row, rows);
		rows = 0;
	}
	for (uint32_t i = 0; i < rows; i++) {
		enum truth t = counts(x, n->cond, row[i]);

		p.known &= t != TRUTH_UNKNOWN;
		if (t != TRUTH_TRUE)
			continue;
		if (!texts)
			take_row(x, n, row[i], &p);
		else if (kept_text(x, n, row[i], &list[m]))
			m++;
		else
			p.known = false;
		p.count++;
	}
	if (texts)
		keep_values(&p, n->agg, counted, list, m);
	if (n->agg == AGG_RUNNING)
		p.known &= rat_sign(p.min) >= 0;
	return p;
}

/* A peer's field: the least text among the rows, so that the order of subjects does not show. */
static struct partial peer_of(struct cells_pass *x, const struct node *n, const uint32_t *row,
			      uint32_t rows)
{
	struct partial p = { .known = true, .sum = { 0, 1 }, .min = { 0, 1 }, .max = { 0, 1 } };
	const uint64_t *key = slot_key(x->e, n, x->s->side.stream);
	struct str *least = arena_array(&x->e->scratch, 1, sizeof *least);

	for (uint32_t i = 0; i < rows; i++) {
		struct value v;
		struct str text;

		if (key[row[i]] == KEY_MISSING || (i && key[row[i]] == key[row[i - 1]]))
			continue; /* nearly always the same as the row before */
		v = row_value(x->e, x->s->side.stream, n, row[i]);
		text = text_of(x->e, &v);
		if (!p.n_value++ || str_cmp(text, *least) < 0)
			*least = text;
	}
	p.n_value = p.n_value > 0;
	p.value = least;
	p.count = p.n_value;
	return p;
}

/* ---- cells met ---- */

static uint64_t key_part(struct cells_pass *x, uint32_t i, uint32_t row)
{
	return slot_key(x->e, x->s->key[i], x->s->side.stream)[row];
}

static bool is_met(struct cells_pass *x, const struct met_cell *m, uint32_t row)
{
	if (m->source != x->source)
		return false;
	for (uint32_t i = 0; i < x->s->n_key; i++)
		if (m->number[i] != key_part(x, i, row))
			return false;
	return true;
}

static uint32_t meet(struct cells_pass *x, uint32_t row)
{
	struct eval *e = x->e;
	uint32_t n = x->s->n_key;
	struct value *key = arena_array(&e->keep, n, sizeof *key);
	uint64_t *number = arena_array(&e->keep, n, sizeof *number);

	for (uint32_t i = 0; i < n; i++) {
		key[i] = row_value(e, x->s->side.stream, x->s->key[i], row);
		key[i].text = arena_str(&e->keep, key[i].text);
		number[i] = key_part(x, i, row);
	}
	GROW(e->met, e->cap_met, e->n_met + 1);
	e->met[e->n_met] = (struct met_cell){ x->source, number, key };
	return e->n_met++;
}

/* The number of the cell a row is in. */
static uint32_t cell_of(struct cells_pass *x, uint32_t row)
{
	struct eval *e = x->e;
	uint64_t h = hash_join(slot_keyset(e, x->s->side.keys, x->s->side.stream)[row], x->source);
	uint64_t at;

	for (; map64_get(&e->met_index, h, &at); h++)
		if (is_met(x, &e->met[at], row))
			return (uint32_t)at;
	map64_put(&e->met_index, h, e->n_met);
	return meet(x, row);
}

static void contribute(struct cells_pass *x, const uint32_t *row, uint32_t n)
{
	const struct cell_source *s = x->s;
	uint32_t n_agg = s->n_agg + s->n_peer;
	struct partial *agg = arena_array(&x->e->scratch, n_agg, sizeof *agg);
	struct contribution c = { .source = x->source, .n_key = s->n_key, .n_agg = n_agg,
				  .agg = agg };

	for (uint32_t i = 0; i < s->n_agg; i++)
		agg[i] = partial_of(x, s->agg[i], s->counted[i], row, n);
	for (uint32_t i = 0; i < s->n_peer; i++)
		agg[s->n_agg + i] = peer_of(x, s->peer[i], row, n);
	for (uint32_t i = 0; i < n; i++)
		c.sure += x->filter[row[i]] == TRUTH_TRUE;
	c.local = cell_of(x, row[0]);
	c.key = x->e->met[c.local].key;
	x->give(x->ctx, x->e->b->subject[x->subject], &c);
}

/* ---- evidence ---- */

static bool bears(struct cells_pass *x, uint32_t row)
{
	for (uint32_t i = 0; i < x->s->n_bear; i++)
		if (counts(x, x->s->bear[i], row) == TRUTH_TRUE)
			return true;
	return (x->s->n_bear == 0 || x->all_bear) && x->filter[row] == TRUTH_TRUE;
}

static void show(struct cells_pass *x, const uint32_t *row, uint32_t n)
{
	uint32_t cell;

	if (!x->fired(x->fired_ctx, x->source, x->s->n_key, x->e->met[cell_of(x, row[0])].key,
		      &cell, &x->all_bear))
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct hit_record r;

		if (!bears(x, row[i]))
			continue;
		r = hit_record_of(x->e, &x->s->side, row[i]);
		r.role = HIT_PART;
		x->evidence(x->ctx, cell, x->e->b, &r);
	}
}

/* ---- rows by cell ---- */

static uint32_t take_cell(struct cells_pass *x, struct sort_pair *v, uint32_t n)
{
	const struct side *s = &x->s->side;
	struct eval *e = x->e;
	uint32_t first = (uint32_t)v[0].value, left = 0, taken = 0;

	GROW(e->rows, e->cap_rows, n);
	for (uint32_t i = 0; i < n; i++) {
		if (keyset_same(e, s->keys, first, s->stream, s->keys, (uint32_t)v[i].value,
				s->stream))
			e->rows[taken++] = (uint32_t)v[i].value;
		else
			v[left++] = v[i];
	}
	x->day = period_start(x, first);
	if (x->give)
		contribute(x, e->rows, taken);
	else
		show(x, e->rows, taken);
	return left;
}

static void pass_subject(struct cells_pass *x, const uint64_t *key)
{
	const struct rows *rows = &x->e->b->rows[x->s->side.stream];
	struct sort_pair *v;
	uint32_t n = 0;

	for (uint32_t i = rows->start[x->subject]; i < rows->start[x->subject + 1]; i++)
		if (x->filter[i] && key[i] != KEY_MISSING)
			n = pairs_add(x->e, 0, n, key[i], i);
	pairs_sort(x->e, 0, n);
	v = x->e->pair[0];
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && v[end].key == v[i].key;)
			end++;
		for (uint32_t left = end - i; left;)
			left = take_cell(x, v + i, left);
	}
}

static void pass(struct cells_pass *x, const struct batch *b)
{
	struct eval *e = x->e;

	eval_start(e, b);
	for (x->source = 0; x->source < e->p->n_source; x->source++) {
		x->s = &e->p->source[x->source];
		if (!b->rows[x->s->side.stream].n)
			continue;
		x->filter = side_filter(e, &x->s->side, x->s->scope, &e->filter[0]);
		for (x->subject = 0; x->filter && x->subject < b->n_subjects; x->subject++) {
			pass_subject(x, slot_keyset(e, x->s->side.keys, x->s->side.stream));
			arena_reset(&e->scratch);
		}
	}
}

void eval_contributions(struct eval *e, const struct batch *b, contribution_fn *fn, void *ctx)
{
	struct cells_pass x = { .e = e, .give = fn, .ctx = ctx };

	pass(&x, b);
}

void eval_evidence(struct eval *e, const struct batch *b, fired_fn *fired, void *fired_ctx,
		   evidence_fn *fn, void *ctx)
{
	struct cells_pass x = { .e = e, .fired = fired, .fired_ctx = fired_ctx, .evidence = fn,
				.ctx = ctx };

	pass(&x, b);
}
