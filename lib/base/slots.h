/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slots.h - numbers by hash, for tables whose keys lie elsewhere.
 *
 * Slots stand by eights in a line of the cache, hashes first, used from the first on: all hashes
 * of a line are compared together, and a look-up seldom needs a second line. At most three
 * quarters are in use; when they double, lines are read and written in order, and no key is
 * looked at. Nothing is taken out. Belongs to one thread; many may look while nobody adds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define SLOTS_LINE 8u

struct slots_line {
	uint32_t hash[SLOTS_LINE];   /* 0 = free */
	uint32_t number[SLOTS_LINE];
};

struct slots {
	struct slots_line *line;
	void *memory;                /* that they lie in */
	size_t mask;                 /* lines - 1 */
	size_t used;
};

void slots_init(struct slots *s);
void slots_fini(struct slots *s);
void slots_clear(struct slots *s); /* empty again, as large as before */
size_t slots_bytes(const struct slots *s);

/* Twice as many. */
void slots_double(struct slots *s);

/* Room for n more: while these are put, what has been fetched stays where it is. */
static inline void slots_reserve(struct slots *s, size_t n)
{
	while (s->used + n > (s->mask + 1) * (SLOTS_LINE / 4 * 3))
		slots_double(s);
}

/* A bit for each slot with this hash. */
static inline unsigned slots_alike(const struct slots_line *l, uint32_t hash)
{
#if defined(__SSE2__)
	__m128i wanted = _mm_set1_epi32((int)hash);
	__m128i low = _mm_cmpeq_epi32(_mm_load_si128((const void *)l->hash), wanted);
	__m128i high = _mm_cmpeq_epi32(_mm_load_si128((const void *)(l->hash + 4)), wanted);

	return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(low)) |
	       (unsigned)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
	unsigned same = 0;

	for (unsigned i = 0; i < SLOTS_LINE; i++)
		same |= (unsigned)(l->hash[i] == hash) << i;
	return same;
#endif
}

/* Where a look-up of a hash begins; a hash is not 0. */
static inline struct slots_line *slots_first(const struct slots *s, uint32_t hash)
{
	return &s->line[hash & s->mask];
}

/* The line a look-up goes on in; NULL when it ends with this one. */
static inline struct slots_line *slots_next(const struct slots *s, struct slots_line *l)
{
	if (!l->hash[SLOTS_LINE - 1])
		return NULL;
	return l == &s->line[s->mask] ? s->line : l + 1;
}

/* Fetch where a look-up begins. Always in line: gcc takes a function that only fetches for one
 * without effect, and leaves its calls out. */
static inline __attribute__((always_inline)) void
slots_fetch(const struct slots *s, uint32_t hash)
{
	__builtin_prefetch(slots_first(s, hash));
}

/* The number that is probably the one looked for, 0 when there is none in the first line; to
 * fetch what it stands for. Without a branch, as it would be guessed wrong. */
static inline uint32_t slots_guess(const struct slots *s, uint32_t hash)
{
	const struct slots_line *l = slots_first(s, hash);
	unsigned same = slots_alike(l, hash);
	unsigned i = (unsigned)__builtin_ctz(same | 1u << (SLOTS_LINE - 1));

	return l->number[i] & -(uint32_t)(same != 0);
}

/* Puts a number into the line where a look-up of its hash ended; there is room. */
static inline void slots_put(struct slots *s, struct slots_line *l, uint32_t hash, uint32_t number)
{
	unsigned i = (unsigned)__builtin_ctz(slots_alike(l, 0));

	l->hash[i] = hash;
	l->number[i] = number;
	s->used++;
}
