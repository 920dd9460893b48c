/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_cell.c - what each subject contributes to cells, and which records stand behind a cell.
 *
 * Per batch and source: the rows that pass are brought together by their key within their
 * subject, so that each contribution is a run of rows; what they come to is eval_partial.c's,
 * what evidence would show of them eval_digest.c's. Keys stay numbers here; whoever keeps cells
 * asks for their texts when it meets a new one.
 */
#include "lib/rule/cells_pass.h"

/* ---- runs of one key ---- */

/* Member by member: copied as a whole right after its parts were written, the processor waits. */
static inline void add_contribution(struct taken *t, const struct contribution *k)
{
	struct contribution *to;

	GROW(t->v, t->cap, t->n + 1);
	to = &t->v[t->n++];
	to->hash = k->hash;
	to->subject = k->subject;
	to->from = k->from;
	to->n = k->n;
	to->sure = k->sure;
	to->digest = k->digest;
}

/* Of each run the rows that pass. */
static void pick_runs(struct cells_pass *x)
{
	struct eval *e = x->e;
	struct taken *t = x->taken;
	const struct runs *runs = key_runs(e, x->s->side.keys);

	for (uint32_t i = 0; i < runs->n; i++) {
		const struct run *run = &runs->run[i];
		const uint32_t *row = runs->row + run->from;
		struct contribution k = { .hash = run->hash, .from = t->n_row };

		for (uint32_t r = 0; r < run->n; r++) {
			uint8_t in = x->filter[row[r]];

			t->row[t->n_row] = row[r];
			t->n_row += in != TRUTH_FALSE;
			k.sure += in == TRUTH_TRUE;
		}
		k.n = t->n_row - k.from;
		k.subject = e->b->subject[run->subject];
		if (k.n)
			add_contribution(t, &k);
	}
}

/* A group of stretches becomes a contribution. */
static void take_group(struct cells_pass *x, uint32_t subject, const struct alike *a,
		       const struct stretch_group *g)
{
	const struct sort_pair *v = x->e->pair[0];
	struct taken *t = x->taken;
	struct contribution k = { .hash = v[g->first].key, .subject = subject, .from = t->n_row };

	for (uint32_t i = g->first; i != NO_INDEX; i = a->next[i]) {
		uint32_t row = (uint32_t)(v[i].value >> 32), end = row + (uint32_t)v[i].value;

		for (; row < end; row++) {
			t->row[t->n_row++] = row;
			k.sure += x->filter[row] == TRUTH_TRUE;
		}
	}
	k.n = t->n_row - k.from;
	add_contribution(t, &k);
}

static void take_subject(struct cells_pass *x, uint32_t subject)
{
	const struct keyset *k = x->s->side.keys;
	uint32_t n = key_stretches(x->e, k, x->filter, subject);
	const struct alike *a = stretches_alike(x->e, k, n);

	for (uint32_t g = 0; g < a->n; g++)
		take_group(x, x->e->b->subject[subject], a, &a->v[g]);
}

/* Rows that pass by their keys. */
static void take_rows(struct cells_pass *x)
{
	struct eval *e = x->e;
	struct taken *t = x->taken;
	const struct side *side = &x->s->side;

	t->n = t->n_row = 0;
	x->filter = side_filter(e, side, x->s->scope, &t->filter);
	t->none = !x->filter;
	if (t->none)
		return;
	GROW(t->row, t->cap_row, e->b->rows[side->stream].n + 1);
	if (runs_pay(e, side->keys, x->filter)) {
		pick_runs(x);
		return;
	}
	for (uint32_t i = 0; i < e->b->n_subjects; i++)
		take_subject(x, i);
}

/* All contributions to one source; false when there are none. */
static bool take_source(struct cells_pass *x, uint32_t source)
{
	struct eval *e = x->e;
	const uint64_t **key;
	enum stream s;

	x->s = &e->p->source[source];
	x->taken = &e->taken[source];
	x->c = (struct contributions){ .source = source };
	x->day = MISSING_I32;
	s = x->s->side.stream;
	if (!e->b->rows[s].n)
		return false;
	x->c.key = key = arena_array(&e->scratch, x->s->n_key, sizeof *key);
	take_rows(x);
	for (uint32_t i = 0; x->taken->n && i < x->s->n_key; i++)
		key[i] = slot_key(e, x->s->key[i], s);
	x->filter = x->taken->filter.truth;
	x->c.v = x->taken->v;
	x->c.n = x->taken->n;
	x->c.row = x->taken->row;
	return x->c.n > 0;
}

void eval_contributions(struct eval *e, const struct batch *b, contribution_fn *fn, void *ctx)
{
	struct cells_pass x = { .e = e };

	if (e->judged != b)
		eval_start(e, b);
	for (uint32_t i = 0; i < e->p->n_source; i++) {
		if (take_source(&x, i)) {
			if (e->digests)
				digests_make(&x);
			partials_make(&x);
			fn(ctx, &x.c);
		}
		arena_reset(&e->scratch);
	}
	e->judged = NULL;
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

static bool bears(struct cells_pass *x, const struct fired_hit *h, uint32_t row)
{
	const struct measure *m = h->measure;

	for (uint32_t i = 0; i < m->n_bear; i++)
		if (cell_counts(x, m->bear[i], row) == TRUTH_TRUE)
			return true;
	return (m->n_bear == 0 || h->all_bear) && x->filter[row] == TRUTH_TRUE;
}

static void show(struct cells_pass *x, const struct contribution *k, const struct fired_hit *h,
		 evidence_fn *fn, void *ctx)
{
	x->day = cell_period(x, k);
	for (uint32_t i = k->from; i < k->from + k->n; i++) {
		struct hit_record r;

		if (!bears(x, h, x->c.row[i]))
			continue;
		r = hit_record_of(x->e, &x->s->side, x->c.row[i]);
		r.role = HIT_PART;
		fn(ctx, h->hit, x->e->b, &r);
	}
}

void eval_evidence(struct eval *e, const struct batch *b, fired_fn *fired, void *fired_ctx,
		   evidence_fn *fn, void *ctx)
{
	struct cells_pass x = { .e = e };

	eval_start(e, b);
	for (uint32_t s = 0; s < e->p->n_source; s++) {
		bool any = take_source(&x, s);

		for (uint32_t i = 0; any && i < x.c.n; i++) {
			struct fired_hit h = { .hit = UINT32_MAX };

			while (fired(fired_ctx, &x.c, i, &h))
				show(&x, &x.c.v[i], &h, fn, ctx);
		}
		arena_reset(&e->scratch);
	}
}
