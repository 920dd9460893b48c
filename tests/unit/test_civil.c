/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_civil.c - every day of the believed years, and every form extracts use.
 */
#include "lib/base/civil.h"

#include "tests/check.h"

static int length_of(int y, int m)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return length[m - 1] + (m == 2 && leap);
}

static void check_day(int32_t day, int y, int m, int d)
{
	int gy, gm, gd;

	civil_ymd(day, &gy, &gm, &gd);
	assert_true(gy == y && gm == m && gd == d);
	CHECK_INT(civil_days(y, m, d), day);
	CHECK(civil_valid(y, m, d));
	CHECK_INT(civil_year(day), y);
	CHECK_INT(civil_month(day), (y - 1970) * 12 + m - 1);
	CHECK_INT(civil_quarter(day), (y - 1970) * 4 + (m - 1) / 3);
	CHECK_INT(civil_month_start(civil_month(day)), day - d + 1);
}

/* Counted by hand from 1850-01-01, a Tuesday, 43829 days before 1970-01-01. */
static void every_day(void **state)
{
	int32_t day = -43829;
	int weekday = 2;

	(void)state;
	for (int y = CIVIL_YEAR_MIN; y <= CIVIL_YEAR_MAX; y++)
		for (int m = 1; m <= 12; m++) {
			for (int d = 1; d <= length_of(y, m); d++) {
				check_day(day++, y, m, d);
				weekday = weekday % 7 + 1;
				CHECK_INT(civil_weekday(day), weekday);
			}
			CHECK(!civil_valid(y, m, length_of(y, m) + 1));
		}
}

static void landmarks(void **state)
{
	(void)state;
	CHECK_INT(civil_days(1970, 1, 1), 0);
	CHECK_INT(civil_days(2026, 3, 1), 20513);
	CHECK_INT(civil_days(2000, 2, 29), 11016);
	CHECK_INT(civil_weekday(0), 4);
	CHECK(!civil_valid(1849, 12, 31));
	CHECK(!civil_valid(2201, 1, 1));
	CHECK(!civil_valid(1900, 2, 29));
	CHECK(!civil_valid(2026, 0, 1));
	CHECK(!civil_valid(2026, 13, 1));
	CHECK(!civil_valid(2026, 1, 0));
	CHECK_INT(civil_day_of(-1), -1);
	CHECK_INT(civil_day_of(-86400), -1);
	CHECK_INT(civil_day_of(86399), 0);
	CHECK_INT(civil_midnight(-1), -86400);
}

static void ages(void **state)
{
	int32_t born = civil_days(2000, 2, 29);

	(void)state;
	CHECK_INT(civil_age(born, civil_days(2001, 2, 28)), 0);
	CHECK_INT(civil_age(born, civil_days(2001, 3, 1)), 1);
	CHECK_INT(civil_age(born, civil_days(2004, 2, 29)), 4);
	CHECK_INT(civil_age(born, born), 0);
	CHECK_INT(civil_age(born, born - 1), -1);
}

static const char *const dates[] = {
	"2026-03-01", "2026-3-1",  "2026/03/01", "2026/3/1",
	"20260301",   "  2026-03-01\t", "2026年3月1日", "2026年03月01日",
};

static void date_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		int32_t day = 0;
		int64_t secs = 0;

		if (!civil_parse_date(str_of(dates[i]), &day))
			fail_msg("refused \"%s\"", dates[i]);
		CHECK_INT(day, 20513);
		CHECK(civil_parse_time(str_of(dates[i]), &secs));
		CHECK_INT(secs, civil_midnight(20513));
	}
}

static const char *const times[] = {
	"2026-03-01 09:05:00",	     "2026-03-01 09:05",	  "2026-3-1 9:05",
	"2026/3/1  9:05:00",	     "2026-03-01T09:05:00",	  "2026-03-01t09:05",
	"2026-03-01 09:05:00.0",     "2026-03-01 09:05:00.999",	  "2026-03-01 09:05:00,123456789",
	"2026-03-01T09:05:00+08:00", "2026-03-01T09:05:00+0800",  "2026-03-01T09:05:00+08",
	"2026-03-01T01:05:00Z",	     "2026-03-01T01:05:00.000Z",  "2026-02-28T20:05:00-05:00",
	"2026-03-01T06:35:00+05:30", "20260301090500",		  "202603010905",
	"20260301 09:05:00",	     "20260301T09:05",		  "2026年3月1日 09:05:00",
	"2026-03-01 01:05:00+00",    "20260301T09:05:00.5+08:00",
};

static void time_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		int64_t secs = 0;
		int32_t day = 0;

		if (!civil_parse_time(str_of(times[i]), &secs))
			fail_msg("refused \"%s\"", times[i]);
		CHECK_INT(secs, civil_midnight(20513) + 9 * 3600 + 300);
		CHECK(civil_parse_date(str_of(times[i]), &day));
		CHECK_INT(day, 20513);
	}
}

