/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * block.c - finds how each word is kept and writes it; reading goes word by word.
 *
 * Rows are read into a copy of what all share, then the low bytes are put over it.
 */
#include "lib/timeline/block.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/simd.h"

enum { FOUR_ROWS = 4 };

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

static inline uint16_t low_first_two(uint16_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap16(v);
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

/* All lanes of a word are looked at and written, whatever the number of rows, so that the loops
 * have no ends that could be guessed wrong: `mine` is all ones in those of rows. */

static inline uint32_t differing(const uint32_t *v, const uint32_t *mine)
{
	uint32_t differ = 0;

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		differ |= (v[i] ^ v[0]) & mine[i];
	return differ;
}

static inline uint32_t uneven(const uint32_t *v, const uint32_t *mine)
{
	uint32_t differ = 0;

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		differ |= (v[i] - v[0] - i) & mine[i];
	return differ;
}

static inline uint32_t unlike(const uint32_t *v, const uint32_t *other, const uint32_t *mine)
{
	uint32_t differ = 0;

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		differ |= (v[i] ^ other[i]) & mine[i];
	return differ;
}

static inline enum kind kind_of(const struct block_plan *p, const struct sheet *s, uint32_t w,
				const uint32_t *mine)
{
	const uint32_t *v = s->word[w];
	uint32_t differ = differing(v, mine);

	if (!differ)
		return v[0] == p->blank[w] ? BLANK : CONST;
	if (v[s->n - 1] - v[0] == s->n - 1 && !uneven(v, mine))
		return SEQ;
	if (p->twin[w] && !unlike(v, s->word[p->twin[w]], mine))
		return TWIN;
	return differ >> 24 ? LOW4 : differ >> 16 ? LOW3 : differ >> 8 ? LOW2 : LOW1;
}

static inline void write_low1(uint8_t *to, const uint32_t *v)
{
	uint8_t low[BLOCK_ROWS];

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		low[i] = (uint8_t)v[i];
	memcpy(to, low, sizeof low);
}

static inline void write_low2(uint8_t *to, const uint32_t *v)
{
	uint16_t low[BLOCK_ROWS];

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		low[i] = low_first_two((uint16_t)v[i]);
	memcpy(to, low, sizeof low);
}

/* Four bytes each time, of which the next row writes over the high ones. */
static inline void write_low3(uint8_t *to, const uint32_t *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += FOUR_ROWS)
		for (uint32_t j = i; j < i + FOUR_ROWS; j++)
			put(to + j * 3, v[j]);
}

static inline void write_low4(uint8_t *to, const uint32_t *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		put(to + i * 4, v[i]);
}

/* Writes up to all lanes, of which more follows than counts. */
static inline void write_low(uint8_t *to, const uint32_t *v, uint32_t n, enum kind k)
{
	switch (k) {
	case LOW1: write_low1(to, v); break;
	case LOW2: write_low2(to, v); break;
	case LOW3: write_low3(to, v, n); break;
	default: write_low4(to, v, n); break;
	}
}

KERNEL uint32_t block_write(const struct block_plan *p, const struct sheet *s, uint8_t *to)
{
	uint8_t *begin = to, kind[BLOCK_WORDS + 1];
	uint32_t mine[BLOCK_ROWS];

	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		mine[i] = i < s->n ? UINT32_MAX : 0;
	to += kinds_bytes(p);
	for (uint32_t w = BLOCK_FIRST; w < p->words; w++) {
		enum kind k = kind_of(p, s, w, mine);

		kind[w] = (uint8_t)k;
		put(to, s->word[w][0]); /* may be written over */
		to += head_bytes[k];
		if (k >= LOW1)
			write_low(to, s->word[w], s->n, k);
		to += s->n * row_bytes[k];
	}
	kind[p->words] = 0;
	for (uint32_t w = BLOCK_FIRST, i = 0; w < p->words; w += 2, i++)
		begin[i] = (uint8_t)(kind[w] | kind[w + 1] << 4);
	memcpy(to, s->digest, s->n * sizeof *s->digest);
	return (uint32_t)(to - begin) + s->n * (uint32_t)sizeof *s->digest;
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

static inline void fill_low1(uint32_t *v, const uint8_t *from, uint32_t shared)
{
	uint8_t low[BLOCK_ROWS];

	memcpy(low, from, sizeof low);
	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		v[i] = shared | low[i];
}

static inline void fill_low2(uint32_t *v, const uint8_t *from, uint32_t shared)
{
	uint16_t low[BLOCK_ROWS];

	memcpy(low, from, sizeof low);
	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		v[i] = shared | low_first_two(low[i]);
}

/* A word of all lanes, or, where their bytes are many, of all rows. */
static inline void fill_low(uint32_t *v, const uint8_t *from, uint32_t shared, enum kind k,
			    uint32_t n)
{
	shared &= ~low_mask(k);
	switch (k) {
	case LOW1: fill_low1(v, from, shared); break;
	case LOW2: fill_low2(v, from, shared); break;
	case LOW3: read_width(from, shared, LOW3, n, (uint8_t *)v, sizeof *v); break;
	default: read_width(from, shared, LOW4, n, (uint8_t *)v, sizeof *v); break;
	}
}

static inline void fill_even(uint32_t *v, uint32_t first, uint32_t step)
{
	for (uint32_t i = 0; i < BLOCK_ROWS; i++)
		v[i] = first + step * i;
}

KERNEL void block_read(const struct block_plan *p, const uint8_t *from, uint32_t n,
		       struct sheet *s)
{
	const uint8_t *kinds = from;

	from += kinds_bytes(p);
	s->n = n;
	for (uint32_t w = BLOCK_FIRST; w < p->words; w++) {
		enum kind k = kind_at(kinds, w);
		uint32_t shared = head_bytes[k] ? get(from) : p->blank[w];

		from += head_bytes[k];
		if (k >= LOW1)
			fill_low(s->word[w], from, shared, k, n);
		else if (k == TWIN)
			memcpy(s->word[w], s->word[p->twin[w]], sizeof s->word[w]);
		else
			fill_even(s->word[w], shared, k == SEQ);
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
