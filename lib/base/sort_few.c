/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sort_few.c - few numbers in any order: each is told its place by counting how many are less.
 *
 * Insertion guesses wrong at nearly every number that comes in no order; counting guesses
 * nothing, and sixteen numbers are counted at a time. What is compared is 32 bits: how far a
 * number is from the least, then its place, so that no two are the same.
 */
#include <string.h>

#include "lib/base/simd.h"
#include "lib/base/sort.h"

enum { LANES = 8, PLACE_BITS = 6, PIECE = 32 };
typedef int32_t lanes __attribute__((vector_size(LANES * sizeof(int32_t))));

/* Keys of all, the greatest behind them. False when they are too far apart. */
static inline __attribute__((always_inline)) bool
make_keys(const uint64_t *v, uint32_t n, int32_t *key)
{
	uint32_t high[SORT_FEW], least = UINT32_MAX, most = 0;

	for (uint32_t i = 0; i < n; i++) {
		high[i] = (uint32_t)(v[i] >> 32);
		least = high[i] < least ? high[i] : least;
		most = high[i] > most ? high[i] : most;
	}
	if (most - least >= 1u << (31 - PLACE_BITS))
		return false;
	for (uint32_t i = 0; i < n; i++)
		key[i] = (int32_t)((high[i] - least) << PLACE_BITS | i);
	for (uint32_t i = n; i % (2 * LANES); i++)
		key[i] = INT32_MAX;
	return true;
}

KERNEL bool sort_few(uint64_t *v, uint32_t n)
{
	int32_t key[SORT_FEW], rank[SORT_FEW];
	uint64_t to[SORT_FEW];

	if (!make_keys(v, n, key))
		return false;
	for (uint32_t i = 0; i < n; i += 2 * LANES) {
		lanes a, b, less_a = { 0 }, less_b = { 0 };

		memcpy(&a, key + i, sizeof a);
		memcpy(&b, key + i + LANES, sizeof b);
		for (uint32_t k = 0; k < n; k++) {
			less_a += a > key[k]; /* -1 when so */
			less_b += b > key[k];
		}
		memcpy(rank + i, &less_a, sizeof less_a);
		memcpy(rank + i + LANES, &less_b, sizeof less_b);
	}
	for (uint32_t i = 0; i < n; i++)
		to[-rank[i]] = v[i];
	memcpy(v, to, n * sizeof *v);
	return true;
}

/* Sorted v[0..half) and v[half..n) into one; scratch holds the first. */
static void merge_halves(uint64_t *v, uint32_t half, uint32_t n, uint64_t *scratch)
{
	uint32_t i = 0, k = half, at = 0;

	if (v[half - 1] <= v[half])
		return;
	memcpy(scratch, v, half * sizeof *v);
	while (i < half && k < n) {
		uint64_t a = scratch[i], b = v[k];
		uint32_t second = b < a;

		v[at++] = second ? b : a;
		k += second;
		i += 1 - second;
	}
	memcpy(v + at, scratch + i, (half - i) * sizeof *v);
}

bool sort_pieces(uint64_t *v, uint32_t n, uint64_t *scratch)
{
	if (n <= SORT_FEW)
		return sort_few(v, n);
	for (uint32_t from = 0; from < n; from += PIECE)
		if (!sort_few(v + from, n - from < PIECE ? n - from : PIECE))
			return false;
	for (uint32_t run = PIECE; run < n; run *= 2)
		for (uint32_t from = 0; from + run < n; from += 2 * run)
			merge_halves(v + from, run, n - from < 2 * run ? n - from : 2 * run,
				     scratch);
	return true;
}
