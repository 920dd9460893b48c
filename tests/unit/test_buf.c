/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_buf.c - bounded writing, sticky failure, numbers, JSON and CSV quoting.
 */
#include "lib/base/buf.h"

#include <inttypes.h>

#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "tests/check.h"

static void writing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_string_equal(buf_cstr(&b), "");
	CHECK_INT(buf_str(&b).n, 0);
	buf_adds(&b, "医");
	buf_addc(&b, '-');
	buf_addstr(&b, STR("保"));
	buf_add(&b, NULL, 0);
	buf_addf(&b, " %d%s", 7, "!");
	buf_fill(&b, '=', 3);
	assert_string_equal(buf_cstr(&b), "医-保 7!===");
	buf_reset(&b);
	assert_string_equal(buf_cstr(&b), "");
	for (int i = 0; i < 5000; i++)
		buf_addf(&b, "%d,", i % 10);
	CHECK_INT(b.n, 10000);
	CHECK(!b.failed);
	buf_fini(&b);
}

static void bound_is_sticky(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	buf_adds(&b, "abc");
	buf_adds(&b, "def");
	CHECK(b.failed);
	assert_string_equal(buf_cstr(&b), "abc");
	buf_addc(&b, 'd');
	buf_addf(&b, "%d", 1);
	buf_fill(&b, 'x', 1);
	assert_string_equal(buf_cstr(&b), "abc");
	buf_reset(&b);
	buf_addf(&b, "%s", "12345");
	CHECK(!b.failed);
	buf_addf(&b, "%s", "6");
	CHECK(b.failed);
	assert_string_equal(buf_cstr(&b), "12345");
	buf_fini(&b);
}

static void numbers(void **state)
{
	static const int64_t edges[] = { 0, 1, -1, 9, 10, -10, INT64_MAX, INT64_MIN };
	struct buf b;
	uint64_t seed = 3;

	(void)state;
	buf_init(&b, 0);
	for (int i = 0; i < 2000; i++) {
		int64_t v = i < 8 ? edges[i] : (int64_t)(check_random(&seed) >> (i % 64));
		char want[64];

		snprintf(want, sizeof want, "%" PRId64 " %" PRIu64, v, (uint64_t)v);
		buf_reset(&b);
		buf_addi(&b, v);
		buf_addc(&b, ' ');
		buf_addu(&b, (uint64_t)v);
		assert_string_equal(buf_cstr(&b), want);
	}
	buf_fini(&b);
}

static void quote(struct buf *b, struct str s, const char *json, const char *csv)
{
	buf_reset(b);
	buf_json(b, s);
	assert_string_equal(buf_cstr(b), json);
	buf_reset(b);
	buf_csv(b, s);
	assert_string_equal(buf_cstr(b), csv);
}

static void quoting(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	quote(&b, STR(""), "\"\"", "");
	quote(&b, STR("plain 文"), "\"plain 文\"", "plain 文");
	quote(&b, STR("a\"b\\c"), "\"a\\\"b\\\\c\"", "\"a\"\"b\\c\"");
	quote(&b, STR("a,b\n"), "\"a,b\\n\"", "\"a,b\n\"");
	quote(&b, STR("\x01\x1F\x7F\t"), "\"\\u0001\\u001f\\u007f\\t\"",
	      "\x01\x1F\x7F\t");
	quote(&b, STR(" x"), "\" x\"", "\" x\"");
	quote(&b, STR("a\xFF\xE5\x8C" "b"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" "b\"",
	      "a\xFF\xE5\x8C" "b");
	quote(&b, STR("\xF0\xA0\x80\x80"), "\"\xF0\xA0\x80\x80\"", "\xF0\xA0\x80\x80");
	buf_fini(&b);
}

/* Each byte at each place among others that stand for themselves, in strings of every length. */
static void one_odd_byte(void **state)
{
	enum { MOST = 20 };
	char raw[MOST], want[2 * MOST];
	struct buf b, alone;

	(void)state;
	buf_init(&b, 0);
	buf_init(&alone, 0);
	for (int i = 0; i < 256 * MOST * MOST; i++) {
		int c = i / (MOST * MOST), n = i / MOST % MOST + 1, at = i % MOST;

		if (at >= n)
			continue;
		memset(raw, c == ' ' ? '~' : ' ', (size_t)n);
		raw[at] = (char)c;
		buf_reset(&alone);
		buf_json(&alone, str_make(raw + at, 1));
		snprintf(want, sizeof want, "\"%.*s%.*s%.*s\"", at, raw,
			 (int)alone.n - 2, alone.p + 1, n - at - 1, raw + at + 1);
		buf_reset(&b);
		buf_json(&b, str_make(raw, (size_t)n));
		assert_string_equal(buf_cstr(&b), want);
	}
	buf_fini(&b);
	buf_fini(&alone);
}

/* Whatever goes in, a JSON string is valid UTF-8 without raw control characters. */
static void json_is_always_valid(void **state)
{
	struct buf b;
	uint64_t seed = 4;
	char raw[32];

	(void)state;
	buf_init(&b, 0);
	for (int round = 0; round < 20000; round++) {
		size_t n = check_random(&seed) % sizeof raw;

		for (size_t i = 0; i < n; i++)
			raw[i] = (char)check_random(&seed);
		buf_reset(&b);
		buf_json(&b, str_make(raw, n));
		CHECK(utf8_valid(b.p, b.n));
		for (size_t i = 0; i < b.n; i++)
			CHECK((unsigned char)b.p[i] >= 0x20);
	}
	buf_fini(&b);
}

static void taking(void **state)
{
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&b, 0);

	char *empty = buf_take(&b, &n);

	assert_string_equal(empty, "");
	CHECK_INT(n, 0);
	buf_adds(&b, "abc");

	char *p = buf_take(&b, NULL);

	assert_string_equal(p, "abc");
	CHECK_INT(b.n, 0);
	xfree(empty);
	xfree(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing),
		cmocka_unit_test(bound_is_sticky),
		cmocka_unit_test(numbers),
		cmocka_unit_test(quoting),
		cmocka_unit_test(one_odd_byte),
		cmocka_unit_test(json_is_always_valid),
		cmocka_unit_test(taking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
