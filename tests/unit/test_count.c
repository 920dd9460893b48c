/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_count.c - columns counted and summed as one value at a time would be.
 */
#include "tests/check.h"

#include "lib/base/count.h"

enum { MOST = 100 };

static int64_t draw(uint64_t *rng)
{
	static const int64_t edge[] = { INT64_MIN, INT64_MAX, -1, 0, 1, -(INT64_C(1) << 32),
					INT64_C(1) << 32, INT64_MIN + 1 };
	uint64_t v = check_random(rng);

	return v % 2 ? edge[(v >> 8) % 8] : (int64_t)v >> (v >> 8) % 64;
}

static void as_one_by_one(void **state)
{
	uint64_t rng = 9;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint32_t n = (uint32_t)(check_random(&rng) % (MOST + 1)), wide = 0, narrow = 0;
		int64_t v[MOST], of = draw(&rng);
		uint32_t u[MOST];
		__int128 sum = 0;

		for (uint32_t i = 0; i < n; i++) {
			v[i] = draw(&rng);
			u[i] = (uint32_t)v[i];
			wide += v[i] == of;
			narrow += u[i] == (uint32_t)of;
			sum += v[i] == of ? 0 : v[i];
		}
		CHECK_INT(count_i64(v, n, of), wide);
		CHECK_INT(count_u32(u, n, (uint32_t)of), narrow);
		CHECK(count_sum(v, n, of) == sum);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
