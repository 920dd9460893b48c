/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_company.c - who comes together again and again, against counting by hand and by force.
 */
#include "tests/check.h"

#include "lib/base/civil.h"
#include "lib/record/value.h"
#include "lib/rule/company.h"

enum { MINUTE = 60 };

static struct arena arena;

static int open_arena(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static int64_t at(int day, int hour, int minute)
{
	return ((int64_t)20000 + day) * SECS_PER_DAY + hour * 3600 + minute * MINUTE;
}

static const char *band(struct meeting *m, uint32_t n, int64_t gap, int64_t days)
{
	struct company_terms t = { gap, days };
	struct str *who, names;
	uint32_t k;

	CHECK(company_find(&arena, m, n, &t, &who, &k));
	names = company_names(&arena, who, k);
	return arena_printf(&arena, STR_FMT, STR_ARG(names));
}

/* `n` people, a minute apart, on `days` days. */
static uint32_t come(struct meeting *m, uint32_t at_row, const char *who, int days, int minute)
{
	for (int d = 0; d < days; d++)
		for (int i = 0; who[i]; i++)
			m[at_row++] = (struct meeting){ at(d, 9, minute + i), { who + i, 1 } };
	return at_row;
}

static void those_who_come_together(void **state)
{
	struct meeting m[100];
	uint32_t n = come(m, 0, "abcd", 5, 0);

	(void)state;
	CHECK_STR(str_of(band(m, n, 10 * MINUTE, 5)), "a、b、c、d");
	CHECK_STR(str_of(band(m, n, 10 * MINUTE, 6)), "");
	CHECK_STR(str_of(band(m, n, MINUTE, 5)), "a、b、c、d"); /* by way of their neighbours */
	CHECK_STR(str_of(band(m, n, MINUTE - 1, 5)), "");
}

static void the_largest_then_the_least(void **state)
{
	struct meeting m[100];
	uint32_t n = come(m, 0, "xy", 5, 0);

	(void)state;
	n = come(m, n, "ab", 5, 30);
	CHECK_STR(str_of(band(m, n, 10 * MINUTE, 5)), "a、b");
	n = come(m, n, "pqr", 5, 59);
	CHECK_STR(str_of(band(m, n, 10 * MINUTE, 5)), "p、q、r");
}

/* One day is one day however often they met on it; midnight is no clock. */
static void days_are_counted_once(void **state)
{
	struct meeting m[100];
	uint32_t n = 0;

	(void)state;
	for (int i = 0; i < 6; i++) {
		m[n++] = (struct meeting){ at(1, 8 + i, 0), STR("a") };
		m[n++] = (struct meeting){ at(1, 8 + i, 1), STR("b") };
	}
	CHECK_STR(str_of(band(m, n, 10 * MINUTE, 2)), "");
	for (int d = 2; d < 8; d++) {
		m[n++] = (struct meeting){ at(d, 0, 0), STR("a") };
		m[n++] = (struct meeting){ at(d, 0, 0), STR("b") };
	}
	CHECK_STR(str_of(band(m, n, 10 * MINUTE, 2)), "");
	m[n++] = (struct meeting){ MISSING_I64, STR("a") };
	CHECK_STR(str_of(band(m, 0, 10 * MINUTE, 1)), "");
	CHECK_STR(str_of(band(m, n, 10 * MINUTE, 1)), "a、b");
}

/* ---- by force: every pair on every day ---- */

enum { PEOPLE = 6, DAYS = 8, COMINGS = 40 };

static uint32_t drawn(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % n;
}

static bool friends(const struct meeting *m, uint32_t n, char a, char b, int64_t gap, int days)
{
	int met = 0;

	for (int d = 0; d < DAYS; d++) {
		bool today = false;

		for (uint32_t i = 0; i < n; i++)
			for (uint32_t k = 0; k < n; k++)
				today |= *m[i].who.p == a && *m[k].who.p == b &&
					 llabs(m[i].time - m[k].time) <= gap &&
					 (m[i].time > m[k].time ? m[i].time : m[k].time) /
						 SECS_PER_DAY == 20000 + d;
		met += today;
	}
	return met >= days;
}

static uint32_t largest_by_force(const struct meeting *m, uint32_t n, int64_t gap, int days)
{
	uint32_t best = 0;

	for (int a = 0; a < PEOPLE; a++) {
		uint32_t in = 1u << a, before = 0, size = 0;

		while (in != before) {
			before = in;
			for (int x = 0; x < PEOPLE; x++)
				for (int y = 0; y < PEOPLE; y++)
					in |= before >> x & 1 && x != y &&
					      friends(m, n, (char)('a' + x), (char)('a' + y),
						      gap, days) ? 1u << y : 0;
		}
		for (int x = 0; x < PEOPLE; x++)
			size += in >> x & 1;
		best = size > best ? size : best;
	}
	return best > 1 ? best : 0;
}

static void as_counted_by_force(void **state)
{
	static const char names[] = "abcdef";
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct meeting m[COMINGS], copy[COMINGS];
		struct company_terms t = { 3600, 1 + (int64_t)drawn(&seed, 3) };
		struct str *who;
		uint32_t k;

		for (int i = 0; i < COMINGS; i++)
			m[i] = (struct meeting){
				at((int)drawn(&seed, DAYS), (int)drawn(&seed, 24),
				   1 + (int)drawn(&seed, 59)),
				{ names + drawn(&seed, PEOPLE), 1 } };
		memcpy(copy, m, sizeof copy);
		CHECK(company_find(&arena, m, COMINGS, &t, &who, &k));
		CHECK_INT(k, largest_by_force(copy, COMINGS, t.gap, (int)t.days));
		arena_reset(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_who_come_together),
		cmocka_unit_test(the_largest_then_the_least),
		cmocka_unit_test(days_are_counted_once),
		cmocka_unit_test(as_counted_by_force),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
