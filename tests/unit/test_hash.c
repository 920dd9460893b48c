/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_hash.c - hashes are stable across builds and spread over low and high bits.
 */
#include "lib/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tests/check.h"

/* Whatever the instructions, the value is that of the library's header. */
static void wide_is_the_same(void **state)
{
	static char text[5000];
	hash_long_fn *wide = hash_long_avx512();
	uint64_t seed = 11;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)check_random(&seed);
	for (size_t n = 0; n < sizeof text - 7; n++) {
		uint64_t want = XXH3_64bits(text + n % 7, n);

		CHECK(hash_bytes(text + n % 7, n) == want);
		CHECK(!wide || wide(text + n % 7, n) == want);
	}
}

static void stable(void **state)
{
	(void)state;
	assert_true(hash_bytes("", 0) == UINT64_C(0x2d06800538d394c2)); /* published XXH3 value */
	assert_true(hash_str((struct str){ NULL, 0 }) == hash_str(STR("")));
	assert_true(hash_str(STR("fee")) == hash_bytes("fee", 3));
	assert_true(hash_u64(0) == 0);
	assert_true(hash_join(hash_join(0, 1), 2) != hash_join(hash_join(0, 2), 1));
}

/* 65536 consecutive numbers over 256 buckets: each bucket near 256, from either end. */
static void spreads(void **state)
{
	unsigned low[256] = { 0 }, high[256] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 65536; i++) {
		low[hash_u64(i) & 0xFF]++;
		high[hash_u64(i) >> 56]++;
	}
	for (int i = 0; i < 256; i++) {
		CHECK(low[i] > 160 && low[i] < 360);
		CHECK(high[i] > 160 && high[i] < 360);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stable),
		cmocka_unit_test(wide_is_the_same),
		cmocka_unit_test(spreads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
