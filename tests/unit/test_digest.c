/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_digest.c - the published value, splits that do not matter, and lengths that do.
 */
#include "lib/base/digest.h"

#include "tests/check.h"

static void published_value(void **state)
{
	struct digest d;
	char hex[DIGEST_HEX];

	(void)state;
	digest_init(&d);
	digest_hex(&d, hex);
	assert_string_equal(hex, "99aa06d3014798d86001c324468d497f"); /* XXH3_128 of nothing */
}

static void splitting_raw_bytes_does_not_matter(void **state)
{
	char bytes[5000], whole[DIGEST_HEX], parts[DIGEST_HEX];
	uint64_t seed = 6;
	struct digest d;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)check_random(&seed);
	digest_init(&d);
	digest_add(&d, bytes, sizeof bytes);
	digest_hex(&d, whole);
	for (int round = 0; round < 200; round++) {
		digest_init(&d);
		for (size_t at = 0; at < sizeof bytes;) {
			size_t n = check_random(&seed) % 400;

			if (n > sizeof bytes - at)
				n = sizeof bytes - at;
			digest_add(&d, bytes + at, n);
			at += n;
		}
		digest_hex(&d, parts);
		assert_string_equal(parts, whole);
	}
}

static void lengths_are_part_of_text(void **state)
{
	char a[DIGEST_HEX], b[DIGEST_HEX];
	struct digest d;

	(void)state;
	digest_init(&d);
	digest_addstr(&d, STR("ab"));
	digest_addstr(&d, STR("c"));
	digest_hex(&d, a);
	digest_init(&d);
	digest_addstr(&d, STR("a"));
	digest_addstr(&d, STR("bc"));
	digest_hex(&d, b);
	assert_string_not_equal(a, b);
}

static void reading_does_not_end_it(void **state)
{
	char a[DIGEST_HEX], b[DIGEST_HEX];
	uint64_t raw[2];
	struct digest d;

	(void)state;
	digest_init(&d);
	digest_u64(&d, 1);
	digest_hex(&d, a);
	digest_u64(&d, 2);
	digest_hex(&d, a);
	digest_init(&d);
	digest_add(&d, "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16);
	digest_hex(&d, b);
	assert_string_equal(a, b);
	digest_raw(&d, raw);
	snprintf(a, sizeof a, "%016llx%016llx", (unsigned long long)raw[0],
		 (unsigned long long)raw[1]);
	assert_string_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_value),
		cmocka_unit_test(splitting_raw_bytes_does_not_matter),
		cmocka_unit_test(lengths_are_part_of_text),
		cmocka_unit_test(reading_does_not_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
