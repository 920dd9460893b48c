/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sort.c - insertion sort for few, least-digit radix for many. Digits that are
 * the same in every key cost one look at a histogram.
 */
#include "lib/base/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 48, RADIX = 256, DIGITS = 8 };

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
	if (n <= FEW)
		insertion(v, n);
	else if (scratch && n >= RADIX)
		radix(v, n, scratch);
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

void sort_pairs(struct sort_pair *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof *v, compare_pairs);
}
