/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kept.c - batches in order of their first subject; new subjects make new batches at the end.
 */
#include "lib/finding/kept.h"

#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"

struct one {
	struct batch batch;
	struct gather_stats sums;
	uint32_t from, n;            /* subjects */
	bool fresh;
	uint8_t fields[FIELD_BITMAP];
	const void *map;
};

struct kept {
	struct one **v;
	uint32_t n, cap;
};

struct kept *kept_new(void)
{
	return xcalloc(1, sizeof(struct kept));
}

void kept_free(struct kept *k)
{
	if (!k)
		return;
	for (uint32_t i = 0; i < k->n; i++) {
		batch_fini(&k->v[i]->batch);
		xfree(k->v[i]);
	}
	xfree(k->v);
	xfree(k);
}

/* The batch that has a subject, NULL when none has. */
static struct one *find(const struct kept *k, uint32_t subject)
{
	uint32_t lo = 0, hi = k->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (k->v[mid]->from + k->v[mid]->n <= subject)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < k->n ? k->v[lo] : NULL;
}

void kept_stale(struct kept *k, const uint32_t *subject, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct one *o = find(k, subject[i]);

		if (o)
			o->fresh = false;
	}
}

static bool has_fields(const struct one *o, const struct kept_ask *ask)
{
	for (uint32_t i = 0; i < FIELD_BITMAP; i++)
		if (ask->fields[i] & ~o->fields[i])
			return false;
	return o->map == ask->map;
}

static struct one *new_at_end(struct kept *k, const struct kept_ask *ask)
{
	struct one *o = xcalloc(1, sizeof *o);

	assert(ask->from == (k->n ? k->v[k->n - 1]->from + k->v[k->n - 1]->n : 0));
	batch_init(&o->batch);
	o->from = ask->from;
	o->n = ask->total - ask->from < ask->step ? ask->total - ask->from : ask->step;
	GROW(k->v, k->cap, k->n + 1);
	k->v[k->n++] = o;
	return o;
}

static void gather(struct one *o, const struct kept_ask *ask, kept_fill *fill, void *ctx)
{
	uint32_t *subject = xcalloc(o->n + 1u, sizeof *subject);

	for (uint32_t i = 0; i < o->n; i++)
		subject[i] = o->from + i;
	memset(&o->sums, 0, sizeof o->sums);
	fill(ctx, subject, o->n, &o->batch, &o->sums);
	xfree(subject);
	memcpy(o->fields, ask->fields, FIELD_BITMAP);
	o->map = ask->map;
	o->fresh = true;
}

static void add_sums(struct gather_stats *into, const struct gather_stats *from)
{
	for (uint32_t s = 0; s < STREAM_STORED; s++) {
		into->live[s] += from->live[s];
		into->retracted[s] += from->retracted[s];
		into->reversed[s] += from->reversed[s];
	}
	into->unsettled += from->unsettled;
}

struct batch *kept_batch(struct kept *k, const struct kept_ask *ask, kept_fill *fill, void *ctx,
			 struct gather_stats *gs)
{
	struct one *o = find(k, ask->from);

	if (!o)
		o = new_at_end(k, ask);
	assert(o->from == ask->from);
	if (!o->fresh || !has_fields(o, ask))
		gather(o, ask, fill, ctx);
	if (gs)
		add_sums(gs, &o->sums);
	return &o->batch;
}

bool kept_has(const struct kept *k, const struct kept_ask *ask)
{
	const struct one *o = find(k, ask->from);

	return o && o->fresh && has_fields(o, ask);
}

/* ---- rows of some subjects ---- */

/* Rows of one subject in a kept batch, of the stream in hand. */
struct piece {
	const struct rows *rows;
	uint32_t from, n;
};

static void copy_column(struct rows *to, const struct piece *p, uint32_t n, enum field f)
{
	unsigned i = field_get(f)->index, width = width_bytes(type_width(field_get(f)->type));
	uint8_t *out = to->col[i];

	for (uint32_t k = 0; k < n; k++) {
		const uint8_t *in = p[k].rows->col[i];

		if (p[k].n)
			memcpy(out, in + (size_t)p[k].from * width, (size_t)p[k].n * width);
		out += (size_t)p[k].n * width;
	}
}

static void copy_rows(struct rows *to, const struct piece *p, uint32_t n)
{
	for (uint32_t k = 0, at = 0; k < n; at += p[k++].n) {
		to->start[k + 1] = at + p[k].n;
		memcpy(to->row + at, p[k].rows->row + p[k].from, p[k].n * sizeof *to->row);
		memcpy(to->scope + at, p[k].rows->scope + p[k].from, p[k].n);
		if (to->version)
			memcpy(to->version + at, p[k].rows->version + p[k].from,
			       p[k].n * sizeof *to->version);
	}
}

static void pick_stream(struct batch *out, struct piece *p, enum stream s, const uint8_t *fields)
{
	uint32_t rows = 0, n = out->n_subjects;

	for (uint32_t k = 0; k < n; k++)
		rows += p[k].n;
	batch_room(out, s, rows, fields);
	copy_rows(&out->rows[s], p, n);
	for (unsigned i = 0; i < stream_width(s); i++)
		if (out->rows[s].col[i])
			copy_column(&out->rows[s], p, n,
				    (enum field)((unsigned)stream_first(s) + i));
}

void kept_pick(const struct kept *k, const uint32_t *subject, uint32_t n, const uint8_t *fields,
	       struct batch *out)
{
	const struct one **one = xcalloc(n + 1u, sizeof *one);
	struct piece *p = xcalloc(n + 1u, sizeof *p);

	batch_clear(out);
	out->n_subjects = n;
	out->subject = arena_dup(&out->arena, subject, n * sizeof *subject);
	for (uint32_t i = 0; i < n; i++) {
		one[i] = find(k, subject[i]);
		out->dict = one[i]->batch.dict;
		out->versioned = one[i]->batch.versioned;
	}
	for (int s = 0; s < STREAM_COUNT; s++) {
		for (uint32_t i = 0; i < n; i++) {
			const struct rows *rows = &one[i]->batch.rows[s];
			uint32_t at = subject[i] - one[i]->from;

			p[i] = (struct piece){ rows, rows->start[at],
					       rows->start[at + 1] - rows->start[at] };
		}
		pick_stream(out, p, (enum stream)s, fields);
	}
	xfree(one);
	xfree(p);
}

size_t kept_bytes(const struct kept *k)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < k->n; i++)
		sum += sizeof *k->v[i] + arena_bytes(&k->v[i]->batch.arena);
	return sum;
}
