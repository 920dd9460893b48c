/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sort.c - every path (insertion, merging, qsort, radix) against the definition of sorted.
 */
#include "lib/base/sort.h"

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "tests/check.h"

/* The bits a round's keys vary in; the rest are the same for all. */
static const uint64_t masks[] = { UINT64_MAX, 0xFF, 0xFF00FF0000000000u, 1, 0, 0xFFFFFFFFu };

static void check_one(size_t n, uint64_t mask, bool with_scratch, uint64_t *seed)
{
	uint64_t *v = xmalloc(n * sizeof *v), *scratch = xmalloc(n * sizeof *v);
	uint64_t sum = 0, mix = 0;

	for (size_t i = 0; i < n; i++) {
		v[i] = (check_random(seed) & mask) | (UINT64_C(0x1234567812345678) & ~mask);
		sum += v[i];
		mix ^= v[i] * UINT64_C(0x9e3779b97f4a7c15);
	}
	sort_u64(v, n, with_scratch ? scratch : NULL);
	for (size_t i = 0; i < n; i++) {
		CHECK(i == 0 || v[i - 1] <= v[i]);
		sum -= v[i];
		mix ^= v[i] * UINT64_C(0x9e3779b97f4a7c15);
	}
	CHECK(sum == 0 && mix == 0);
	xfree(v);
	xfree(scratch);
}

/* Upper halves within 2^bits; lower halves tell where each came. */
static void check_few(uint32_t n, unsigned bits, uint64_t *seed)
{
	uint64_t v[SORT_FEW], all = 0;
	uint32_t base = (uint32_t)check_random(seed) >> (bits < 32);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t above = (uint32_t)(check_random(seed) & ((UINT64_C(1) << bits) - 1));

		v[i] = (uint64_t)(base + above) << 32 | i;
	}
	if (!sort_few(v, n)) {
		CHECK(bits > 25);
		for (uint32_t i = 0; i < n; i++)
			CHECK((uint32_t)v[i] == i);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		CHECK(i == 0 || v[i - 1] < v[i]);
		all |= UINT64_C(1) << (uint32_t)v[i];
	}
	CHECK(all == (n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX));
}

static void few_by_counting(void **state)
{
	static const unsigned bits[] = { 0, 1, 3, 16, 25, 26, 32 };
	uint64_t seed = 9;

	(void)state;
	for (uint32_t n = 0; n <= SORT_FEW; n++)
		for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
			for (int round = 0; round < 20; round++)
				check_few(n, bits[i], &seed);
}

static void pieces_merged(void **state)
{
	uint64_t seed = 11, v[1100], scratch[1100];

	(void)state;
	for (uint32_t n = 0; n <= 1100; n += 1 + n / 9)
		for (unsigned bits = 0; bits <= 26; bits += 2) {
			uint64_t mask = (UINT64_C(1) << bits) - 1;

			for (uint32_t i = 0; i < n; i++)
				v[i] = (check_random(&seed) & mask) << 32 | i;
			if (!sort_pieces(v, n, scratch)) {
				CHECK(bits > 25);
				continue;
			}
			for (uint32_t i = 1; i < n; i++)
				CHECK(v[i - 1] < v[i]);
		}
}

static void sizes_around_the_thresholds(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 12, 13, 24, 25, 47, 48, 49, 100, 255, 256,
					257, 5000 };
	uint64_t seed = 5;

	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
		for (size_t m = 0; m < sizeof masks / sizeof masks[0]; m++) {
			check_one(sizes[s], masks[m], true, &seed);
			check_one(sizes[s], masks[m], false, &seed);
		}
}

static void signed_keys(void **state)
{
	static const int64_t order[] = { INT64_MIN, -5, -1, 0, 1, 5, INT64_MAX };

	(void)state;
	for (size_t i = 1; i < sizeof order / sizeof order[0]; i++)
		CHECK(sort_key_i64(order[i - 1]) < sort_key_i64(order[i]));
}

static void pairs(void **state)
{
	struct sort_pair v[] = { { 2, 1 }, { 1, 9 }, { 2, 0 }, { 0, UINT64_MAX }, { 1, 3 } };

	(void)state;
	sort_pairs(v, 5);
	sort_pairs(NULL, 0);
	for (int i = 1; i < 5; i++)
		CHECK(v[i - 1].key < v[i].key ||
		      (v[i - 1].key == v[i].key && v[i - 1].value < v[i].value));
}

static void check_pairs(size_t n, uint64_t mask, uint64_t *seed)
{
	struct sort_pair *v = xmalloc(n * sizeof *v);
	uint64_t mix = 0;

	for (size_t i = 0; i < n; i++) {
		v[i] = (struct sort_pair){ check_random(seed) & mask, check_random(seed) & mask };
		mix += hash_join(v[i].key, v[i].value);
	}
	sort_pairs(v, n);
	for (size_t i = 0; i < n; i++) {
		CHECK(i == 0 || v[i - 1].key < v[i].key ||
		      (v[i - 1].key == v[i].key && v[i - 1].value <= v[i].value));
		mix -= hash_join(v[i].key, v[i].value);
	}
	CHECK(mix == 0);
	xfree(v);
}

static void many_pairs(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 48, 49, 300, 5000 };
	uint64_t seed = 6;

	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
		for (size_t m = 0; m < sizeof masks / sizeof masks[0]; m++)
			check_pairs(sizes[s], masks[m], &seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_around_the_thresholds),
		cmocka_unit_test(few_by_counting),
		cmocka_unit_test(pieces_merged),
		cmocka_unit_test(signed_keys),
		cmocka_unit_test(pairs),
		cmocka_unit_test(many_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
