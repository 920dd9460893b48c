/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_cell.c - what each subject contributes to cells, and which records stand behind a cell.
 *
 * Per batch and source: the rows that pass are sorted by the hash of their key within their
 * subject, so that each contribution is a run of rows; what they come to is eval_partial.c's.
 * Keys stay numbers here; whoever keeps cells asks for their texts when it meets a new one.
 */
#include "lib/base/hash.h"
#include "lib/rule/cells_pass.h"

/* ---- runs of one key ---- */

static void add_contribution(struct cells_pass *x, const struct contribution *k)
{
	GROW(x->e->given, x->e->cap_given, x->c.n + 1);
	x->e->given[x->c.n++] = *k;
}

/* Of each run the rows that pass. */
static void pick_runs(struct cells_pass *x)
{
	struct eval *e = x->e;
	const struct runs *runs = key_runs(e, x->s->side.keys);

	for (uint32_t i = 0; i < runs->n; i++) {
		const struct run *run = &runs->run[i];
		const uint32_t *row = runs->row + run->from;
		struct contribution k = { .hash = run->hash, .from = e->n_row };

		for (uint32_t r = 0; r < run->n; r++) {
			uint8_t t = x->filter[row[r]];

			e->rows[e->n_row] = row[r];
			e->n_row += t != TRUTH_FALSE;
			k.sure += t == TRUTH_TRUE;
		}
		k.n = e->n_row - k.from;
		k.subject = e->b->subject[run->subject];
		if (k.n)
			add_contribution(x, &k);
	}
}

static bool same_key(const struct cells_pass *x, uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < x->s->n_key; i++)
		if (x->c.key[i][a] != x->c.key[i][b])
			return false;
	return true;
}

/* Rows of v[0..n) (one hash) with v[0]'s key become a contribution; others move to the front. */
static uint32_t take_run(struct cells_pass *x, uint32_t subject, struct sort_pair *v, uint32_t n)
{
	struct eval *e = x->e;
	struct contribution k = { .hash = v[0].key, .subject = subject, .from = e->n_row };
	uint32_t first = (uint32_t)v[0].value, left = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = (uint32_t)v[i].value;

		if (i && !same_key(x, first, row)) {
			v[left++] = v[i];
			continue;
		}
		k.sure += x->filter[row] == TRUTH_TRUE;
		e->rows[e->n_row++] = row;
	}
	k.n = e->n_row - k.from;
	add_contribution(x, &k);
	return left;
}

static void take_subject(struct cells_pass *x, uint32_t subject, const uint64_t *key)
{
	const struct rows *rows = &x->e->b->rows[x->s->side.stream];
	uint32_t n = 0, to = rows->start[subject + 1];
	struct sort_pair *v;

	for (uint32_t i = rows->start[subject]; (i = filter_next(x->filter, i, to)) < to; i++)
		if (key[i] != KEY_MISSING)
			n = pairs_add(x->e, 0, n, key[i], i);
	if (n > 1)
		pairs_sort(x->e, 0, n);
	v = x->e->pair[0];
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && v[end].key == v[i].key;)
			end++;
		for (uint32_t left = end - i; left;)
			left = take_run(x, x->e->b->subject[subject], v + i, left);
	}
}

/* All contributions to one source; false when there are none. */
static bool take_source(struct cells_pass *x, uint32_t source)
{
	struct eval *e = x->e;
	const struct side *side;
	const uint64_t **key, *hash;

	x->s = &e->p->source[source];
	side = &x->s->side;
	x->c = (struct contributions){ .source = source };
	x->day = MISSING_I32;
	if (!e->b->rows[side->stream].n)
		return false;
	x->filter = side_filter(e, side, x->s->scope, &e->filter[0]);
	if (!x->filter)
		return false;
	x->c.key = key = arena_array(&e->scratch, x->s->n_key, sizeof *key);
	for (uint32_t i = 0; i < x->s->n_key; i++)
		key[i] = slot_key(e, x->s->key[i], side->stream);
	hash = slot_keyset(e, side->keys, side->stream);
	GROW(e->rows, e->cap_rows, e->b->rows[side->stream].n + 1);
	e->n_row = 0;
	if (runs_pay(e, side->keys, x->filter))
		pick_runs(x);
	else
		for (uint32_t i = 0; i < e->b->n_subjects; i++)
			take_subject(x, i, hash);
	x->c.v = e->given;
	x->c.row = e->rows;
	return x->c.n > 0;
}

