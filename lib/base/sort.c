/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sort.c - insertion sort for few, merged pieces of these for more, least-digit radix for many.
 * Digits that are the same in every key cost one look at a histogram.
 */
#include "lib/base/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"

enum { FEW = 48, PIECE = 12, RADIX = 256, DIGITS = 8 };

static void insertion(uint64_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t key = v[i];
		size_t at = i;

		for (; at > 0 && v[at - 1] > key; at--)
			v[at] = v[at - 1];
		v[at] = key;
	}
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Sorted v[0..half) and v[half..n) into one; scratch holds the first. */
static void merge_halves(uint64_t *v, size_t half, size_t n, uint64_t *scratch)
{
	size_t i = 0, k = half, at = 0;

	if (v[half - 1] <= v[half])
		return;
	memcpy(scratch, v, half * sizeof *v);
	while (i < half && k < n)
		v[at++] = scratch[i] <= v[k] ? scratch[i++] : v[k++];
	memcpy(v + at, scratch + i, (half - i) * sizeof *v);
}

static void merge_sort(uint64_t *v, size_t n, uint64_t *scratch)
{
	for (size_t from = 0; from < n; from += PIECE)
		insertion(v + from, n - from < PIECE ? n - from : PIECE);
	for (size_t run = PIECE; run < n; run *= 2)
		for (size_t from = 0; from + run < n; from += 2 * run)
			merge_halves(v + from, run, n - from < 2 * run ? n - from : 2 * run,
				     scratch);
}

static void count_digits(const uint64_t *v, size_t n, size_t count[DIGITS][RADIX])
{
	memset(count, 0, sizeof(size_t[DIGITS][RADIX]));
	for (size_t i = 0; i < n; i++)
		for (int d = 0; d < DIGITS; d++)
			count[d][v[i] >> (d * 8) & 0xFF]++;
}

/* Turns counts into first positions; false when one digit value has all n keys. */
static bool to_positions(size_t *count, size_t n)
{
	size_t sum = 0;

	for (int i = 0; i < RADIX; i++) {
		size_t c = count[i];

		if (c == n)
			return false;
		count[i] = sum;
		sum += c;
	}
	return true;
}

static void radix(uint64_t *v, size_t n, uint64_t *scratch)
{
	size_t count[DIGITS][RADIX];
	uint64_t *from = v;
	uint64_t *to = scratch;

	count_digits(v, n, count);
	for (int d = 0; d < DIGITS; d++) {
		uint64_t *swap = from;

		if (!to_positions(count[d], n))
			continue;
		for (size_t i = 0; i < n; i++)
			to[count[d][from[i] >> (d * 8) & 0xFF]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * sizeof *v);
}

void sort_u64(uint64_t *v, size_t n, uint64_t *scratch)
{
	if (n <= (scratch ? PIECE : FEW))
		insertion(v, n);
	else if (scratch && n >= RADIX)
		radix(v, n, scratch);
	else if (scratch)
		merge_sort(v, n, scratch);
	else
		qsort(v, n, sizeof *v, compare_u64);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct sort_pair *x = a;
	const struct sort_pair *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

static void insert_pairs(struct sort_pair *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct sort_pair x = v[i];
		size_t at = i;

		for (; at > 0 && compare_pairs(&v[at - 1], &x) > 0; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

/* One byte of a pair: 0..7 of the value, 8..15 of the key. */
static unsigned pair_digit(const struct sort_pair *p, unsigned d)
{
	uint64_t half = d < DIGITS ? p->value : p->key;

	return (unsigned)(half >> (d % DIGITS * 8) & 0xFF);
}

static void scatter_pairs(struct sort_pair *to, const struct sort_pair *from, size_t n, unsigned d)
{
	size_t at[RADIX] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[pair_digit(&from[i], d)]++;
	for (unsigned i = 0; i < RADIX; i++) {
		size_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[pair_digit(&from[i], d)]++] = from[i];
}

/* Least digit first over the bytes in which any two pairs differ. */
static void radix_pairs(struct sort_pair *v, size_t n)
{
	struct sort_pair differ = { 0, 0 };
	struct sort_pair *scratch = xmalloc(n * sizeof *v), *from = v, *to = scratch;

	for (size_t i = 1; i < n; i++) {
		differ.key |= v[i].key ^ v[0].key;
		differ.value |= v[i].value ^ v[0].value;
	}
	for (unsigned d = 0; d < 2 * DIGITS; d++) {
		struct sort_pair *swap = from;

		if (!pair_digit(&differ, d))
			continue;
		scatter_pairs(to, from, n, d);
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * sizeof *v);
	xfree(scratch);
}

static bool pairs_sorted(const struct sort_pair *v, size_t n)
{
	size_t i = 1;

	while (i < n && compare_pairs(&v[i - 1], &v[i]) <= 0)
		i++;
	return i >= n;
}

void sort_pairs(struct sort_pair *v, size_t n)
{
	if (n <= FEW)
		insert_pairs(v, n);
	else if (!pairs_sorted(v, n))
		radix_pairs(v, n);
}
