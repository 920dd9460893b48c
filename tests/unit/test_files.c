/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_files.c - output is whole or not there, and never takes the place of a device.
 */
#include "daemon/work/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

static char folder[] = "/tmp/fundwatch-files-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
	return path[turn];
}

static void check_text(const char *path, const char *text)
{
	struct err e = { 0 };
	struct buf b;

	buf_init(&b, 0);
	assert_true(file_read(path, 4096, &b, &e));
	assert_string_equal(buf_cstr(&b), text);
	buf_fini(&b);
}

static void a_file_is_replaced(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_true(file_write(in_folder("a"), STR("one"), &e));
	assert_true(file_write(in_folder("a"), STR("two"), &e));
	check_text(in_folder("a"), "two");
	assert_int_equal(unlink(in_folder("a")), 0);
}

static void a_link_stays_a_link(void **state)
{
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_true(file_write(in_folder("target"), STR("one"), &e));
	assert_int_equal(symlink("target", in_folder("link")), 0);
	assert_true(file_write(in_folder("link"), STR("two"), &e));
	assert_int_equal(lstat(in_folder("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	check_text(in_folder("target"), "two");
	assert_int_equal(unlink(in_folder("link")), 0);
	assert_int_equal(unlink(in_folder("target")), 0);
}

/* As root a rename would put a plain file where the device was. */
static void a_device_stays_a_device(void **state)
{
	struct err e = { 0 };
	struct staged s;
	struct stat st;

	(void)state;
	assert_true(staged_begin(&s, "/dev/null", &e));
	assert_string_equal(s.temp, s.target);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_true(file_write("/dev/null", STR("gone"), &e));
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_replaced),
		cmocka_unit_test(a_link_stays_a_link),
		cmocka_unit_test(a_device_stays_a_device),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
