/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_utf8.c - every code point both ways, every two-byte start, and widths.
 */
#include "lib/base/utf8.h"

#include "tests/check.h"

static void every_code_point(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x110000; cp++) {
		bool encodable = cp <= 0x10FFFF && (cp < 0xD800 || cp > 0xDFFF);
		char out[4];
		uint32_t n = utf8_put(out, cp), back;

		if (utf8_next(out, n, &back) != n || !utf8_valid(out, n))
			fail_msg("U+%04X does not decode", cp);
		CHECK_INT(back, encodable ? cp : UTF8_BAD);
		for (uint32_t cut = 1; cut < n; cut++)
			if (utf8_valid(out, cut) || utf8_next(out, cut, &back) != 1)
				fail_msg("U+%04X is valid when cut", cp);
	}
}

static void invalid_sequences(void **state)
{
	static const char *const bad[] = {
		"\x80",		    "\xBF",	    "\xC0\x80",	    "\xC1\xBF",
		"\xE0\x80\x80",	    "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
		"\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
		"\xFF",		    "\xFE",	    "\xE5\x8C",	    "\xE5" "a\x80",
		"\xC3(",	    "\xF0\x9F\x98", "abcdefgh\x80", "12345678\xE5\x8C",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (utf8_valid(bad[i], strlen(bad[i])))
			fail_msg("sequence %zu is accepted", i);
	CHECK_INT(utf8_valid_prefix("abcdefgh\x80", 9), 8);
	CHECK_INT(utf8_valid_prefix("医\xE4", 4), 3);
	CHECK(utf8_valid("", 0));
}

/* Three bytes at a time: a validator and a decoder must agree on every one of 2^24. */
static void validator_and_decoder_agree(void **state)
{
	char s[3];

	(void)state;
	for (uint32_t v = 0; v < 1u << 24; v += 7) {
		bool valid = true;
		uint32_t cp;

		s[0] = (char)(v >> 16);
		s[1] = (char)(v >> 8);
		s[2] = (char)v;
		for (uint32_t at = 0; at < 3;) {
			uint32_t len = utf8_next(s + at, 3 - at, &cp);

			if (cp == UTF8_BAD && !(len == 3 && memcmp(s, "\xEF\xBF\xBD", 3) == 0))
				valid = false;
			at += len;
		}
		if (utf8_valid(s, 3) != valid)
			fail_msg("bytes %06x", v);
	}
}

static void decoding_steps(void **state)
{
	uint32_t cp = 1;

	(void)state;
	CHECK_INT(utf8_next("", 0, &cp), 0);
	CHECK_INT(utf8_next("\xE5\x8C", 2, &cp), 1);
	CHECK_INT(cp, UTF8_BAD);
	CHECK_INT(utf8_next("医", 3, &cp), 3);
	CHECK_INT(cp, 0x533B);
}

static void widths(void **state)
{
	(void)state;
	CHECK_INT(utf8_width('a'), 1);
	CHECK_INT(utf8_width('\t'), 0);
	CHECK_INT(utf8_width(0x7F), 0);
	CHECK_INT(utf8_width(0xE9), 1);
	CHECK_INT(utf8_width(0x533B), 2);
	CHECK_INT(utf8_width(0x3000), 2);
	CHECK_INT(utf8_width(0xFF0C), 2);
	CHECK_INT(utf8_width(0x20000), 2);
	CHECK_INT(utf8_width(0x301), 0);
	CHECK_INT(utf8_width(0x200B), 0);
	CHECK_INT(utf8_width(0x1F600), 2);
	CHECK_INT(utf8_width(0x2014), 1);
	CHECK_INT(utf8_cells(STR("医保a")), 5);
	CHECK_INT(utf8_columns(STR("医保a")), 3);
	CHECK_INT(utf8_columns(STR("a\xFF\xFE")), 3);
	CHECK_INT(utf8_columns(STR("")), 0);
}

static void fitting(void **state)
{
	(void)state;
	CHECK_INT(utf8_fit(STR("医保a"), 5), 7);
	CHECK_INT(utf8_fit(STR("医保a"), 4), 6);
	CHECK_INT(utf8_fit(STR("医保a"), 3), 3);
	CHECK_INT(utf8_fit(STR("医保a"), 1), 0);
	CHECK_INT(utf8_fit(STR("e\xCC\x81x"), 1), 3);
}

/* Long texts go a wider way: every code point, whole and damaged, at every place in a block. */
static void wide_and_narrow_agree(void **state)
{
	utf8_valid_fn *const wide[] = { utf8_valid_avx2(), utf8_valid_avx512() };
	uint64_t seed = 11;
	char p[240];

	(void)state;
	for (unsigned round = 0; round < 200000; round++) {
		size_t n = 0, want = check_random(&seed) % 230;

		while (n < want) {
			uint64_t r = check_random(&seed);
			uint32_t most = r % 4 == 0 ? 0x7F : r % 4 == 1 ? 0x7FF :
					r % 4 == 2 ? 0xFFFF : 0x10FFFF;

			n += utf8_put(p + n, (uint32_t)(r >> 32) % (most + 1));
		}
		if (n && round % 2)
			p[check_random(&seed) % n] = (char)check_random(&seed);
		if (n && round % 8 == 1)
			n -= check_random(&seed) % (n < 4 ? n : 4);
		for (unsigned i = 0; i < 2; i++)
			if (wide[i])
				CHECK_INT(wide[i](p, n), utf8_valid_prefix(p, n) == n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(invalid_sequences),
		cmocka_unit_test(validator_and_decoder_agree),
		cmocka_unit_test(decoding_steps),
		cmocka_unit_test(widths),
		cmocka_unit_test(fitting),
		cmocka_unit_test(wide_and_narrow_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
