/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_pack.c - what a subject gave, in as few bytes as it takes, to be taken back later.
 *
 * A contribution is its cell, and per sum count and total in a few bytes each; values kept and
 * fractions follow where there are any. Cells stand apart, to be looked through quickly.
 */
#include <string.h>

#include "lib/stat/cell.h"

struct unpacking {
	const uint8_t *p;
	uint32_t at;
};

enum { LONGEST = 10, UNKNOWN = 1, KEPT = 2, STATE_BITS = 2 };

/* A count and a total, each in as many bytes as it has; of both these in one byte before them. */
enum { COUNT_BYTES_BITS = 3, SUM_LONGEST = 1 + 2 * sizeof(uint64_t) };

static void put(struct gifts *g, const void *p, size_t n)
{
	GROW(g->p, g->cap, g->n + n);
	memcpy(g->p + g->n, p, n);
	g->n += (uint32_t)n;
}

/* The end of it. There is room. */
static inline uint8_t *varint(uint8_t *to, uint64_t v)
{
	for (; v > 0x7F; v >>= 7)
		*to++ = (uint8_t)(v | 0x80);
	*to++ = (uint8_t)v;
	return to;
}

static void put_u64(struct gifts *g, uint64_t v)
{
	GROW(g->p, g->cap, g->n + LONGEST);
	g->n = (uint32_t)(varint(g->p + g->n, v) - g->p);
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

/* Bytes of a number without leading ones that are 0. */
static inline uint32_t bytes_of(uint64_t v)
{
	return v ? (71u - (uint32_t)__builtin_clzll(v)) / 8 : 0;
}

/* Without a branch. There is room. */
static inline void put_sum(struct gifts *g, uint64_t count, int64_t sum)
{
	uint64_t total = (uint64_t)sum << 1 ^ (uint64_t)(sum >> 63);
	uint32_t few = bytes_of(count), many = bytes_of(total);
	uint8_t *to = g->p + g->n;

	*to++ = (uint8_t)(few | many << COUNT_BYTES_BITS);
	memcpy(to, &count, sizeof count);
	memcpy(to + few, &total, sizeof total);
	g->n += 1 + few + many;
}

static uint64_t take_bytes(struct unpacking *u, uint32_t n)
{
	uint64_t v = 0;

	memcpy(&v, u->p + u->at, n);
	u->at += n;
	return v;
}

static uint64_t take_sum(struct unpacking *u, int64_t *sum)
{
	uint32_t head = u->p[u->at++];
	uint64_t count = take_bytes(u, head & ((1u << COUNT_BYTES_BITS) - 1));
	uint64_t total = take_bytes(u, head >> COUNT_BYTES_BITS);

	*sum = (int64_t)(total >> 1 ^ (~(total & 1) + 1));
	return count;
}

static void put_kept(struct gifts *g, const struct coded *k)
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
		memcpy(&k->sum, u->p + u->at, sizeof k->sum);
		u->at += (uint32_t)sizeof k->sum;
	}
}

void gift_pack(const struct cells *c, struct gifts *g, const struct gift *gift)
{
	uint32_t n = c->table[gift->source].n_sum;

	GROW(g->p, g->cap, g->n + LONGEST + sizeof gift->digest + n * SUM_LONGEST);
	g->n = (uint32_t)(varint(g->p + g->n, gift->sure) - g->p);
	memcpy(g->p + g->n, &gift->digest, sizeof gift->digest);
	g->n += (uint32_t)sizeof gift->digest;
	for (uint32_t i = 0; i < n; i++) {
		const struct partial *p = &gift->partial[i];
		const struct coded *k = gift->kept ? &gift->kept[i] : NULL;
		bool kept = k && (k->n || k->sum.den);

		put_sum(g, (uint64_t)p->count << STATE_BITS | (kept ? KEPT : 0) | p->unknown,
			p->sum);
		if (kept) {
			put_kept(g, k);
			GROW(g->p, g->cap, g->n + (n - i) * SUM_LONGEST);
		}
	}
	GROW(g->cell, g->cap_cell, g->n_cell + 1);
	g->cell[g->n_cell++] = (struct given_cell){ gift->source, gift->cell, g->n };
}

