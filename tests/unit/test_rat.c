/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_rat.c - field laws on random fractions, the edges of 128 bits, rounding.
 */
#include "lib/base/rat.h"

#include "tests/check.h"

typedef __int128 i128;

static const i128 most = (i128)(~(unsigned __int128)0 >> 1);

static struct rat frac(i128 num, i128 den)
{
	struct rat r = { 0, 1 };

	assert_true(rat_make(&r, num, den));
	return r;
}

static bool same(struct rat a, struct rat b)
{
	bool ok;
	int c = rat_cmp(a, b, &ok);

	return ok && c == 0;
}

static void making(void **state)
{
	struct rat r = frac(-6, -4);

	(void)state;
	CHECK(r.num == 3 && r.den == 2);
	r = frac(6, -4);
	CHECK(r.num == -3 && r.den == 2);
	r = frac(0, -7);
	CHECK(r.num == 0 && r.den == 1);
	r = frac(-most - 1, 2);
	CHECK(r.num == (-most - 1) / 2 && r.den == 1);
	CHECK(!rat_make(&r, 1, 0));
	CHECK(!rat_make(&r, 1, -most - 1));
	CHECK(!rat_make(&r, -most - 1, -1));
	r = rat_scaled(125, 2);
	CHECK(same(r, frac(5, 4)));
	CHECK(same(rat_int(-3), frac(-3, 1)));
	r = rat_reduce((struct rat){ 100, 40 });
	CHECK(r.num == 5 && r.den == 2);
}

static i128 small(uint64_t *seed)
{
	return (i128)(check_random(seed) % 2001) - 1000;
}

/* a + b = b + a, (a + b) - b = a, (a * b) / b = a, a (b + c) = ab + ac */
static void laws(void **state)
{
	uint64_t seed = 8;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct rat a = { small(&seed), 1 + i % 97 };
		struct rat b = { small(&seed), 1 + i % 89 };
		struct rat c = { small(&seed), 1 + i % 13 };
		struct rat x, y, z;

		CHECK(rat_add(&x, a, b) && rat_add(&y, b, a) && same(x, y));
		CHECK(rat_sub(&x, x, b) && same(x, a));
		CHECK(rat_mul(&x, a, b));
		if (b.num)
			CHECK(rat_div(&y, x, b) && same(y, a));
		else
			CHECK(!rat_div(&y, x, b));
		CHECK(rat_add(&y, b, c) && rat_mul(&y, a, y));
		CHECK(rat_mul(&z, a, c) && rat_add(&x, x, z) && same(x, y));
	}
}

static void sums_do_not_grow_needlessly(void **state)
{
	struct rat sum = rat_int(0);

	(void)state;
	for (int i = 0; i < 1000000; i++)
		assert_true(rat_add(&sum, sum, rat_scaled(i, 6)));
	CHECK(same(sum, rat_scaled(499999500000, 6)));
	sum = rat_int(0);
	for (int i = 0; i < 1000; i++)
		assert_true(rat_add(&sum, sum, (struct rat){ 1, 1 + i % 30 }));
	CHECK(rat_sign(sum) > 0);
}

static void overflow_is_told(void **state)
{
	struct rat big = { most, 1 };
	struct rat tiny = { 1, most };
	struct rat r = { 42, 1 };

	(void)state;
	CHECK(!rat_add(&r, big, rat_int(1)));
	CHECK(!rat_mul(&r, big, rat_int(2)));
	CHECK(!rat_mul(&r, tiny, (struct rat){ 1, 2 }));
	CHECK(!rat_add(&r, tiny, (struct rat){ 1, most - 1 }));
	CHECK(!rat_div(&r, rat_int(1), rat_int(0)));
	CHECK(!rat_sub(&r, (struct rat){ -2, 1 }, big));
	CHECK(r.num == 42 && r.den == 1);
	CHECK(rat_mul(&r, big, tiny) && same(r, rat_int(1)));
	CHECK(rat_sub(&r, big, big) && r.num == 0);
	CHECK(rat_add(&r, (struct rat){ most - 1, 2 }, (struct rat){ 2, 4 }));
}

