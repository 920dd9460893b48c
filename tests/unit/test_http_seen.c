/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_http_seen.c - the same again gets the same answer; torn and full files.
 */
#include "daemon/http/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/fundwatch-seen-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int remove_folder(void **state)
{
	char path[96];
	(void)state;
	snprintf(path, sizeof path, "%s/seen.old", folder);
	unlink(path);
	snprintf(path, sizeof path, "%s/seen.new", folder);
	unlink(path);
	return rmdir(folder);
}

static struct seen *open_it(void)
{
	struct err e;
	struct seen *s = seen_open(folder, 1000, &e);
	assert_non_null(s);
	return s;
}

static void asks(struct seen *s, const char *key, const char *digest, enum seen_answer expected,
		 const char *text)
{
	struct buf b;
	buf_init(&b, 0);
	assert_int_equal(seen_ask(s, key, digest, &b), expected);
	assert_string_equal(buf_cstr(&b), text);
	buf_fini(&b);
}

static void the_same_answer(void **state)
{
	struct err e;
	struct seen *s = open_it();
	(void)state;
	asks(s, "H1/a", "d1", SEEN_NEW, "");
	assert_true(seen_note(s, "H1/a", "d1", STR("{1}"), &e));
	assert_true(seen_note(s, "H2/a", "d2", STR("{2}"), &e));
	asks(s, "H1/a", "d1", SEEN_SAME, "{1}");
	asks(s, "H2/a", "d2", SEEN_SAME, "{2}");
	asks(s, "H1/a", "d2", SEEN_OTHER, "");
	seen_close(s);
	s = open_it();
	asks(s, "H1/a", "d1", SEEN_SAME, "{1}");
	asks(s, "H2/a", "d1", SEEN_OTHER, "");
	seen_close(s);
}

static void a_torn_tail_is_cut_off(void **state)
{
	struct err e;
	char path[96];
	struct seen *s = open_it();
	(void)state;
	assert_true(seen_note(s, "k1", "d", STR("one"), &e));
	assert_true(seen_note(s, "k2", "d", STR("two"), &e));
	seen_close(s);
	snprintf(path, sizeof path, "%s/seen.new", folder);
	FILE *f = fopen(path, "r+");
	fseek(f, 0, SEEK_END);
	assert_int_equal(ftruncate(fileno(f), ftell(f) - 1), 0);
	fclose(f);
	s = open_it();
	asks(s, "k1", "d", SEEN_SAME, "one");
	asks(s, "k2", "d", SEEN_NEW, "");
	assert_true(seen_note(s, "k2", "d", STR("two"), &e));
	seen_close(s);
	s = open_it();
	asks(s, "k2", "d", SEEN_SAME, "two");
	seen_close(s);
}

static void the_oldest_are_forgotten(void **state)
{
	struct err e;
	struct seen *s = open_it();
	char key[32];
	(void)state;
	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof key, "n%d", i);
		assert_true(seen_note(s, key, "d", STR("x"), &e));
	}
	asks(s, "n0", "d", SEEN_NEW, "");
	asks(s, "n2500", "d", SEEN_SAME, "x");
	asks(s, "n2999", "d", SEEN_SAME, "x");
	seen_close(s);
	s = open_it();
	asks(s, "n2500", "d", SEEN_SAME, "x");
	seen_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_answer, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_torn_tail_is_cut_off, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(the_oldest_are_forgotten, make_folder,
						remove_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
