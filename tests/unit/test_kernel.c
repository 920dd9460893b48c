/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_kernel.c - every kernel against the obvious loop, over lengths that leave a rest behind
 * SIMD.
 */
#include "lib/rule/kernel.h"

#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "tests/check.h"

enum { MOST = 133 };

static int64_t number(uint64_t *seed)
{
	uint64_t r = check_random(seed);

	return r % 7 == 0 ? MISSING_I64 : (int64_t)(r >> 8) % 5 - 2;
}

static enum truth known_truth(bool known, bool t)
{
	return !known ? TRUTH_UNKNOWN : t ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool compare(enum kernel_cmp op, int64_t a, int64_t b)
{
	const bool by[] = { a == b, a != b, a < b, a <= b, a > b, a >= b };

	return by[op];
}

static enum truth expect_cmp(enum kernel_cmp op, int64_t a, int64_t b)
{
	return known_truth(a != MISSING_I64 && b != MISSING_I64, compare(op, a, b));
}

static enum truth expect_range(int64_t a, bool outside)
{
	return known_truth(a != MISSING_I64, (a >= -1 && a <= 1) != outside);
}

static void numbers(void **state)
{
	int64_t a[MOST], b[MOST];
	uint8_t out[MOST];
	uint64_t seed = 1;

	(void)state;
	for (uint32_t n = 0; n < MOST; n++) {
		for (uint32_t i = 0; i < n; i++) {
			a[i] = number(&seed);
			b[i] = number(&seed);
		}
		for (int op = KERNEL_EQ; op <= KERNEL_GE; op++) {
			kernel_cmp((enum kernel_cmp)op, out, a, b, n);
			for (uint32_t i = 0; i < n; i++)
				CHECK_INT(out[i], expect_cmp((enum kernel_cmp)op, a[i], b[i]));
		}
		for (int outside = 0; outside < 2; outside++) {
			kernel_range(out, a, n, -1, 1, outside);
			for (uint32_t i = 0; i < n; i++)
				CHECK_INT(out[i], expect_range(a[i], outside));
		}
		kernel_null_i64(out, a, n);
		for (uint32_t i = 0; i < n; i++)
			CHECK_INT(out[i], a[i] == MISSING_I64 ? TRUTH_TRUE : TRUTH_FALSE);
	}
}

static void codes(void **state)
{
	static const uint32_t constants[] = { 3, 0, 5 };
	uint32_t a[MOST], b[MOST];
	uint8_t out[MOST];
	uint64_t seed = 2;

	(void)state;
	for (uint32_t i = 0; i < MOST; i++) {
		a[i] = (uint32_t)(check_random(&seed) % 6);
		b[i] = (uint32_t)(check_random(&seed) % 6);
	}
	for (int not = 0; not < 2; not++) {
		kernel_code_in(out, a, MOST, constants, 3, not);
		for (uint32_t i = 0; i < MOST; i++)
			CHECK_INT(out[i], known_truth(a[i] != 0, (a[i] == 3 || a[i] == 5) != not));
		kernel_code_eq(out, a, b, MOST, not);
		for (uint32_t i = 0; i < MOST; i++)
			CHECK_INT(out[i], known_truth(a[i] && b[i], (a[i] == b[i]) != not));
	}
	kernel_null_u32(out, a, MOST);
	for (uint32_t i = 0; i < MOST; i++)
		CHECK_INT(out[i], a[i] ? TRUTH_FALSE : TRUTH_TRUE);
}

/* The tables of three-valued logic, all of them. */
static void logic(void **state)
{
	static const uint8_t a[] = { 0, 0, 0, 1, 1, 1, 2, 2, 2 };
	static const uint8_t b[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2 };
	static const uint8_t and[] = { 0, 0, 0, 0, 1, 1, 0, 1, 2 };
	static const uint8_t or[] = { 0, 1, 2, 1, 1, 2, 2, 2, 2 };
	static const uint8_t not[] = { 2, 2, 2, 1, 1, 1, 0, 0, 0 };
	uint8_t out[9];

	(void)state;
	memcpy(out, a, 9);
	kernel_and(out, b, 9);
	assert_memory_equal(out, and, 9);
	memcpy(out, a, 9);
	kernel_or(out, b, 9);
	assert_memory_equal(out, or, 9);
	kernel_not(out, a, 9);
	assert_memory_equal(out, not, 9);
	CHECK_INT(kernel_count(a, 9, TRUTH_UNKNOWN), 3);
}

static void arithmetic(void **state)
{
	static const int64_t a[] = { 7, MISSING_I64, INT64_MAX, -4 };
	static const int64_t b[] = { 5, 1, 2, MISSING_I64 };
	static const int32_t days[] = { 3, MISSING_I32 };
	int64_t out[4];

	(void)state;
	kernel_add(out, a, b, 4);
	CHECK_INT(out[0], 12);
	for (int i = 1; i < 4; i++)
		CHECK_INT(out[i], MISSING_I64);
	kernel_sub(out, a, b, 4);
	CHECK_INT(out[0], 2);
	CHECK_INT(out[2], INT64_MAX - 2);
	kernel_mul(out, a, b, 4);
	CHECK_INT(out[0], 35);
	CHECK_INT(out[2], MISSING_I64);
	kernel_widen(out, days, 2);
	CHECK_INT(out[0], 3);
	CHECK_INT(out[1], MISSING_I64);
}

/* What counts is taken, the rest is nothing; what counts must be there and not be large. */
static void picking(void **state)
{
	const int64_t odd[] = { MISSING_I64, INT64_C(1) << 43, -(INT64_C(1) << 43) };
	int64_t v[MOST], out[MOST];
	uint8_t truth[MOST];
	uint64_t seed = 5;

	(void)state;
	for (uint32_t n = 1; n < MOST; n++) {
		for (uint32_t i = 0; i < n; i++) {
			v[i] = (int64_t)(check_random(&seed) % 1000) - 500;
			truth[i] = (uint8_t)(check_random(&seed) % 2 * TRUTH_TRUE);
		}
		CHECK(kernel_pick(out, v, truth, n));
		for (uint32_t i = 0; i < n; i++)
			CHECK_INT(out[i], truth[i] ? v[i] : 0);
		v[n / 2] = odd[n % 3];
		truth[n / 2] = TRUTH_FALSE;
		CHECK(kernel_pick(out, v, truth, n));
		truth[n / 2] = TRUTH_TRUE;
		CHECK(!kernel_pick(out, v, truth, n));
	}
}

static void greatest(void **state)
{
	uint32_t v[MOST], most = 0;
	uint64_t seed = 9;

	(void)state;
	for (uint32_t n = 0; n < MOST; n++) {
		CHECK_INT(kernel_most(v, n), most);
		v[n] = (uint32_t)(check_random(&seed) >> (8 + n % 50));
		most = v[n] > most ? v[n] : most;
	}
}

static void dates(void **state)
{
	uint64_t seed = 11;
	int64_t time[MOST];
	int32_t day[MOST];

	(void)state;
	for (uint32_t n = 0; n <= MOST; n++) {
		for (uint32_t i = 0; i < n; i++) {
			uint64_t r = check_random(&seed);

			time[i] = r % 7 == 0 ? MISSING_I64 : (int64_t)(r >> 26);
			if (r % 7 == 1)
				time[i] = time[i] / CIVIL_DAY * CIVIL_DAY - (time[i] > CIVIL_DAY);
		}
		assert_true(kernel_dates(day, time, n));
		for (uint32_t i = 0; i < n; i++)
			CHECK_INT(day[i], time[i] == MISSING_I64 ? MISSING_I32
								 : time[i] / CIVIL_DAY);
	}
	time[5] = (INT64_C(1) << 39) - 1;
	assert_true(kernel_dates(day, time, 6));
	CHECK_INT(day[5], time[5] / CIVIL_DAY);
	time[5] = INT64_C(1) << 39;
	assert_false(kernel_dates(day, time, 6));
	time[5] = -1;
	assert_false(kernel_dates(day, time, 6));
}

static void digests(void **state)
{
	uint64_t seed = 12, version[MOST], got[MOST];
	uint32_t row[MOST];
	int64_t v[MOST];
	uint8_t truth[MOST];

	(void)state;
	for (uint32_t n = 0; n <= MOST; n++) {
		for (uint32_t i = 0; i < n; i++) {
			row[i] = (uint32_t)check_random(&seed);
			version[i] = check_random(&seed);
			v[i] = number(&seed);
			truth[i] = (uint8_t)(check_random(&seed) % 3);
		}
		kernel_join(got, row, 77, version, n);
		kernel_add_by(got, v, 99, n);
		kernel_digit(got, truth, n);
		for (uint32_t i = 0; i < n; i++)
			CHECK(got[i] == (hash_join(row[i] * UINT64_C(77), version[i]) +
					 (uint64_t)v[i] * 99) * 3 + truth[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greatest),
		cmocka_unit_test(numbers),
		cmocka_unit_test(codes),
		cmocka_unit_test(logic),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(picking),
		cmocka_unit_test(dates),
		cmocka_unit_test(digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