static const char *const malformed[] = {
	"",		       " ",		      "2026",
	"2026-03",	       "2026-03-",	      "2026-03-01x",
	"2026-3/1",	       "26-03-01",	      "2026-00-01",
	"2026-02-29 00:00:00", "2026-13-01 00:00:00", "2026-01-01 23:59:5x",
	"2026-01-01x23:59:59", "2026-0a-01",	      "202a-01-01",
	"2026-02-30",	       "1849-12-31",	      "2201-01-01",
	"0000-00-00",	       "00000000",	      "99991231",
	"2026030",	       "202603011",	      "2026030109",
	"20260301096000",      "202603012400",	      "2026-03-01 24:00:00",
	"2026-03-01 09:60",    "2026-03-01 09:00:60", "2026-03-01 09",
	"2026-03-01 09:0",     "2026-03-01 9:0:0",    "2026-03-01T",
	"2026-03-01 T09:00",   "2026-03-0109:00",     "2026-03-01 09:00:00.",
	"2026-03-01 09:00+",   "2026-03-01 09:00+8",  "2026-03-01 09:00+08:6",
	"2026-03-01 09:00+15:00", "2026-03-01 09:00+08:60", "2026-03-01 09:00ZZ",
	"2026年3月1",	       "2026年3日1月",	      "2026年3月1日9",
	"-2026-03-01",	       "2026-03-01 -9:00",    "２０２６-03-01",
	"2026-03-01 09:00:00.5.5", "2026.03.01",      "3/1/2026",
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
		int64_t secs = 42;
		int32_t day = 42;

		if (civil_parse_time(str_of(malformed[i]), &secs) ||
		    civil_parse_date(str_of(malformed[i]), &day))
			fail_msg("accepted \"%s\"", malformed[i]);
		CHECK_INT(secs, 42);
		CHECK_INT(day, 42);
	}
	CHECK(!civil_parse_time((struct str){ NULL, 0 }, &(int64_t){ 0 }));
}

static void zones_cross_the_edge(void **state)
{
	int64_t secs;

	(void)state;
	CHECK(civil_parse_time(STR("2025-12-31T16:00:00Z"), &secs));
	CHECK_INT(secs, civil_midnight(civil_days(2026, 1, 1)));
}

static void written_and_read_back(void **state)
{
	struct buf b;
	uint64_t seed = 10;
	int64_t first = civil_midnight(civil_days(CIVIL_YEAR_MIN, 1, 1));
	int64_t last = civil_midnight(civil_days(CIVIL_YEAR_MAX, 12, 31));

	(void)state;
	buf_init(&b, 0);
	for (int i = 0; i < 20000; i++) {
		int64_t secs = first + (int64_t)(check_random(&seed) % (uint64_t)(last - first));
		int64_t back;
		int32_t day;

		buf_reset(&b);
		civil_add_time(&b, secs);
		CHECK_INT(b.n, 19);
		CHECK(civil_parse_time(buf_str(&b), &back));
		CHECK_INT(back, secs);
		buf_reset(&b);
		civil_add_date(&b, civil_day_of(secs));
		CHECK(civil_parse_date(buf_str(&b), &day));
		CHECK_INT(day, civil_day_of(secs));
	}
	buf_reset(&b);
	civil_add_time(&b, civil_midnight(20513) + 9 * 3600 + 62);
	assert_string_equal(buf_cstr(&b), "2026-03-01 09:01:02");
	buf_fini(&b);
}

/* Random bytes around a valid text: never a crash, and what is accepted is in range. */
static void mangled(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char text[] = "2026-03-01 09:05:00+08:00";
		size_t n = check_random(&seed) % sizeof text;
		int64_t secs;

		for (int k = 0; k < 2; k++)
			text[check_random(&seed) % (sizeof text - 1)] =
				"0123456789-/:T Z+.\xE5"[check_random(&seed) % 19];
		if (civil_parse_time(str_make(text, n), &secs))
			CHECK(civil_year(civil_day_of(secs)) >= CIVIL_YEAR_MIN - 1 &&
			      civil_year(civil_day_of(secs)) <= CIVIL_YEAR_MAX + 1);
	}
}

/* Together and one by one: the same times up to the first that is refused. */
static void many(void **state)
{
	static const char *const some[] = {
		"2026-03-01 09:05:00", "2026-03-01 23:59:59", "2026-03-01", "2026-03-02 00:00:00",
		"2026-03-02", "2025-03-01 09:05:00", "2026-03-01T09:05:00", "2026-3-1 9:05",
		"2026-03-01 09:05", "2026-02-29 00:00:00", "2026-03-01 24:00:00",
		"2026-03-01 09:60:00", "2026-03-01 09:05:60", "2026-03-01x09:05:00",
		"2026/03/01 09:05:00", "2026-03-01 9:05:000", "2026-3-1 0800:00:00", "",
		"2026/03/01",
	};
	struct str text[9];
	int64_t made[9], one;
	uint64_t seed = 3;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t n = (uint32_t)(check_random(&seed) % 10), good = 0;

		for (uint32_t i = 0; i < n; i++)
			text[i] = str_of(some[check_random(&seed) %
					      (round % 2 ? 9 : sizeof some / sizeof some[0])]);
		while (good < n && civil_parse_time(text[good], &one))
			good++;
		CHECK_INT(civil_parse_many(text, n, made), good);
		for (uint32_t i = 0; i < good; i++) {
			CHECK(civil_parse_time(text[i], &one));
			CHECK_INT(made[i], one);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day),
		cmocka_unit_test(landmarks),
		cmocka_unit_test(ages),
		cmocka_unit_test(date_forms),
		cmocka_unit_test(time_forms),
		cmocka_unit_test(refused),
		cmocka_unit_test(zones_cross_the_edge),
		cmocka_unit_test(written_and_read_back),
		cmocka_unit_test(mangled),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
