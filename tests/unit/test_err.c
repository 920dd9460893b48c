/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_err.c - error sentences: words, wrapping, and cuts at whole characters.
 */
#include "lib/base/err.h"

#include "lib/base/utf8.h"
#include "tests/check.h"

static void set_and_wrap(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_false(err_set(&e, ERR_CONF, "unknown field `%s`", "x"));
	CHECK_INT(e.code, ERR_CONF);
	assert_false(err_wrap(&e, "line %d", 3));
	assert_string_equal(e.text, "line 3: unknown field `x`");
	CHECK_INT(e.code, ERR_CONF);
}

static void null_is_fine(void **state)
{
	(void)state;
	assert_false(err_set(NULL, ERR_BUG, "nobody listens"));
	assert_false(err_wrap(NULL, "nobody"));
}

static void own_text_as_argument(void **state)
{
	struct err e = { 0 };

	(void)state;
	err_set(&e, ERR_INPUT, "inner");
	err_set(&e, ERR_WORLD, "outer (%s)", e.text);
	assert_string_equal(e.text, "outer (inner)");
	CHECK_INT(e.code, ERR_WORLD);
}

/* Shifted by 0..3 bytes, a long Chinese text must never be cut inside a character. */
static void long_text_is_cut_whole(void **state)
{
	char text[1200];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		struct err e = { 0 };
		size_t n = shift;

		memset(text, 'a', shift);
		for (; n + 4 < sizeof text - 1; n += 3)
			memcpy(text + n, "费", 3);
		text[n] = '\0';
		err_set(&e, ERR_INPUT, "%s", text);
		CHECK(utf8_valid(e.text, strlen(e.text)));
		CHECK(strlen(e.text) >= sizeof e.text - 4);
		err_wrap(&e, "文件");
		CHECK(utf8_valid(e.text, strlen(e.text)));
		CHECK(strncmp(e.text, "文件: ", 8) == 0);
	}
}

static void four_byte_character_at_the_end(void **state)
{
	struct err e = { 0 };
	char text[sizeof e.text + 8];

	(void)state;
	for (size_t at = sizeof e.text - 6; at < sizeof e.text; at++) {
		memset(text, 'x', sizeof text);
		memcpy(text + at, "\xF0\xA0\x80\x80", 5);
		err_set(&e, ERR_INPUT, "%s", text);
		CHECK(utf8_valid(e.text, strlen(e.text)));
	}
}

static void every_code_has_a_word(void **state)
{
	(void)state;
	for (int code = ERR_NONE; code <= ERR_BUG; code++)
		assert_string_not_equal(err_name((enum err_code)code), "unknown");
	assert_string_equal(err_name((enum err_code)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_wrap),
		cmocka_unit_test(null_is_fine),
		cmocka_unit_test(own_text_as_argument),
		cmocka_unit_test(long_text_is_cut_whole),
		cmocka_unit_test(four_byte_character_at_the_end),
		cmocka_unit_test(every_code_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
