/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_near.c - distances against a plain recursion, and what counts as near.
 */
#include "lib/base/near.h"

#include "tests/check.h"

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The definition, without tables; ASCII only. */
static unsigned define(const char *a, size_t n, const char *b, size_t m)
{
	if (n == 0 || m == 0)
		return (unsigned)(n + m);

	unsigned best = define(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);

	best = least(best, define(a, n - 1, b, m) + 1);
	best = least(best, define(a, n, b, m - 1) + 1);
	if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1])
		best = least(best, define(a, n - 2, b, m - 2) + 1);
	return best;
}

static void distance_is_as_defined(void **state)
{
	uint64_t seed = 12;
	char a[6], b[6];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t n = check_random(&seed) % 6, m = check_random(&seed) % 6;

		for (size_t i = 0; i < 6; i++) {
			a[i] = (char)('a' + check_random(&seed) % 3);
			b[i] = (char)('a' + check_random(&seed) % 3);
		}
		CHECK_INT(near_distance(str_make(a, n), str_make(b, m)), define(a, n, b, m));
	}
}

static void characters_not_bytes(void **state)
{
	(void)state;
	CHECK_INT(near_distance(STR("费用总额"), STR("费用金额")), 1);
	CHECK_INT(near_distance(STR("费用"), STR("用费")), 1);
	CHECK_INT(near_distance(STR(""), STR("医保")), 2);
	CHECK_INT(near_distance(STR("amount"), STR("ammount")), 1);
}

static void long_texts(void **state)
{
	char a[201], b[201];

	(void)state;
	memset(a, 'a', 200);
	memset(b, 'a', 200);
	b[199] = 'b';
	CHECK_INT(near_distance(str_make(a, 200), str_make(b, 199)), 200);
	CHECK_INT(near_distance(str_make(a, 200), str_make(b, 200)), 200);
	CHECK_INT(near_distance(str_make(a, 200), str_make(a, 200)), 0);
	CHECK_INT(near_distance(str_make(a, 64), str_make(a, 63)), 1);
}

static const char *pick(const char *wanted, const char *const *candidates)
{
	struct near n;

	near_init(&n, str_of(wanted));
	for (; *candidates; candidates++)
		near_offer(&n, str_of(*candidates));
	return near_best(&n).n ? near_best(&n).p : "";
}

static void picking(void **state)
{
	static const char *const fields[] = { "amount", "account", "quantity", "数量", "金额",
					      "id", "hospitalization_days", NULL };

	(void)state;
	assert_string_equal(pick("ammount", fields), "amount");
	assert_string_equal(pick("accuont", fields), "account");
	assert_string_equal(pick("quantiyt", fields), "quantity");
	assert_string_equal(pick("数目", fields), "数量");
	assert_string_equal(pick("ie", fields), "id");
	assert_string_equal(pick("hospitalisaton_dyas", fields), "hospitalization_days");
	assert_string_equal(pick("费用", fields), "");
	assert_string_equal(pick("x", fields), "");
	assert_string_equal(pick("zzz", fields), "");
	assert_string_equal(pick("", fields), "");
}

static void the_first_of_equals_stays(void **state)
{
	static const char *const both[] = { "cat", "car", NULL };

	(void)state;
	assert_string_equal(pick("cas", both), "cat");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_is_as_defined),
		cmocka_unit_test(characters_not_bytes),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(picking),
		cmocka_unit_test(the_first_of_equals_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