/* ---- digests ---- */

/* The money and time of a side are those of its stream, so all sources share these. */
static const uint64_t *record_digests(struct eval *e, const struct side *s)
{
	struct digests *d = &e->digest[s->stream];
	uint32_t n = e->b->rows[s->stream].n;

	if (d->stamp == e->stamp)
		return d->v;
	d->stamp = e->stamp;
	GROW(d->v, d->cap, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		struct hit_record r = hit_record_of(e, s, i);
		uint64_t h = hash_join(r.row, e->b->rows[s->stream].version[i]);

		h = hash_join(h, (uint64_t)r.time);
		h = hash_join(h, (uint64_t)r.weight);
		h = hash_join(h, (uint64_t)r.fund);
		d->v[i] = hash_join(h, (uint64_t)r.base);
	}
	return d->v;
}

/* What the source says of the record: who bears, and whether it is in for sure. */
static uint64_t part_digest(struct cells_pass *x, uint32_t row)
{
	uint64_t h = x->filter[row];

	for (uint32_t i = 0; i < x->s->n_bear; i++)
		h = hash_join(h, cell_counts(x, x->s->bear[i], row));
	return h;
}

static void make_digests(struct cells_pass *x)
{
	const uint64_t *digest = record_digests(x->e, &x->s->side);

	for (uint32_t i = 0; i < x->c.n; i++) {
		struct contribution *k = &x->e->given[i];

		x->day = cell_period(x, k);
		k->digest = 1;
		for (uint32_t r = k->from; r < k->from + k->n; r++)
			k->digest = hash_join(hash_join(k->digest, digest[x->c.row[r]]),
					      part_digest(x, x->c.row[r]));
	}
}

void eval_contributions(struct eval *e, const struct batch *b, contribution_fn *fn, void *ctx)
{
	struct cells_pass x = { .e = e };

	eval_start(e, b);
	for (uint32_t i = 0; i < e->p->n_source; i++) {
		if (take_source(&x, i)) {
			if (e->digests)
				make_digests(&x);
			partials_make(&x);
			fn(ctx, &x.c);
		}
		arena_reset(&e->scratch);
	}
}

/* ---- keys ---- */

static const struct node *key_node(const struct cell_source *s, uint32_t i)
{
	return i < s->n_key ? s->key[i] : s->peer[i - s->n_key];
}

struct value eval_key_value(struct eval *e, uint32_t source, uint32_t i, uint32_t row)
{
	const struct cell_source *s = &e->p->source[source];
	struct frame f;

	frame_row(&f, e, s->side.stream, row);
	return node_value(&f, key_node(s, i));
}

uint64_t eval_peer_number(struct eval *e, uint32_t source, uint32_t peer, uint32_t row)
{
	const struct cell_source *s = &e->p->source[source];

	return slot_key(e, s->peer[peer], s->side.stream)[row];
}

/* ---- evidence ---- */

static bool bears(struct cells_pass *x, uint32_t row)
{
	for (uint32_t i = 0; i < x->s->n_bear; i++)
		if (cell_counts(x, x->s->bear[i], row) == TRUTH_TRUE)
			return true;
	return (x->s->n_bear == 0 || x->all_bear) && x->filter[row] == TRUTH_TRUE;
}

static void show(struct cells_pass *x, const struct contribution *k, uint32_t cell,
		 evidence_fn *fn, void *ctx)
{
	x->day = cell_period(x, k);
	for (uint32_t i = k->from; i < k->from + k->n; i++) {
		struct hit_record r;

		if (!bears(x, x->c.row[i]))
			continue;
		r = hit_record_of(x->e, &x->s->side, x->c.row[i]);
		r.role = HIT_PART;
		fn(ctx, cell, x->e->b, &r);
	}
}

void eval_evidence(struct eval *e, const struct batch *b, fired_fn *fired, void *fired_ctx,
		   evidence_fn *fn, void *ctx)
{
	struct cells_pass x = { .e = e };
	uint32_t cell;

	eval_start(e, b);
	for (uint32_t s = 0; s < e->p->n_source; s++) {
		bool any = take_source(&x, s);

		for (uint32_t i = 0; any && i < x.c.n; i++)
			if (fired(fired_ctx, &x.c, i, &cell, &x.all_bear))
				show(&x, &x.c.v[i], cell, fn, ctx);
		arena_reset(&e->scratch);
	}
}
