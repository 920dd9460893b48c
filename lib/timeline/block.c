/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * block.c - one pass finds how each word is kept, one writes; reading goes word by word.
 *
 * Rows are read into a copy of what all share, then the low bytes are put over it.
 */
#include "lib/timeline/block.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/simd.h"

enum kind { BLANK, CONST, SEQ, TWIN, LOW1, LOW2, LOW3, LOW4 };

/* Words of a block being read that are not the same in all rows. */
struct differing {
	uint32_t n;
	struct differs {
		const uint8_t *from; /* the rows' bytes */
		uint32_t shared;
		uint8_t w, kind;
	} word[BLOCK_WORDS];
};

/* Bytes a row takes of a word kept so, and of what all share. */
static const uint8_t row_bytes[] = { 0, 0, 0, 0, 1, 2, 3, 4 };
static const uint8_t head_bytes[] = { 0, 4, 4, 0, 4, 4, 4, 0 };

static uint32_t kinds_bytes(const struct block_plan *p)
{
	return (p->words - BLOCK_FIRST + 1) / 2;
}

static inline enum kind kind_at(const uint8_t *from, uint32_t w)
{
	return (enum kind)(from[(w - BLOCK_FIRST) / 2] >> w % 2 * 4 & 15);
}

/* In a row, as the machine has them. */
static inline uint32_t load(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline void store(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
}

/* In a block, the low byte first. */
static inline uint32_t low_first(uint32_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

static inline uint32_t get(const uint8_t *p)
{
	return low_first(load(p));
}

static inline void put(uint8_t *p, uint32_t v)
{
	store(p, low_first(v));
}

/* ---- in ---- */

/* Over all lanes, of which n count, so that the loops have no ends. */
static inline uint32_t differing(const uint32_t *v, uint32_t n)
{
	uint32_t differ = 0;

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		differ |= i < n ? v[i] ^ v[0] : 0;
	return differ;
}

static inline uint32_t uneven(const uint32_t *v, uint32_t n)
{
	uint32_t differ = 0;

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		differ |= i < n ? v[i] - v[0] - i : 0;
	return differ;
}

static inline uint32_t unlike(const uint32_t *v, const uint32_t *other, uint32_t n)
{
	uint32_t differ = 0;

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		differ |= i < n ? v[i] ^ other[i] : 0;
	return differ;
}

static inline enum kind kind_of(const struct block_plan *p, const struct sheet *s, uint32_t w)
{
	const uint32_t *v = s->word[w];
	uint32_t differ = differing(v, s->n);

	if (!differ)
		return v[0] == p->blank[w] ? BLANK : CONST;
	if (v[s->n - 1] - v[0] == s->n - 1 && !uneven(v, s->n))
		return SEQ;
	if (p->twin[w] && !unlike(v, s->word[p->twin[w]], s->n))
		return TWIN;
	return differ >> 24 ? LOW4 : differ >> 16 ? LOW3 : differ >> 8 ? LOW2 : LOW1;
}

KERNEL void block_measure(const struct block_plan *p, const struct sheet *s,
			  struct block_shape *shape)
{
	uint32_t head = 0, row = sizeof *s->digest;

	for (uint32_t w = BLOCK_FIRST; w < p->words; w++) {
		enum kind k = kind_of(p, s, w);

		shape->kind[w] = (uint8_t)k;
		head += head_bytes[k];
		row += row_bytes[k];
	}
	shape->kind[p->words] = 0;
	shape->bytes = kinds_bytes(p) + head + s->n * row;
}

/* Four bytes each time, of which the next row writes over the high ones; behind the last come
 * the digests. */
static inline __attribute__((always_inline)) void
write_width(uint8_t *to, const uint32_t *v, uint32_t n, uint32_t bytes)
{
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++)
		put(to + i * bytes, v[i]);
}

static void write_low(uint8_t *to, const uint32_t *v, uint32_t n, uint32_t bytes)
{
	switch (bytes) {
	case 1: write_width(to, v, n, 1); break;
	case 2: write_width(to, v, n, 2); break;
	case 3: write_width(to, v, n, 3); break;
	default: write_width(to, v, n, 4); break;
	}
}

void block_write(const struct block_plan *p, const struct sheet *s,
		 const struct block_shape *shape, uint8_t *to)
{
	for (uint32_t w = BLOCK_FIRST; w < p->words; w += 2)
		*to++ = (uint8_t)(shape->kind[w] | shape->kind[w + 1] << 4);
	for (uint32_t w = BLOCK_FIRST; w < p->words; w++) {
		enum kind k = (enum kind)shape->kind[w];

		if (k == BLANK || k == TWIN)
			continue;
		if (head_bytes[k])
			put(to, s->word[w][0]);
		to += head_bytes[k];
		if (k < LOW1)
			continue;
		write_low(to, s->word[w], s->n, row_bytes[k]);
		to += s->n * row_bytes[k];
	}
	memcpy(to, s->digest, s->n * sizeof *s->digest);
}

/* ---- out ---- */

/* The bytes of a row's word that it has for itself. */
static inline uint32_t low_mask(enum kind k)
{
	return (uint32_t)((UINT64_C(1) << 8 * row_bytes[k]) - 1);
}

/* A word of all rows, `step` bytes apart; `from` is where the rows' bytes begin, of which more
 * follow than are read too many. */
static inline __attribute__((always_inline)) void
read_width(const uint8_t *from, uint32_t shared, enum kind k, uint32_t n, uint8_t *to, size_t step)
{
	uint32_t mask = low_mask(k), bytes = row_bytes[k];

	shared &= ~mask;
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++) {
		store(to, shared | (get(from + i * bytes) & mask));
		to += step;
	}
}

