/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_pack.c - 32 bits give back the 64 that went in, whatever they were.
 */
#include "tests/check.h"

#include "lib/timeline/pack.h"

static int64_t wild(uint64_t *rng)
{
	static const int64_t edge[] = { 0, 1, -1, 99, 100, 10000, 536870911, 536870912, -536870911,
					53687091100, 5368709110000, 5368709120000, INT64_MAX,
					-INT64_MAX, MISSING_I64, PACK_TIME_BASE,
					PACK_TIME_BASE + 1, 2764369919, 2764369920 };
	uint64_t v = check_random(rng);

	if (v % 3 == 0)
		return edge[(v >> 8) % (sizeof edge / sizeof edge[0])];
	return (int64_t)v >> (v % 64) >> 1;
}

static void what_goes_in_comes_out(void **state)
{
	struct spill spill = { 0 };
	uint64_t rng = 7;
	uint32_t dec = PACK_DEC_MISSING, time = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		int64_t v = wild(&rng), w = wild(&rng);

		dec = pack_dec(&spill, i % 2 ? dec : PACK_DEC_MISSING, v);
		time = pack_time(&spill, i % 2 ? time : 0, w);
		CHECK_INT(unpack_dec(&spill, dec), v);
		CHECK_INT(unpack_time(&spill, time), w);
	}
	spill_fini(&spill);
}

static void plain_values_do_not_spill(void **state)
{
	struct spill spill = { 0 };

	(void)state;
	for (int64_t fen = -100000000; fen <= 100000000; fen += 9973)
		pack_dec(&spill, PACK_DEC_MISSING, fen * 10000);
	for (int64_t t = 0; t < INT64_C(80) * 366 * SECS_PER_DAY; t += 1234567)
		pack_time(&spill, 0, t);
	CHECK_INT(spill.n, 0);
	spill_fini(&spill);
}

static void a_cell_keeps_its_spilled_place(void **state)
{
	struct spill spill = { 0 };
	uint32_t p = PACK_DEC_MISSING;

	(void)state;
	for (int64_t i = 0; i < 100; i++)
		p = pack_dec(&spill, p, INT64_MAX - i);
	CHECK_INT(spill.n, 1);
	CHECK_INT(unpack_dec(&spill, p), INT64_MAX - 99);
	spill_fini(&spill);
}

/* Mostly plain values, one in `odd` wild. */
static void many_are_as_one_by_one(void **state)
{
	enum { MOST = 40 };
	uint64_t rng = 5;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct spill one = { 0 }, many = { 0 };
		uint32_t n = (uint32_t)(check_random(&rng) % (MOST + 1));
		uint32_t odd = 1 + (uint32_t)round % 97;
		uint32_t dec[MOST], time[MOST];
		int64_t d[MOST], t[MOST];

		for (uint32_t i = 0; i < n; i++) {
			bool plain = check_random(&rng) % odd != 0;

			d[i] = plain ? (int64_t)(check_random(&rng) % 6871948) * 10000 : wild(&rng);
			t[i] = plain ? (int64_t)(check_random(&rng) >> 33) : wild(&rng);
		}
		pack_decs(&many, dec, d, n);
		pack_times(&many, time, t, n);
		for (uint32_t i = 0; i < n; i++)
			CHECK_INT(pack_dec(&one, PACK_DEC_MISSING, d[i]), dec[i]);
		for (uint32_t i = 0; i < n; i++)
			CHECK_INT(pack_time(&one, 0, t[i]), time[i]);
		CHECK_INT(one.n, many.n);
		spill_fini(&one);
		spill_fini(&many);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(plain_values_do_not_spill),
		cmocka_unit_test(a_cell_keeps_its_spilled_place),
		cmocka_unit_test(many_are_as_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
