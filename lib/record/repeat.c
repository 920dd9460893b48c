/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repeat.c - compare lines eight bytes at a time, and cells only where lines differ.
 */
#include "lib/record/repeat.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define ALIKE_MAX 127u /* so that a byte's highest bit is free */
#define EACH_BYTE UINT64_C(0x0101010101010101)

#define STEP 16u
#define TWO_STEPS 32u

#if defined(__SSE2__)

static inline __m128i same_bytes(const char *a, const char *b)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)a);
	__m128i y = _mm_loadu_si128((const __m128i *)(const void *)b);
	return _mm_cmpeq_epi8(x, y);
}

static inline bool same_step(const char *a, const char *b)
{
	return _mm_movemask_epi8(same_bytes(a, b)) == 0xffff;
}

static inline bool same_two_steps(const char *a, const char *b)
{
	return _mm_movemask_epi8(_mm_and_si128(same_bytes(a, b),
					       same_bytes(a + STEP, b + STEP))) == 0xffff;
}

#else

static inline bool same_step(const char *a, const char *b)
{
	return bytes_same(a, b, STEP);
}

static inline bool same_two_steps(const char *a, const char *b)
{
	return bytes_same(a, b, TWO_STEPS);
}

#endif

/* Bytes that two texts have in common at their beginning, in steps. */
static inline uint32_t common_bytes(const char *a, const char *b, uint32_t n)
{
	uint32_t at = 0;
	while (at + TWO_STEPS <= n && same_two_steps(a + at, b + at))
		at += TWO_STEPS;
	return at + STEP <= n && same_step(a + at, b + at) ? at + STEP : at;
}

/* Both rows are lines of one stretch: the same bytes are then the same cells. */
static inline unsigned common_cells(const struct row_cells *a, const struct row_cells *b,
				    unsigned guess)
{
	uint32_t of_a = a->end[a->n - 1] - a->begin, of_b = b->end[b->n - 1] - b->begin;
	uint32_t same = common_bytes(a->text + a->begin, b->text + b->begin,
				     of_a < of_b ? of_a : of_b);
	unsigned k = guess && a->end[guess - 1] - a->begin < same ? guess : 0;
	while (k < ALIKE_MAX && k < a->n && a->end[k] - a->begin < same)
		k++;
	return k;
}

void repeat_heads(const struct row_in *in, unsigned n, uint8_t alike[RUN_MAX])
{
	memset(alike, 0, RUN_MAX);
	for (unsigned i = 1; i < n; i++) {
		const struct row_cells *a = &in[i].cells, *b = &in[i - 1].cells;
		if (!a->cell && a->text == b->text)
			alike[i] = (uint8_t)common_cells(a, b, alike[i - 1]);
	}
}

void repeat_column(const struct row_in *in, unsigned n, uint32_t column, struct str *text)
{
	/* One row is told by ends, or all are. */
	if (in->cells.cell || column == 0 || column >= in->cells.n) {
		for (unsigned i = 0; i < n; i++)
			text[i] = cell_at(&in[i].cells, column);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		text[i] = cell_between(&in[i].cells, column);
}

#if defined(__SSE2__)

/* Bit per row with more leading cells alike than this. */
static inline uint64_t alike_beyond(const uint8_t alike[RUN_MAX], uint32_t column)
{
	__m128i most = _mm_set1_epi8((char)column);
	uint64_t rows = 0;
	for (unsigned i = 0; i < RUN_MAX; i += STEP) {
		__m128i some = _mm_loadu_si128((const __m128i *)(const void *)(alike + i));
		unsigned more = (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(some, most));
		rows |= (uint64_t)more << i;
	}
	return rows;
}

#else

static inline uint64_t alike_beyond(const uint8_t alike[RUN_MAX], uint32_t column)
{
	uint64_t rows = 0;
	for (unsigned i = 0; i < RUN_MAX; i += 8) {
		uint64_t eight = bytes_load((const char *)alike + i, 8);
		uint64_t more = (eight + (ALIKE_MAX - column) * EACH_BYTE) & EACH_BYTE * 0x80;
		rows |= ((more >> 7) * UINT64_C(0x0102040810204080) >> 56) << i;
	}
	return rows;
}

#endif

/* Rows of which no more than `column` leading cells are those of the row before. */
static uint64_t not_alike(const uint8_t alike[RUN_MAX], unsigned n, uint32_t column)
{
	uint64_t rows = column < ALIKE_MAX ? alike_beyond(alike, column) : 0;
	return ~rows & rows_up_to(n);
}

uint64_t repeat_changed(const struct row_in *in, unsigned n, const uint8_t alike[RUN_MAX],
			uint32_t column, struct str *text)
{
	uint64_t changed = 0;
	struct str last = { NULL, UINT32_MAX };
	for (uint64_t left = not_alike(alike, n, column); left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		text[i] = cell_at(&in[i].cells, column);
		changed |= (uint64_t)!same_text(text[i], last) << i;
		last = text[i];
	}
	return changed;
}

uint64_t repeat_among(const struct str *text, unsigned n)
{
	uint64_t changed = 1;
	for (unsigned i = 1; i < n; i++)
		changed |= (uint64_t)!same_text(text[i], text[i - 1]) << i;
	return changed;
}
