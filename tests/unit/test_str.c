/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_str.c - borrowed text, the empty text in both its forms included.
 */
#include "lib/base/str.h"

#include "tests/check.h"

static const struct str none = { NULL, 0 };

static void making(void **state)
{
	(void)state;
	CHECK_STR(STR("医保"), "医保");
	CHECK_INT(STR("医保").n, 6);
	CHECK_INT(str_of(NULL).n, 0);
	CHECK_STR(str_of("a"), "a");
	CHECK_STR(str_make("abc", 2), "ab");
}

static void comparing(void **state)
{
	(void)state;
	CHECK(str_eq(none, STR("")));
	CHECK(!str_eq(STR("a"), STR("b")));
	CHECK(!str_eq(STR("a"), STR("ab")));
	CHECK(str_cmp(none, STR("")) == 0);
	CHECK(str_cmp(none, STR("a")) < 0);
	CHECK(str_cmp(STR("ab"), STR("a")) > 0);
	CHECK(str_cmp(STR("a"), STR("\xE5")) < 0);
	CHECK(str_cmp(STR("a\0b"), STR("a\0c")) < 0);
}

static void ends_and_parts(void **state)
{
	(void)state;
	CHECK(str_starts(STR("abc"), STR("ab")));
	CHECK(str_starts(STR("abc"), none));
	CHECK(!str_starts(STR("a"), STR("ab")));
	CHECK(str_ends(STR("fee.csv"), STR(".csv")));
	CHECK(!str_ends(STR("sv"), STR(".csv")));
	CHECK_STR(str_sub(STR("abcdef"), 2, 3), "cde");
	CHECK_STR(str_sub(STR("abc"), 2, 99), "c");
	CHECK_STR(str_sub(STR("abc"), 99, 1), "");
	CHECK_STR(str_sub(none, 1, 1), "");
}

static void trimming(void **state)
{
	(void)state;
	CHECK_STR(str_trim(STR(" \t\r\n\v\f x y \n")), "x y");
	CHECK_STR(str_trim(STR("   ")), "");
	CHECK_STR(str_trim(none), "");
	CHECK_STR(str_trim(STR("　x")), "　x");
}

static void finding(void **state)
{
	(void)state;
	CHECK_INT(str_chr(STR("a,b"), ','), 1);
	CHECK_INT(str_chr(none, ','), -1);
	CHECK_INT(str_find(STR("aaab"), STR("aab")), 1);
	CHECK_INT(str_find(STR("aaab"), STR("")), 0);
	CHECK_INT(str_find(STR("aaab"), STR("aaaab")), -1);
	CHECK_INT(str_find(STR("abcabd"), STR("abd")), 3);
	CHECK_INT(str_find(STR("abc"), STR("cd")), -1);
	CHECK_INT(str_find(none, STR("x")), -1);
}

/* Against strstr() on short texts over two letters, where overlaps abound. */
static void finding_agrees_with_strstr(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char hay[13], needle[5];
		size_t h = check_random(&seed) % 12, n = check_random(&seed) % 4;

		for (size_t i = 0; i < h; i++)
			hay[i] = (char)('a' + check_random(&seed) % 2);
		for (size_t i = 0; i < n; i++)
			needle[i] = (char)('a' + check_random(&seed) % 2);
		hay[h] = needle[n] = '\0';

		const char *at = strstr(hay, needle);

		CHECK_INT(str_find(str_of(hay), str_of(needle)), at ? at - hay : -1);
	}
}

/* Of every length, with another byte in every place; what lies beside them does not count. */
static void bytes_of_every_length(void **state)
{
	char a[48], b[48];

	(void)state;
	for (uint32_t n = 0; n <= 40; n++) {
		memset(a, 'x', sizeof a);
		memset(b, 'y', sizeof b);
		memset(b + 4, 'x', n);
		CHECK(bytes_same(a + 4, b + 4, n));
		for (uint32_t i = 0; i < n; i++) {
			b[4 + i] = 'y';
			CHECK(!bytes_same(a + 4, b + 4, n));
			b[4 + i] = 'x';
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(making),
		cmocka_unit_test(comparing),
		cmocka_unit_test(ends_and_parts),
		cmocka_unit_test(trimming),
		cmocka_unit_test(finding),
		cmocka_unit_test(finding_agrees_with_strstr),
		cmocka_unit_test(bytes_of_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
