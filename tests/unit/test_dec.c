/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_dec.c - exact decimals: forms accepted, limits, round trips, rounding.
 */
#include "lib/base/dec.h"

#include <inttypes.h>

#include "tests/check.h"

struct example {
	const char *text;
	int scale;
	int64_t value;
};

static void accepted(void **state)
{
	static const struct example examples[] = {
		{ "0", 6, 0 },
		{ "-0", 6, 0 },
		{ "12.34", 6, 12340000 },
		{ " +12.34\t", 2, 1234 },
		{ "-.5", 1, -5 },
		{ "5.", 1, 50 },
		{ "12345678901234567", 0, 12345678901234567 },
		{ "123456789012345678", 0, 123456789012345678 },
		{ "0000000000000005.", 2, 500 },
		{ "007", 0, 7 },
		{ "1.230000000000000000000000", 2, 123 },
		{ "00000000000000000000000000001", 0, 1 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-9223372036854775807", 0, -INT64_MAX },
		{ "9223372036854.775807", 6, INT64_MAX },
		{ "0.000000000000000001", 18, 1 },
		{ "9.223372036854775807", 18, INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		int64_t v = -77;

		CHECK(dec_parse(str_of(examples[i].text), examples[i].scale, &v));
		CHECK_INT(v, examples[i].value);
	}
}

static void refused(void **state)
{
	static const struct example examples[] = {
		{ "", 2, 0 },
		{ "  ", 2, 0 },
		{ ".", 2, 0 },
		{ "-", 2, 0 },
		{ "+-1", 2, 0 },
		{ "- 1", 2, 0 },
		{ "1 2", 2, 0 },
		{ "1,000", 2, 0 },
		{ "1e3", 2, 0 },
		{ "1.2.3", 2, 0 },
		{ "0x10", 2, 0 },
		{ "１２", 2, 0 },
		{ "1.001", 2, 0 },
		{ "12345678901234567", 6, 0 },
		{ "1234567890.1234567", 3, 0 },
		{ "NaN", 2, 0 },
		{ "9223372036854775808", 0, 0 },
		{ "-9223372036854775808", 0, 0 },
		{ "9223372036854.775808", 6, 0 },
		{ "99999999999999999999999999", 0, 0 },
		{ "10", 18, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		int64_t v = -77;

		if (dec_parse(str_of(examples[i].text), examples[i].scale, &v))
			fail_msg("accepted \"%s\"", examples[i].text);
		CHECK_INT(v, -77);
	}
}

static void check_format(int64_t v, int scale, int min_frac, const char *want)
{
	struct buf b;

	buf_init(&b, 0);
	dec_add(&b, v, scale, min_frac);
	assert_string_equal(buf_cstr(&b), want);
	buf_fini(&b);
}

static void formats(void **state)
{
	(void)state;
	check_format(200000000, 6, 2, "200.00");
	check_format(200123400, 6, 2, "200.1234");
	check_format(-5, 6, 0, "-0.000005");
	check_format(0, 6, 0, "0");
	check_format(0, 6, 2, "0.00");
	check_format(7, 0, 0, "7");
	check_format(7, 0, 2, "7.00");
	check_format(-10, 1, 0, "-1");
	check_format(INT64_MAX, 18, 0, "9.223372036854775807");
	check_format(INT64_MIN, 6, 2, "-9223372036854.775808");
}

/* What dec_add() writes, dec_parse() reads back, at every scale. */
static void round_trips(void **state)
{
	uint64_t seed = 7;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	for (int i = 0; i < 40000; i++) {
		int scale = i % 19;
		int64_t v = (int64_t)check_random(&seed) >> (check_random(&seed) % 63), back;

		if (v == INT64_MIN)
			continue;
		buf_reset(&b);
		dec_add(&b, v, scale, (int)(check_random(&seed) % 5));
		CHECK(dec_parse(buf_str(&b), scale, &back));
		CHECK_INT(back, v);
	}
	buf_fini(&b);
}

static void rounding(void **state)
{
	(void)state;
	CHECK_INT(dec_round(12345, 4, 2), 123);
	CHECK_INT(dec_round(12350, 4, 2), 124);
	CHECK_INT(dec_round(-12350, 4, 2), -124);
	CHECK_INT(dec_round(-12349, 4, 2), -123);
	CHECK_INT(dec_round(5, 1, 0), 1);
	CHECK_INT(dec_round(-5, 1, 0), -1);
	CHECK_INT(dec_round(4, 1, 0), 0);
	CHECK_INT(dec_round(12, 2, 6), 120000);
	CHECK_INT(dec_round(7, 3, 3), 7);
	CHECK_INT(dec_round(INT64_MAX, 18, 0), 9);
	CHECK_INT(dec_round(INT64_MIN, 18, 0), -9);
	CHECK_INT(dec_round(INT64_MAX, 0, 1), INT64_MIN);
	CHECK_INT(dec_pow10(18), INT64_C(1000000000000000000));
}

/* Texts as extracts have them, some of them wrong, together and one by one: the same values up to
 * the first that is refused. */
static void many(void **state)
{
	static const char *const parts[] = { "0", "7", "12", "345", "9876", ".", ".", "00",
					     "99999999", "-", " ", "x", "" };
	char room[13][16];
	struct str text[13];
	int64_t made[13], one;
	uint64_t seed = 5;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t n = (uint32_t)(check_random(&seed) % 14), good = 0;
		int scale = (int)(check_random(&seed) % 9);
		unsigned kinds = round % 3 ? 9 : 13;

		for (uint32_t i = 0; i < n; i++) {
			room[i][0] = '\0';
			for (unsigned k = 0; k < 1 + check_random(&seed) % 3; k++)
				strncat(room[i], parts[check_random(&seed) % kinds],
					15 - strlen(room[i]));
			text[i] = str_of(room[i]);
		}
		while (good < n && dec_parse(text[good], scale, &one))
			good++;
		CHECK_INT(dec_parse_many(text, n, scale, made), good);
		for (uint32_t i = 0; i < good; i++) {
			CHECK(dec_parse(text[i], scale, &one));
			CHECK_INT(made[i], one);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(formats),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(rounding),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
