/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/source/spool.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/host/log.h"

static char dir[64];
static struct spool *spool;

static const char *at(const char *name)
{
	static char path[4][256];
	static int turn;
	turn = (turn + 1) % 4;
	(void)snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
	return path[turn];
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");
	assert_non_null(f);
	(void)fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static bool there(const char *name)
{
	return access(at(name), F_OK) == 0;
}

static void open_spool(void)
{
	struct err e;
	spool = spool_open(dir, &e);
	if (!spool)
		fail_msg("%s", e.text);
}

/* Reads the events that writing has just made; inotify has them at once. */
static void hear(void)
{
	struct err e;
	struct pollfd p = { .fd = spool_fd(spool), .events = POLLIN };
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_true(spool_read(spool, &e));
}

static void next_is(const char *name)
{
	struct spool_file f;
	assert_true(spool_next(spool, &f));
	assert_string_equal(f.name, name);
	spool_file_fini(&f);
}

static void none_left(void)
{
	struct spool_file f;
	assert_false(spool_next(spool, &f));
}

static int fresh(void **state)
{
	(void)state;
	(void)strcpy(dir, P_tmpdir "/fundwatch-spool-XXXXXX");
	(void)log_set_level("error");
	return mkdtemp(dir) ? 0 : -1;
}

static int gone(void **state)
{
	char command[128];
	(void)state;
	spool_close(spool);
	spool = NULL;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

static void files_come_by_name(void **state)
{
	(void)state;
	put("b.csv", "2");
	put("a.csv", "1");
	open_spool();
	put("c.csv.part", "3");
	assert_int_equal(rename(at("c.csv.part"), at("c.csv")), 0);
	hear();
	assert_int_equal(spool_waiting(spool), 3);
	next_is("a.csv");
	next_is("b.csv");
	next_is("c.csv");
	none_left();
}

static void unfinished_and_strange_ones_stay(void **state)
{
	(void)state;
	put("x.part", "");
	put("y.tmp", "");
	put(".hidden", "");
	put("new\nline", "");
	put("bad\xff", "");
	assert_int_equal(symlink("/etc/passwd", at("link.csv")), 0);
	assert_int_equal(mkdir(at("folder.csv"), 0700), 0);
	assert_int_equal(mkfifo(at("pipe.csv"), 0600), 0);
	open_spool();
	none_left();
	assert_true(there("link.csv") && there("folder.csv") && there("pipe.csv"));
}

static void done_and_failed_with_reports(void **state)
{
	struct spool_file f;
	struct err e;
	(void)state;
	put("a.csv", "1");
	open_spool();
	assert_true(spool_next(spool, &f));
	assert_true(spool_finish(spool, &f, true, STR("{}\n"), &e));
	spool_file_fini(&f);
	assert_true(there("done/a.csv") && there("done/a.csv.report.json") && !there("a.csv"));

	put("a.csv", "2");
	hear();
	assert_true(spool_next(spool, &f));
	assert_true(spool_finish(spool, &f, true, STR("{}\n"), &e));
	spool_file_fini(&f);
	assert_true(there("done/a.csv.2") && there("done/a.csv.2.report.json"));

	put("b.csv", "2");
	hear();
	assert_true(spool_next(spool, &f));
	assert_true(spool_finish(spool, &f, false, STR("{}\n"), &e));
	spool_file_fini(&f);
	assert_true(there("failed/b.csv") && there("failed/b.csv.report.json"));
}

static void a_replaced_file_is_noticed(void **state)
{
	struct spool_file f;
	struct err e;
	(void)state;
	put("a.csv", "one");
	open_spool();
	assert_true(spool_next(spool, &f));
	assert_int_equal(spool_check(spool, &f), SPOOL_SAME);
	put("other.part", "two");
	assert_int_equal(rename(at("other.part"), at("a.csv")), 0);
	assert_int_equal(spool_check(spool, &f), SPOOL_REPLACED);
	assert_true(spool_finish(spool, &f, true, STR("{}\n"), &e));
	spool_file_fini(&f);
	assert_true(there("done/a.csv.report.json") && there("a.csv"));
	next_is("a.csv");
}

static void a_changed_file_is_noticed(void **state)
{
	struct spool_file f;
	(void)state;
	put("a.csv", "one");
	open_spool();
	assert_true(spool_next(spool, &f));
	put("a.csv", "more than before");
	assert_int_equal(spool_check(spool, &f), SPOOL_CHANGED);
	spool_file_fini(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_come_by_name),
		TEST(unfinished_and_strange_ones_stay),
		TEST(done_and_failed_with_reports),
		TEST(a_replaced_file_is_noticed),
		TEST(a_changed_file_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
