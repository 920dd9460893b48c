/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/pgcopy.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void what_is_written_is_read_back(void **state)
{
	static const int64_t number[] = { 0, 1, -1, 10000, 123456789, -1000000, 999999999999,
					  INT64_MAX, -INT64_MAX, MISSING_I64 };
	static const int scale[] = { 0, 2, 4, 6, 8 };
	struct str two[] = { STR("甲"), STR("") }, got[2];
	struct pgrow r;
	struct buf b;
	bool started = false;
	(void)state;

	buf_init(&b, 0);
	pgcopy_begin(&b);
	pgcopy_row(&b, 60);
	for (size_t s = 0; s < 5; s++)
		for (size_t i = 0; i < 10; i++)
			pgcopy_numeric(&b, number[i], scale[s]);
	pgcopy_timestamp(&b, -1);
	pgcopy_timestamp(&b, MISSING_I64);
	pgcopy_date(&b, 20000);
	pgcopy_date(&b, MISSING_I32);
	pgcopy_bool(&b, true);
	pgcopy_int(&b, -7);
	pgcopy_bigint(&b, INT64_MIN + 1);
	pgcopy_null(&b);
	pgcopy_texts(&b, two, 2);
	pgcopy_texts(&b, NULL, 0);
	pgcopy_end(&b);

	assert_true(pgrow_begin(&r, b.p, b.n, &started));
	assert_int_equal(r.columns, 60);
	for (size_t s = 0; s < 5; s++)
		for (size_t i = 0; i < 10; i++)
			assert_int_equal(pgrow_numeric(&r, scale[s]), number[i]);
	assert_int_equal(pgrow_timestamp(&r), -1);
	assert_int_equal(pgrow_timestamp(&r), MISSING_I64);
	assert_int_equal(pgrow_date(&r), 20000);
	assert_int_equal(pgrow_date(&r), MISSING_I32);
	assert_true(pgrow_bool(&r));
	assert_int_equal(pgrow_int(&r), -7);
	assert_int_equal(pgrow_bigint(&r), INT64_MIN + 1);
	assert_null(pgrow_text(&r).p);
	assert_int_equal(pgrow_texts(&r, got, 2), 2);
	assert_true(str_eq(got[0], two[0]) && str_eq(got[1], two[1]));
	assert_int_equal(pgrow_texts(&r, got, 2), 0);
	assert_false(r.failed);
	assert_false(pgrow_begin(&r, r.p, (size_t)(r.end - r.p), &started));
	buf_fini(&b);
}

static void short_rows_fail_softly(void **state)
{
	struct pgrow r;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	pgcopy_row(&b, 2);
	pgcopy_bigint(&b, 5);
	for (size_t n = 0; n < b.n; n++) {
		bool started = true;
		if (pgrow_begin(&r, b.p, n, &started))
			(void)pgrow_bigint(&r);
		assert_true(r.failed);
	}
	buf_fini(&b);
}

static void texts_postgresql_cannot_hold_are_mended(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	assert_true(pgcopy_clean(STR("好"), &b));
	assert_int_equal(b.n, 0);
	assert_false(pgcopy_clean(STR("a\0b\xff"), &b));
	assert_string_equal(buf_cstr(&b), "a\u2400b\uFFFD");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(short_rows_fail_softly),
		cmocka_unit_test(texts_postgresql_cannot_hold_are_mended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