static void comparing_at_the_edge(void **state)
{
	struct rat a = { most, most - 1 }, b = { most - 1, most - 2 };
	bool ok;

	(void)state;
	CHECK_INT(rat_cmp(a, b, &ok), -1);
	CHECK(ok);
	CHECK_INT(rat_cmp(b, a, NULL), 1);
	CHECK_INT(rat_cmp(a, a, NULL), 0);
	CHECK_INT(rat_cmp((struct rat){ -most, most - 1 }, (struct rat){ 1 - most, most - 2 },
			  NULL), 1);
	CHECK_INT(rat_cmp((struct rat){ -most - 1, 3 }, (struct rat){ most, 3 }, NULL), -1);
	CHECK_INT(rat_cmp((struct rat){ -most - 1, most }, (struct rat){ -most, most }, NULL), -1);
	CHECK_INT(rat_cmp((struct rat){ most, 2 }, (struct rat){ most, 3 }, NULL), 1);
	rat_cmp((struct rat){ 1, 0 }, a, &ok);
	CHECK(!ok);
}

/* Both ways of comparing must agree: scaling up forces the continued fractions. */
static void comparing_agrees(void **state)
{
	uint64_t seed = 9;
	i128 scale = (i128)1 << 110;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct rat a = { small(&seed), 1 + (i128)(check_random(&seed) % 1000) };
		struct rat b = { small(&seed), 1 + (i128)(check_random(&seed) % 1000) };
		struct rat wide_a = { a.num * scale, a.den * scale };
		struct rat wide_b = { b.num * scale, b.den * scale };
		i128 cross = a.num * b.den - b.num * a.den;

		CHECK_INT(rat_cmp(a, b, NULL), (cross > 0) - (cross < 0));
		CHECK_INT(rat_cmp(wide_a, wide_b, NULL), (cross > 0) - (cross < 0));
		CHECK_INT(rat_cmp(wide_a, b, NULL), (cross > 0) - (cross < 0));
	}
}

static void check_round(struct rat a, int scale, int64_t want)
{
	int64_t got;

	assert_true(rat_round(a, scale, &got));
	CHECK_INT(got, want);
}

static void rounding(void **state)
{
	int64_t v = 42;

	(void)state;
	check_round((struct rat){ 1, 3 }, 6, 333333);
	check_round((struct rat){ 2, 3 }, 6, 666667);
	check_round((struct rat){ -2, 3 }, 6, -666667);
	check_round((struct rat){ 1, 2 }, 0, 1);
	check_round((struct rat){ -1, 2 }, 0, -1);
	check_round((struct rat){ 149, 100 }, 0, 1);
	check_round((struct rat){ most, most }, 18, 1000000000000000000);
	check_round((struct rat){ most - 1, most }, 18, 1000000000000000000);
	check_round((struct rat){ most / 2, most }, 3, 500);
	check_round((struct rat){ INT64_MAX, 1 }, 0, INT64_MAX);
	check_round((struct rat){ -INT64_MAX, 1 }, 0, -INT64_MAX);
	CHECK(!rat_round((struct rat){ INT64_MIN, 1 }, 0, &v));
	CHECK(!rat_round((struct rat){ most, 1 }, 0, &v));
	CHECK(!rat_round((struct rat){ 10, 1 }, 18, &v));
	CHECK(!rat_round((struct rat){ (i128)INT64_MAX * 2 + 1, 2 }, 0, &v));
	CHECK_INT(v, 42);
}

static void check_format(struct rat a, int max_frac, const char *want)
{
	struct buf b;

	buf_init(&b, 0);
	rat_fmt(&b, a, max_frac);
	assert_string_equal(buf_cstr(&b), want);
	buf_fini(&b);
}

static void formats(void **state)
{
	(void)state;
	check_format((struct rat){ 1, 3 }, 4, "0.3333");
	check_format((struct rat){ -1, 3 }, 0, "0");
	check_format((struct rat){ -2, 3 }, 0, "-1");
	check_format((struct rat){ 5, 2 }, 4, "2.5");
	check_format((struct rat){ 99999, 100000 }, 4, "1");
	check_format((struct rat){ -99995, 10000 }, 3, "-10");
	check_format((struct rat){ 12996, 10000 }, 3, "1.3");
	check_format((struct rat){ 0, 5 }, 4, "0");
	check_format((struct rat){ most, 1 }, 2, "170141183460469231731687303715884105727");
	check_format((struct rat){ -most - 1, 1 }, 2, "-170141183460469231731687303715884105728");
	check_format((struct rat){ 1, most }, 18, "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(making),
		cmocka_unit_test(laws),
		cmocka_unit_test(sums_do_not_grow_needlessly),
		cmocka_unit_test(overflow_is_told),
		cmocka_unit_test(comparing_at_the_edge),
		cmocka_unit_test(comparing_agrees),
		cmocka_unit_test(rounding),
		cmocka_unit_test(formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
