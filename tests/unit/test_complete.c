/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/rule/complete.h"

#include "lib/base/civil.h"
#include "tests/check.h"

static const struct str hangzhou = { "H33010200001", 12 }, nowhere = { "clinic", 6 };

static bool march(const struct complete *c, struct str facility, enum stream s)
{
	return complete_days(c, facility, s, civil_days(2026, 3, 1), civil_days(2026, 3, 31));
}

static int32_t month(int y, int m)
{
	return civil_month(civil_days(y, m, 1));
}

static void test_no_set_is_all_over(void **state)
{
	(void)state;
	assert_true(march(NULL, hangzhou, STREAM_FEE));
	assert_true(complete_days(NULL, nowhere, STREAM_STAY, MISSING_I32, MISSING_I32));
}

static void test_regions(void **state)
{
	struct complete *c = complete_new();

	(void)state;
	assert_false(march(c, hangzhou, STREAM_FEE));
	complete_close(c, STR("330100"), STREAM_FEE, month(2026, 3));
	assert_true(march(c, hangzhou, STREAM_FEE));
	assert_false(march(c, STR("H33020300001"), STREAM_FEE));
	assert_false(march(c, nowhere, STREAM_FEE));
	assert_false(march(c, hangzhou, STREAM_SETTLEMENT));
	complete_close(c, STR("*"), STREAM_FEE, month(2026, 3));
	assert_true(march(c, nowhere, STREAM_FEE));
	assert_true(march(c, (struct str){ 0 }, STREAM_FEE));
	complete_close(c, STR("3301"), STREAM_FEE, month(2026, 3));
	assert_int_equal(complete_count(c), 2);
	complete_open(c, STR("000000"), STREAM_FEE, month(2026, 3));
	assert_false(march(c, nowhere, STREAM_FEE));
	assert_true(march(c, hangzhou, STREAM_FEE));
	complete_open(c, STR("33"), STREAM_FEE, month(2026, 3));
	assert_int_equal(complete_count(c), 1);
	complete_free(c);
}

static void test_every_month_and_stream(void **state)
{
	struct complete *c = complete_new();
	const int32_t first = civil_days(2026, 1, 1), last = civil_days(2026, 3, 31);

	(void)state;
	complete_close(c, STR(""), STREAM_ENCOUNTER, month(2026, 3));
	complete_close(c, STR(""), STREAM_ENCOUNTER, month(2026, 1));
	assert_false(complete_days(c, hangzhou, STREAM_ENCOUNTER, first, last));
	complete_close(c, STR(""), STREAM_ENCOUNTER, month(2026, 2));
	assert_true(complete_days(c, hangzhou, STREAM_ENCOUNTER, first, last));
	assert_false(complete_days(c, hangzhou, STREAM_STAY, first, last));
	assert_false(complete_days(c, hangzhou, STREAM_ENCOUNTER, first, MISSING_I32));
	for (int m = 1; m <= 3; m++)
		complete_close(c, STR("33"), STREAM_SETTLEMENT, month(2026, m));
	assert_true(complete_days(c, hangzhou, STREAM_STAY, first, last));
	assert_true(complete_days(c, hangzhou, STREAM_VISIT, first, last));
	complete_free(c);
}

static void test_region_of_a_facility(void **state)
{
	(void)state;
	assert_true(str_eq(complete_region_of(STR("H33010000001")), STR("3301")));
	assert_true(str_eq(complete_region_of(STR("P33010200001")), STR("330102")));
	assert_int_equal(complete_region_of(STR("33010200001")).n, 0);
	assert_int_equal(complete_region_of(STR("H3301")).n, 0);
	assert_true(str_eq(complete_region(STR("330000")), STR("33")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_set_is_all_over),
		cmocka_unit_test(test_regions),
		cmocka_unit_test(test_every_month_and_stream),
		cmocka_unit_test(test_region_of_a_facility),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
