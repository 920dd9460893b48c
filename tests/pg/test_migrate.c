/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/migrate.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/sink/schema.h"
#include "tests/pg/pg.h"

static char conninfo[512];
static struct db db;

static int fresh(void **state)
{
	struct err e;
	(void)state;
	pg_create("migrate", conninfo, sizeof conninfo);
	return db_open(&db, conninfo, NULL, &e) ? 0 : -1;
}

static int gone(void **state)
{
	(void)state;
	db_close(&db);
	pg_drop();
	return 0;
}

static int applied;

static void count(const struct migration *m)
{
	(void)m;
	applied++;
}

static void says(const char *sentence)
{
	struct err e = { .text = "" };
	assert_false(db_ready(&db, &e));
	if (!strstr(e.text, sentence))
		fail_msg("wanted `%s` in `%s`", sentence, e.text);
}

static void twice_is_once(void **state)
{
	struct migrate_state s;
	struct err e;
	(void)state;
	says("the database is at migration 0 of");
	applied = 0;
	assert_true(db_migrate(&db, count, &e));
	assert_true(applied > 0);
	assert_true(db_ready(&db, &e));
	applied = 0;
	assert_true(db_migrate(&db, count, &e));
	assert_int_equal(applied, 0);
	assert_true(db_state(&db, &s, &e));
	assert_int_equal(s.applied, s.wanted);
}

static void a_newer_schema_is_refused(void **state)
{
	struct err e;
	(void)state;
	assert_true(db_migrate(&db, NULL, &e));
	(void)pg_ask(&db, "INSERT INTO fundwatch.schema_migration VALUES (999, 'later', 'x')");
	says("install the newer Fundwatch");
	assert_false(db_migrate(&db, NULL, &e));
}

static void an_edited_migration_is_refused(void **state)
{
	struct err e;
	(void)state;
	assert_true(db_migrate(&db, NULL, &e));
	(void)pg_ask(&db, "UPDATE fundwatch.schema_migration SET checksum = 'x' WHERE number = 2");
	says("must not be edited");
}

static void a_failed_migration_leaves_nothing(void **state)
{
	struct migrate_state s;
	struct err e = { .text = "" };
	(void)state;
	(void)pg_ask(&db, "CREATE SCHEMA fundwatch CREATE TABLE intake (x integer)");
	assert_false(db_migrate(&db, NULL, &e));
	assert_non_null(strstr(e.text, "migration 1 (001_base): PostgreSQL: "));
	assert_true(db_state(&db, &s, &e));
	assert_int_equal(s.applied, 0);
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM pg_tables "
					"WHERE schemaname = 'fundwatch'"), "1");
}

/* Also when fields.def grows later: then a new migration must add the column. */
static void every_field_has_its_column(void **state)
{
	char sql[512];
	struct err e;
	(void)state;
	assert_true(db_migrate(&db, NULL, &e));
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *i = field_get(f);
		if (i->stream >= STREAM_STORED || i->index >= stream_stored_width(i->stream))
			continue;
		(void)snprintf(sql, sizeof sql,
			       "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE "
			       "attrelid = 'fundwatch.%s'::regclass AND attname = '%s'",
			       stream_name(i->stream), i->name);
		if (strcmp(pg_ask(&db, sql), schema_type(i->type)) != 0)
			fail_msg("%s.%s: %s in the database, %s wanted: write a migration",
				 stream_name(i->stream), i->name, pg_ask(&db, sql),
				 schema_type(i->type));
	}
}

static void months_are_made_once(void **state)
{
	struct err e;
	(void)state;
	assert_true(db_migrate(&db, NULL, &e));
	for (int i = 0; i < 2; i++)
		(void)pg_ask(&db, "SELECT fundwatch.ensure_month('fee', '2026-03-01')");
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM pg_inherits WHERE inhparent = "
					"'fundwatch.fee'::regclass"), "2");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(twice_is_once),
		TEST(a_newer_schema_is_refused),
		TEST(an_edited_migration_is_refused),
		TEST(a_failed_migration_leaves_nothing),
		TEST(every_field_has_its_column),
		TEST(months_are_made_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
