/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/rule/order.h"
#include "tests/check.h"

static struct value yuan(int64_t num, int64_t den)
{
	struct rat r;

	assert_true(rat_make(&r, num, den));
	return value_rat(TYPE_MONEY, r);
}

static void check_text(struct value v, const char *want)
{
	struct buf b;

	buf_init(&b, 0);
	value_add(&b, &v);
	assert_string_equal(buf_cstr(&b), want);
	buf_fini(&b);
}

static void texts(void **state)
{
	(void)state;
	check_text(yuan(25, 2), "12.5");
	check_text(yuan(1, 3), "0.333333");
	check_text(value_int(TYPE_DATE, 0), "1970-01-01");
	check_text(value_int(TYPE_TIME, 3661), "1970-01-01 01:01:01");
	check_text(value_int(TYPE_DURATION, 2 * 86400), "2天");
	check_text(value_int(TYPE_DURATION, 5400), "90分钟");
	check_text(value_int(TYPE_DURATION, 7200), "2小时");
	check_text(value_str(TYPE_CODE, STR("A1")), "A1");
	check_text(value_truth(TRUTH_TRUE), "是");
	check_text(value_missing(TYPE_MONEY), "");
}

static void truth_is_a_number_or_missing(void **state)
{
	(void)state;
	for (int t = TRUTH_FALSE; t <= TRUTH_TRUE; t++) {
		struct value v = value_truth((enum truth)t);

		CHECK_INT(value_as_truth(&v), t);
	}
}

static void order(void **state)
{
	struct value a = yuan(1, 3), b = yuan(333333, 1000000), missing = value_missing(TYPE_MONEY);
	struct value x = value_str(TYPE_CODE, STR("A")), y = value_str(TYPE_CODE, STR("AB"));

	(void)state;
	CHECK(value_cmp(&a, &b) > 0);
	CHECK(value_cmp(&b, &a) < 0);
	CHECK(value_cmp(&x, &y) < 0);
	CHECK(value_order(&missing, &a) < 0);
	CHECK_INT(value_order(&missing, &missing), 0);
}

static struct value *numbers(const int64_t *v, uint32_t n)
{
	static struct value out[16];

	for (uint32_t i = 0; i < n; i++)
		out[i] = value_int(TYPE_MONEY, v[i]);
	value_sort(out, n);
	return out;
}

static void check_num(struct value v, int64_t num, int64_t den)
{
	CHECK(v.known);
	CHECK_INT(num_cmp(v.rat, yuan(num, den).rat), 0);
}

static void medians(void **state)
{
	const int64_t odd[] = { 9, 1, 5 }, even[] = { 4, 1, 2, 9 };

	(void)state;
	check_num(order_median(numbers(odd, 3), 3, TYPE_MONEY), 5, 1);
	check_num(order_median(numbers(even, 4), 4, TYPE_MONEY), 3, 1);
	CHECK(!order_median(NULL, 0, TYPE_MONEY).known);
}

static void deviations(void **state)
{
	const int64_t v[] = { 1, 1, 2, 2, 4, 6, 9 };
	struct value room[7];
	struct peers p = { .v = numbers(v, 7), .n = 7 };

	(void)state;
	peers_prepare(&p, TYPE_MONEY, room);
	check_num(p.median, 2, 1);
	check_num(p.mad, 1, 1);
	check_num(p.mean, 25, 7);
}

static void percentiles(void **state)
{
	const int64_t v[] = { 15, 20, 35, 40, 50 };
	const struct value *x = numbers(v, 5);

	(void)state;
	check_num(order_percentile(x, 5, yuan(30, 100).rat, TYPE_MONEY), 20, 1);
	check_num(order_percentile(x, 5, yuan(40, 100).rat, TYPE_MONEY), 20, 1);
	check_num(order_percentile(x, 5, yuan(50, 1).rat, TYPE_MONEY), 35, 1);
	check_num(order_percentile(x, 5, yuan(0, 1).rat, TYPE_MONEY), 15, 1);
	check_num(order_percentile(x, 5, yuan(100, 1).rat, TYPE_MONEY), 50, 1);
	CHECK(!order_percentile(x, 5, yuan(101, 1).rat, TYPE_MONEY).known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(truth_is_a_number_or_missing),
		cmocka_unit_test(order),
		cmocka_unit_test(medians),
		cmocka_unit_test(deviations),
		cmocka_unit_test(percentiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