static uint32_t start_of(const struct gifts *g, uint32_t i)
{
	return i ? g->cell[i - 1].end : 0;
}

void gift_unpack(struct cells *c, const struct gifts *g, uint32_t i, struct gift *out)
{
	struct unpacking u = { g->p, start_of(g, i) };
	struct partial *p;
	struct coded *k;
	uint32_t n;

	arena_reset(&c->scratch);
	out->source = g->cell[i].source;
	out->cell = g->cell[i].cell;
	out->sure = (uint32_t)take_u64(&u);
	u.at += (uint32_t)sizeof out->digest;
	n = c->table[out->source].n_sum;
	out->partial = p = arena_array(&c->scratch, n, sizeof *p);
	out->kept = k = arena_array(&c->scratch, n, sizeof *k);
	for (uint32_t s = 0; s < n; s++) {
		uint64_t head = take_sum(&u, &p[s].sum);

		p[s].count = (uint32_t)(head >> STATE_BITS);
		p[s].unknown = head & UNKNOWN;
		if (head & KEPT)
			take_kept(c, &u, &k[s]);
	}
}

void gift_copy(struct gifts *to, const struct gifts *from, uint32_t i)
{
	uint32_t start = start_of(from, i);

	put(to, from->p + start, from->cell[i].end - start);
	GROW(to->cell, to->cap_cell, to->n_cell + 1);
	to->cell[to->n_cell++] = (struct given_cell){ from->cell[i].source, from->cell[i].cell,
						      to->n };
}

static bool same_gift(const struct gifts *a, uint32_t i, const struct gifts *b, uint32_t k)
{
	uint32_t n = a->cell[i].end - start_of(a, i);

	return a->cell[i].cell == b->cell[k].cell && a->cell[i].source == b->cell[k].source &&
	       n == b->cell[k].end - start_of(b, k) &&
	       memcmp(a->p + start_of(a, i), b->p + start_of(b, k), n) == 0;
}

uint32_t gift_same(const struct gifts *a, uint32_t i, const struct gifts *b, uint32_t hint)
{
	for (uint32_t k = hint; k < b->n_cell; k++)
		if (same_gift(a, i, b, k))
			return k;
	for (uint32_t k = 0; k < hint && k < b->n_cell; k++)
		if (same_gift(a, i, b, k))
			return k;
	return b->n_cell;
}

bool gifts_equal(const struct gifts *a, const struct gifts *b)
{
	return a->n_cell == b->n_cell && a->n == b->n &&
	       (a->n_cell == 0 || (memcmp(a->cell, b->cell, a->n_cell * sizeof *a->cell) == 0 &&
				   memcmp(a->p, b->p, a->n) == 0));
}

struct gifts given_gifts(const struct given *g)
{
	return (struct gifts){ .cell = g->cell, .p = (uint8_t *)(g->cell + g->n_cell),
			       .n_cell = g->n_cell,
			       .n = g->n_cell ? g->cell[g->n_cell - 1].end : 0 };
}

void given_set(struct given *g, const struct gifts *from, uint32_t first, uint32_t n)
{
	uint32_t start = start_of(from, first), bytes;

	xfree(g->cell);
	g->cell = NULL;
	g->n_cell = n;
	if (!n)
		return;
	bytes = from->cell[first + n - 1].end - start;
	g->cell = xmalloc(n * sizeof *g->cell + bytes);
	for (uint32_t i = 0; i < n; i++) {
		g->cell[i] = from->cell[first + i];
		g->cell[i].end -= start;
	}
	memcpy(g->cell + n, from->p + start, bytes);
}
