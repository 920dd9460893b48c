/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_spread.c - threads part when there is one for each processor, and stay free to be moved.
 */
#include "tests/check.h"

#include <sched.h>

#include "daemon/host/spread.h"

static cpu_set_t allowed(void)
{
	cpu_set_t set;
	CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
	return set;
}

static void affinity_is_as_before(void **state)
{
	cpu_set_t before = allowed(), now;
	uint32_t n = (uint32_t)CPU_COUNT(&before);
	(void)state;
	for (uint32_t of = 0; of < 3 * n + 2; of++)
		for (uint32_t i = 0; i < of; i++) {
			spread_thread(i, of);
			now = allowed();
			CHECK(CPU_EQUAL(&before, &now));
		}
}

/* A thread that may run in one place stays there. */
static void who_is_bound_stays(void **state)
{
	cpu_set_t before = allowed(), one, now;
	unsigned first = 0;
	(void)state;
	while (!CPU_ISSET(first, &before))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
	for (uint32_t i = 0; i < 4; i++)
		spread_thread(i, 4);
	now = allowed();
	CHECK(CPU_EQUAL(&one, &now));
	CHECK_INT(sched_getcpu(), (int)first);
	CHECK(sched_setaffinity(0, sizeof before, &before) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(affinity_is_as_before),
		cmocka_unit_test(who_is_bound_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
