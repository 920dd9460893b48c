/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_schema.c - conf/sql/002_records.sql says what fields.def says.
 * `test_schema --write` writes the file anew (before it is released only).
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

#define PATH "conf/sql/002_records.sql"

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
	schema_records(&b);
	char *text = read_all(PATH);
	assert_non_null(text);
	assert_string_equal(text, buf_cstr(&b));
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

static int write_file(void)
{
	struct buf b;
	buf_init(&b, 0);
	schema_records(&b);
	FILE *f = fopen(PATH, "w");
	bool ok = f && fwrite(b.p, 1, b.n, f) == b.n;
	if (f && fclose(f) != 0)
		ok = false;
	buf_fini(&b);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration_is_current),
		cmocka_unit_test(every_stored_field_has_a_column),
	};
	if (argc > 1 && strcmp(argv[1], "--write") == 0)
		return write_file();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