static inline __attribute__((always_inline)) void
read_low(const uint8_t *from, uint32_t shared, enum kind k, uint32_t n, uint8_t *to, size_t step)
{
	switch (k) {
	case LOW1: read_width(from, shared, LOW1, n, to, step); break;
	case LOW2: read_width(from, shared, LOW2, n, to, step); break;
	case LOW3: read_width(from, shared, LOW3, n, to, step); break;
	default: read_width(from, shared, LOW4, n, to, step); break;
	}
}

void block_read(const struct block_plan *p, const uint8_t *from, uint32_t n, struct sheet *s)
{
	const uint8_t *kinds = from;

	from += kinds_bytes(p);
	s->n = n;
	for (uint32_t w = BLOCK_FIRST; w < p->words; w++) {
		enum kind k = kind_at(kinds, w);
		uint32_t *v = s->word[w], shared = head_bytes[k] ? get(from) : p->blank[w];

		from += head_bytes[k];
		if (k >= LOW1)
			read_low(from, shared, k, n, (uint8_t *)v, sizeof *v);
		else if (k == TWIN)
			memcpy(v, s->word[p->twin[w]], n * sizeof *v);
		for (uint32_t i = 0; k < TWIN && i < n; i++)
			v[i] = shared + (k == SEQ ? i : 0);
		from += n * row_bytes[k];
	}
	memcpy(s->digest, from, n * sizeof *s->digest);
}

/* What all rows share goes to the first, then to the others, by doubling; words that are not the
 * same in all are left for later. Returns where the digests begin. */
static const uint8_t *spread(const struct block_plan *p, const uint8_t *from, uint32_t n,
			     uint8_t *rows, struct differing *d)
{
	const uint8_t *at = from + kinds_bytes(p);
	size_t step = p->words * sizeof(uint32_t);

	d->n = 0;
	for (uint32_t w = BLOCK_FIRST; w < p->words; w++) {
		enum kind k = kind_at(from, w);
		uint32_t shared = head_bytes[k] ? get(at) : p->blank[w];

		store(rows + 4 * w, shared);
		at += head_bytes[k];
		if (k > CONST && !p->unread[w])
			d->word[d->n++] = (struct differs){ at, shared, (uint8_t)w, (uint8_t)k };
		at += n * row_bytes[k];
	}
	for (uint32_t have = 1; have < n; have *= 2)
		memcpy(rows + have * step, rows, (have * 2 < n ? have : n - have) * step);
	return at;
}

static void count_on(uint32_t v, uint32_t n, uint8_t *to, size_t step)
{
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++, to += step)
		store(to, v + i);
}

static void repeat(const uint8_t *from, uint32_t n, uint8_t *to, size_t step)
{
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++, to += step, from += step)
		store(to, load(from));
}

void block_rows(const struct block_plan *p, const uint8_t *from, uint32_t n, bool digests,
		uint8_t *rows)
{
	size_t step = p->words * sizeof(uint32_t);
	struct differing d;

	from = spread(p, from, n, rows, &d);
	for (uint32_t k = 0; k < d.n; k++) {
		const struct differs *it = &d.word[k];
		uint8_t *to = rows + 4u * it->w;

		if (it->kind >= LOW1)
			read_low(it->from, it->shared, it->kind, n, to, step);
		else if (it->kind == SEQ)
			count_on(it->shared, n, to, step);
		else
			repeat(rows + 4u * p->twin[it->w], n, to, step);
	}
	for (uint32_t i = 0; digests && i < n; i++)
		memcpy(rows + i * step, from + i * sizeof(uint64_t), sizeof(uint64_t));
}

static uint32_t word_at(const uint8_t *from, enum kind k, uint32_t i)
{
	uint32_t shared = head_bytes[k] ? get(from) : 0, mask = low_mask(k);

	if (k < LOW1)
		return shared + (k == SEQ ? i : 0);
	return (shared & ~mask) | (get(from + head_bytes[k] + i * row_bytes[k]) & mask);
}

void block_row(const struct block_plan *p, const uint8_t *from, uint32_t n, uint32_t i,
	       uint8_t *row)
{
	const uint8_t *kinds = from;

	from += kinds_bytes(p);
	for (uint32_t w = BLOCK_FIRST; w < p->words; w++) {
		enum kind k = kind_at(kinds, w);

		store(row + 4 * w, k == BLANK ? p->blank[w] :
				   k == TWIN ? load(row + 4u * p->twin[w]) : word_at(from, k, i));
		from += head_bytes[k] + n * row_bytes[k];
	}
	memcpy(row, from + i * sizeof(uint64_t), sizeof(uint64_t));
}
