/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_temp.c - temporary files: what was put in comes back as it was, or is refused.
 */
#include "daemon/work/temp.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

enum { FRAMES = 40 };

static size_t size_of(int i)
{
	return (size_t)i * (size_t)i * 97; /* beyond the window, too */
}

static void fill(struct temp_file *f, struct err *e)
{
	struct buf one, waiting;

	buf_init(&one, 0);
	buf_init(&waiting, 0);
	for (int i = 0; i < FRAMES; i++) {
		buf_reset(&one);
		buf_fill(&one, (char)('a' + i % 26), size_of(i));
		temp_frame(&waiting, buf_str(&one));
		if (i % 3)
			continue;
		assert_true(temp_add(f, buf_str(&waiting), e));
		buf_reset(&waiting);
	}
	buf_fini(&one);
	buf_fini(&waiting);
}

static int read_all(const struct temp_file *f, uint64_t to, struct err *e)
{
	struct temp_reader r;
	struct str s;
	int n = 0;

	temp_reader_init(&r, f, 0, to);
	for (; temp_next(&r, &s, e) && s.p; n++) {
		assert_int_equal(s.n, size_of(n));
		for (uint32_t i = 0; i < s.n; i++)
			assert_int_equal(s.p[i], 'a' + n % 26);
	}
	temp_reader_fini(&r);
	return n;
}

static void frames_come_back(void **state)
{
	struct temp_file f;
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_true(temp_open(&f, ".", &e));
	assert_int_equal(fstat(f.fd, &st), 0);
	assert_int_equal(st.st_nlink, 0); /* nobody else can come by it */
	assert_int_equal(read_all(&f, f.bytes, &e), 0);
	fill(&f, &e);
	assert_int_equal(read_all(&f, f.bytes, &e), FRAMES);
	temp_close(&f);
	assert_false(temp_open(&f, "no/such/folder", &e));
	assert_non_null(strstr(e.text, "no temporary file in no/such/folder: "));
	temp_close(&f);
}

static void damage_is_refused(void **state)
{
	struct temp_file f;
	struct err e = { 0 };
	char byte;

	(void)state;
	assert_true(temp_open(&f, ".", &e));
	fill(&f, &e);
	for (uint64_t at = 0; at < f.bytes; at += f.bytes / 61) {
		assert_int_equal(pread(f.fd, &byte, 1, (off_t)at), 1);
		byte ^= 0x20;
		assert_int_equal(pwrite(f.fd, &byte, 1, (off_t)at), 1);
		e.text[0] = '\0';
		assert_true(read_all(&f, f.bytes, &e) < FRAMES);
		assert_true(e.text[0]);
		byte ^= 0x20;
		assert_int_equal(pwrite(f.fd, &byte, 1, (off_t)at), 1);
	}
	assert_true(read_all(&f, f.bytes - 1, &e) < FRAMES);
	assert_non_null(strstr(e.text, "a piece is cut"));
	assert_int_equal(ftruncate(f.fd, (off_t)f.bytes / 2), 0);
	assert_true(read_all(&f, f.bytes, &e) < FRAMES);
	assert_non_null(strstr(e.text, "cannot be read: it is shorter than it was"));
	temp_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_back),
		cmocka_unit_test(damage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
