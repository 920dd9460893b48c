/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/host/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

/* What `say` wrote under the given level and format. */
static const char *written(const char *level, const char *format, void (*say)(void))
{
	static char text[1 << 14];
	struct err e;
	(void)snprintf(path, sizeof path, P_tmpdir "/fundwatch-log-%ld", (long)getpid());
	(void)unlink(path);
	assert_true(log_open(level, format, path, &e));
	say();
	log_close();
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	(void)fclose(f);
	(void)unlink(path);
	return text;
}

static void say_both(void)
{
	log_warn("file a\nb.csv", "%d rejects", 3);
	log_debug(NULL, "secret");
}

static void lines_carry_their_object(void **state)
{
	(void)state;
	const char *text = written("info", "text", say_both);
	assert_non_null(strstr(text, "+08:00 warn   file a b.csv: 3 rejects\n"));
	assert_null(strstr(text, "secret"));
}

static void json_lines(void **state)
{
	(void)state;
	const char *text = written("debug", "json", say_both);
	assert_non_null(strstr(text, "\"level\":\"warn\",\"object\":\"file a\\nb.csv\","
				     "\"message\":\"3 rejects\"}\n"));
	assert_non_null(strstr(text, "\"message\":\"secret\"}\n"));
}

static void unknown_level_is_refused(void **state)
{
	struct err e;
	(void)state;
	assert_false(log_open("loud", "text", NULL, &e));
	assert_false(log_set_level("LOUD"));
}

static void a_noisy_place_is_held_back(void **state)
{
	struct log_limit limit = { 0 };
	uint32_t held;
	(void)state;
	for (unsigned i = 0; i < LOG_BURST; i++)
		assert_true(log_allowed(&limit, 600, &held));
	assert_false(log_allowed(&limit, 601, &held));
	assert_false(log_allowed(&limit, 659, &held));
	assert_true(log_allowed(&limit, 660, &held));
	assert_int_equal(held, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_carry_their_object),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(unknown_level_is_refused),
		cmocka_unit_test(a_noisy_place_is_held_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
