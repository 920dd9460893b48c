/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_schema.c - the migrations of record tables say what fields.def says.
 * `test_schema --write` writes the files anew (before they are released only).
 */
#include "daemon/sink/schema.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"

static const struct {
	unsigned number;
	const char *path;
} files[] = {
	{ 2, "conf/sql/002_records.sql" },
	{ 13, "conf/sql/013_trace_report.sql" },
};

#define N_FILES (sizeof files / sizeof files[0])

static char *read_all(const char *path)
{
	static char text[1 << 18];
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	size_t n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static void migration_is_current(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	for (size_t i = 0; i < N_FILES; i++) {
		buf_reset(&b);
		schema_records(&b, files[i].number);
		char *text = read_all(files[i].path);
		assert_non_null(text);
		assert_string_equal(text, buf_cstr(&b));
	}
	buf_fini(&b);
}

static void every_stored_field_has_a_column(void **state)
{
	struct buf b;
	(void)state;
	for (enum stream s = 0; s < STREAM_STORED; s++) {
		buf_init(&b, 0);
		schema_columns(&b, s);
		unsigned commas = 0;
		for (size_t i = 0; i < b.n; i++)
			commas += b.p[i] == ',';
		assert_int_equal(commas + 1, SCHEMA_COMMON + stream_stored_width(s));
		buf_fini(&b);
	}
}

static bool write_file(size_t i)
{
	struct buf b;
	buf_init(&b, 0);
	schema_records(&b, files[i].number);
	FILE *f = fopen(files[i].path, "w");
	bool ok = f && fwrite(b.p, 1, b.n, f) == b.n;
	if (f && fclose(f) != 0)
		ok = false;
	buf_fini(&b);
	return ok;
}

static int write_files(void)
{
	bool ok = true;
	for (size_t i = 0; i < N_FILES; i++)
		ok &= write_file(i);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration_is_current),
		cmocka_unit_test(every_stored_field_has_a_column),
	};
	if (argc > 1 && strcmp(argv[1], "--write") == 0)
		return write_files();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
