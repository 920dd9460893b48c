/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_pack.c - what a subject gave, in as few bytes as it takes, to be taken back later.
 *
 * A contribution is its cell, and per sum count and total in a few bytes each; values kept and
 * fractions follow where there are any. Cells stand apart, to be looked through quickly.
 */
#include <string.h>

#include "lib/stat/cell.h"

enum { UNKNOWN = 1, KEPT = 2, STATE_BITS = 2 };

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
		v |= (uint64_t)(u->g->p[u->at] & 0x7F) << shift, shift += 7;
	while (u->g->p[u->at++] & 0x80);
	return v;
}

static void put_i64(struct given *g, int64_t v)
{
	put_u64(g, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static int64_t take_i64(struct unpacking *u)
{
	uint64_t z = take_u64(u);

	return (int64_t)(z >> 1 ^ (~(z & 1) + 1));
}

static void put_kept(struct given *g, const struct coded *k)
{
	bool sum = k->sum.den != 0;

	put_u64(g, (uint64_t)k->n << 1 | sum);
	for (uint32_t i = 0; i < k->n; i++)
		put_u64(g, k->code[i]);
	if (sum)
		put(g, &k->sum, sizeof k->sum);
}

static void take_kept(struct cells *c, struct unpacking *u, struct coded *k)
{
	uint64_t head = take_u64(u);
	uint32_t *code = arena_array(&c->scratch, head >> 1, sizeof *code);

	k->n = (uint32_t)(head >> 1);
	k->code = code;
	for (uint32_t i = 0; i < k->n; i++)
		code[i] = (uint32_t)take_u64(u);
	if (head & 1) {
		memcpy(&k->sum, u->g->p + u->at, sizeof k->sum);
		u->at += (uint32_t)sizeof k->sum;
	}
}

void gift_pack(const struct cells *c, struct given *g, const struct gift *gift)
{
	GROW(g->cell, g->cap_cell, g->n_cell + 1);
	g->cell[g->n_cell++] = (struct cell_at){ gift->source, gift->cell };
	put_u64(g, gift->sure);
	for (uint32_t i = 0; i < c->table[gift->source].n_sum; i++) {
		const struct partial *p = &gift->partial[i];
		const struct coded *k = gift->kept ? &gift->kept[i] : NULL;
		bool kept = k && (k->n || k->sum.den);

		put_u64(g, (uint64_t)p->count << STATE_BITS | (kept ? KEPT : 0) | p->unknown);
		put_i64(g, p->sum);
		if (kept)
			put_kept(g, k);
	}
}

bool gift_unpack(struct cells *c, struct unpacking *u, struct gift *out)
{
	struct partial *p;
	struct coded *k;
	uint32_t n;

	if (u->cell >= u->g->n_cell)
		return false;
	arena_reset(&c->scratch);
	out->source = u->g->cell[u->cell].source;
	out->cell = u->g->cell[u->cell++].cell;
	out->sure = (uint32_t)take_u64(u);
	n = c->table[out->source].n_sum;
	out->partial = p = arena_array(&c->scratch, n, sizeof *p);
	out->kept = k = arena_array(&c->scratch, n, sizeof *k);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t head = take_u64(u);

		p[i].count = (uint32_t)(head >> STATE_BITS);
		p[i].unknown = head & UNKNOWN;
		p[i].sum = take_i64(u);
		if (head & KEPT)
			take_kept(c, u, &k[i]);
	}
	return true;
}
