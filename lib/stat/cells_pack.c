/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_pack.c - what a subject gave, in as few bytes as it takes, to be folded again later.
 *
 * A contribution is its cell and, per aggregate, only what that aggregate needs: a count, a
 * sum, an extreme, or the codes of distinct values; numbers with a power of ten below them in
 * a few bytes. Most contributions take less than twenty.
 */
#include <string.h>

#include "lib/stat/cell.h"

enum { PLAIN_SCALES = 13, WIDE = 31 };

static void put(struct given *g, const void *p, size_t n)
{
	GROW(g->p, g->cap, g->n + n);
	memcpy(g->p + g->n, p, n);
	g->n += (uint32_t)n;
}

static void put_u64(struct given *g, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	for (; v > 0x7F; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	put(g, bytes, n);
}

static uint64_t take_u64(struct unpacking *u)
{
	uint64_t v = 0;
	unsigned shift = 0;

	do
		v |= (uint64_t)(u->p[u->at] & 0x7F) << shift, shift += 7;
	while (u->p[u->at++] & 0x80);
	return v;
}

/* The scale of a denominator that is a power of ten; WIDE for others and for large numbers. */
static int plain_scale(struct rat r)
{
	__int128 den = 1;

	if (r.num < INT64_MIN / 2 || r.num > INT64_MAX / 2)
		return WIDE;
	for (int i = 0; i < PLAIN_SCALES; i++, den *= 10)
		if (r.den == den)
			return i;
	return WIDE;
}

static void put_rat(struct given *g, struct rat r)
{
	int scale = plain_scale(r);
	uint8_t head = (uint8_t)scale;

	put(g, &head, 1);
	if (scale == WIDE) {
		put(g, &r, sizeof r);
		return;
	}
	int64_t v = (int64_t)r.num;

	put_u64(g, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static struct rat take_rat(struct unpacking *u)
{
	uint8_t head = u->p[u->at++];
	struct rat r;

	if (head == WIDE) {
		memcpy(&r, u->p + u->at, sizeof r);
		u->at += (uint32_t)sizeof r;
		return r;
	}
	uint64_t z = take_u64(u);

	return (struct rat){ (int64_t)(z >> 1 ^ (~(z & 1) + 1)), rat_scaled(1, head).den };
}

static void put_texts(struct cells *c, struct given *g, const struct partial *p)
{
	put_u64(g, p->n_value);
	for (uint32_t i = 0; i < p->n_value; i++)
		put_u64(g, dict_code(c->dict, p->value[i]));
}

static void take_texts(const struct cells *c, struct unpacking *u, struct partial *p)
{
	struct str *v;

	p->n_value = (uint32_t)take_u64(u);
	p->value = v = arena_array(&u->arena, p->n_value, sizeof *v);
	for (uint32_t i = 0; i < p->n_value; i++)
		v[i] = dict_text(c->dict, (uint32_t)take_u64(u));
}

static struct rat main_number(const struct node *n, const struct partial *p)
{
	return n->agg == AGG_MIN ? p->min : n->agg == AGG_MAX ? p->max : p->sum;
}

static bool has_texts(enum agg a)
{
	return a == AGG_NONE || a == AGG_DISTINCT || a == AGG_MEDIAN || a == AGG_PERCENTILE ||
	       a == AGG_FIRST || a == AGG_LAST;
}

void cells_pack(struct cells *c, struct given *g, uint32_t cell, const struct contribution *k)
{
	const struct cell_source *s = &c->p->source[c->cell[cell].source];
	const struct partial *agg = k->agg;

	put_u64(g, cell);
	put_u64(g, k->sure);
	for (uint32_t i = 0; i < s->n_agg; i++) {
		put_u64(g, agg[i].count << 1 | agg[i].known);
		if (s->agg[i]->agg != AGG_COUNT)
			put_rat(g, main_number(s->agg[i], &agg[i]));
		if (has_texts(s->agg[i]->agg))
			put_texts(c, g, &agg[i]);
	}
	for (uint32_t i = s->n_agg; i < s->n_agg + s->n_peer; i++)
		put_texts(c, g, &agg[i]);
}

bool cells_unpack(const struct cells *c, struct unpacking *u, uint32_t *cell,
		  struct contribution *k)
{
	const struct cell_source *s;
	struct partial *p;

	if (u->at >= u->n)
		return false;
	arena_reset(&u->arena);
	*cell = (uint32_t)take_u64(u);
	s = &c->p->source[c->cell[*cell].source];
	k->sure = take_u64(u);
	k->agg = p = arena_array(&u->arena, s->n_agg + s->n_peer, sizeof *p);
	for (uint32_t i = 0; i < s->n_agg + s->n_peer; i++) {
		enum agg kind = cell_agg(s, i);

		p[i] = (struct partial){ .known = true, .sum = { 0, 1 }, .min = { 0, 1 },
					 .max = { 0, 1 } };
		if (kind != AGG_NONE) {
			uint64_t count = take_u64(u);

			p[i].count = count >> 1;
			p[i].known = count & 1;
		}
		if (kind != AGG_NONE && kind != AGG_COUNT)
			p[i].sum = p[i].min = p[i].max = take_rat(u);
		if (has_texts(kind))
			take_texts(c, u, &p[i]);
	}
	return true;
}
