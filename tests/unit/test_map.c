/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_map.c - the table against a plain array under random puts and deletes.
 */
#include "lib/base/map.h"

#include "tests/check.h"

static void basics(void **state)
{
	struct map64 m;
	uint64_t v = 7;
	bool fresh;

	(void)state;
	map64_init(&m);
	CHECK(!map64_get(&m, 1, &v) && v == 7);
	CHECK(!map64_get(&m, 0, &v));
	CHECK(!map64_del(&m, 1) && !map64_del(&m, 0));
	CHECK(map64_put(&m, 1, 10));
	CHECK(!map64_put(&m, 1, 11));
	CHECK(map64_get(&m, 1, &v) && v == 11);
	CHECK(map64_get(&m, 1, NULL));
	*map64_at(&m, UINT64_MAX, &fresh) += 5;
	CHECK(fresh);
	*map64_at(&m, UINT64_MAX, &fresh) += 5;
	CHECK(!fresh && map64_get(&m, UINT64_MAX, &v) && v == 10);
	CHECK_INT(*map64_at(&m, 3, NULL), 0);
	CHECK_INT(map64_count(&m), 3);
	map64_clear(&m);
	CHECK_INT(map64_count(&m), 0);
	CHECK(!map64_get(&m, 1, &v));
	map64_fini(&m);
}

static void key_zero(void **state)
{
	struct map64 m;
	uint64_t v;

	(void)state;
	map64_init(&m);
	CHECK(map64_put(&m, 0, 9));
	CHECK(!map64_put(&m, 0, 8));
	CHECK(map64_get(&m, 0, &v) && v == 8);
	CHECK_INT(map64_count(&m), 1);
	CHECK(map64_del(&m, 0));
	CHECK(!map64_get(&m, 0, &v));
	CHECK_INT(*map64_at(&m, 0, NULL), 0);
	map64_fini(&m);
}

enum { KEYS = 700 };

/* The walk must show every entry once and nothing else. */
static void check_walk(const struct map64 *m, const uint64_t *value, const bool *has, uint64_t mul)
{
	bool seen[KEYS] = { false };
	uint64_t key, v;
	size_t at = 0, n = 0;

	while (map64_next(m, &at, &key, &v)) {
		uint64_t i = mul ? key / mul : key;

		CHECK(i < KEYS && has[i] && !seen[i] && value[i] == v);
		seen[i] = true;
		n++;
	}
	CHECK(!map64_next(m, &at, &key, &v));
	CHECK_INT(n, map64_count(m));
}

/* mul chooses the keys: dense, or all in one region of the table. */
static void agree_with_array(uint64_t mul)
{
	struct map64 m;
	uint64_t value[KEYS] = { 0 }, seed = mul;
	bool has[KEYS] = { false };

	map64_init(&m);
	for (int step = 0; step < 60000; step++) {
		uint64_t i = check_random(&seed) % KEYS, v;

		/* Phases that mostly fill alternate with phases that mostly empty. */
		if (check_random(&seed) % 4 == (step / 5000 % 2 ? 0 : 3) || step % 3 == 0) {
			CHECK(map64_del(&m, i * mul) == has[i]);
			has[i] = false;
		} else {
			CHECK(map64_put(&m, i * mul, (uint64_t)step) != has[i]);
			has[i] = true;
			value[i] = (uint64_t)step;
		}
		i = check_random(&seed) % KEYS;
		CHECK(map64_get(&m, i * mul, &v) == has[i]);
		CHECK(!has[i] || v == value[i]);
		if (step % 500 == 0)
			check_walk(&m, value, has, mul);
	}
	map64_fini(&m);
}

static void random_changes(void **state)
{
	(void)state;
	agree_with_array(1);
	agree_with_array(UINT64_C(1) << 40);
	agree_with_array(UINT64_C(0x10001));
}

static void reserve_avoids_growth(void **state)
{
	struct map64 m;

	(void)state;
	map64_init(&m);
	map64_reserve(&m, 1000);

	size_t bytes = map64_bytes(&m);

	for (uint64_t i = 1; i <= 1000; i++)
		map64_put(&m, i, i);
	CHECK_INT(map64_bytes(&m), bytes);
	map64_fini(&m);
	CHECK_INT(map64_bytes(&m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(basics),
		cmocka_unit_test(key_zero),
		cmocka_unit_test(random_changes),
		cmocka_unit_test(reserve_avoids_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
