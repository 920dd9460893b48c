/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_knowledge.c - lists and tables: keys, prefixes, patterns, dates, clashes, size.
 */
#include "lib/rule/knowledge.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/rule/csv.h"
#include "tests/check.h"

struct fixture {
	struct arena a;
	struct diag_list d;
	struct knowledge k;
	struct knowledge_key key[2];
	struct knowledge_column col[3];
	struct knowledge_dates dates;
	struct buf words;
};

static void start(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	arena_init(&f->a);
	diag_init(&f->d, true);
	buf_init(&f->words, 0);
	diag_source(&f->d, "t.rules", STR("表「t」"));
	f->k = (struct knowledge){ .name = STR("t"), .key = f->key, .col = f->col,
				   .at = { 0, 0, 3 } };
	for (int i = 0; i < 2; i++)
		f->key[i].field = FIELD_NONE;
}

static void stop(struct fixture *f)
{
	knowledge_fini(&f->k);
	arena_fini(&f->a);
	diag_fini(&f->d);
	buf_fini(&f->words);
}

static void add_key(struct fixture *f, const char *name, enum key_kind kind)
{
	f->key[f->k.n_key++] = (struct knowledge_key){ str_of(name), kind, FIELD_NONE };
}

static void add_col(struct fixture *f, const char *name, enum type type, enum column_kind kind)
{
	f->col[f->k.n_col++] = (struct knowledge_column){ str_of(name), type, kind };
}

static bool load(struct fixture *f, const char *csv)
{
	struct knowledge_text text = { str_of(csv), "t.csv" };

	return knowledge_load(&f->k, &text, 1, &f->dates, &f->a, &f->d);
}

static const char *words(struct fixture *f)
{
	buf_reset(&f->words);
	for (uint32_t i = 0; i < f->d.n; i++)
		buf_addf(&f->words, "%s%s", i > 0 ? " " : "", diag_word(f->d.diag[i].code));
	return buf_cstr(&f->words);
}

static uint32_t find(struct fixture *f, const char *a, const char *b, int32_t day)
{
	struct str key[2] = { str_of(a), str_of(b) };

	return knowledge_find(&f->k, key, day);
}

static void csv_rows(void **state)
{
	char text[] = "\xef\xbb\xbf"
		      "a,b\r\n\r\n\"x,\"\"y\"\"\", z \n\"two\nlines\",\n\"bad\"x,1\n\"open";
	struct csv c;

	(void)state;
	csv_init(&c, text, sizeof text - 1);
	assert_true(csv_next(&c));
	assert_int_equal(c.n_cell, 2);
	CHECK_STR(c.cell[0], "a");
	assert_true(csv_next(&c));
	CHECK_STR(c.cell[0], "x,\"y\"");
	CHECK_STR(c.cell[1], "z");
	assert_true(csv_next(&c));
	CHECK_STR(c.cell[0], "two\nlines");
	assert_int_equal(c.cell[1].n, 0);
	assert_true(csv_next(&c));
	assert_string_equal(c.wrong, "quote");
	assert_true(csv_next(&c));
	assert_string_equal(c.wrong, "quote");
	assert_false(csv_next(&c));
}

static void exact_keys(void **state)
{
	struct fixture f;
	struct rat r;

	(void)state;
	start(&f);
	add_key(&f, "项目", KEY_EXACT);
	add_key(&f, "级别", KEY_EXACT);
	add_col(&f, "上限", TYPE_QTY, COLUMN_NUMBER);
	add_col(&f, "说明", TYPE_TEXT, COLUMN_TEXT);
	assert_true(load(&f, "上限,级别,项目,说明\n1.5,A,1,x\n2,B,1,\n,A,2,y\n"));
	assert_string_equal(words(&f), "");
	assert_int_equal(f.k.n_row, 3);
	assert_int_equal(find(&f, "1", "B", MISSING_I32), 1);
	assert_int_equal(find(&f, "1", "C", MISSING_I32), KNOWLEDGE_NONE);
	assert_int_equal(find(&f, "B", "1", MISSING_I32), KNOWLEDGE_NONE);
	assert_true(knowledge_number(&f.k, 0, 0, &r));
	assert_int_equal(rat_cmp(r, (struct rat){ 3, 2 }, NULL), 0);
	assert_false(knowledge_number(&f.k, 2, 0, &r));
	assert_int_equal(f.k.cell[3].n, 0);
	stop(&f);
}

static void longest_prefix_wins(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add_key(&f, "项目", KEY_PREFIX);
	add_key(&f, "级别", KEY_EXACT);
	assert_true(load(&f, "项目,级别\n25,A\n2503,A\n2503,B\n25030100,A\n"));
	assert_int_equal(find(&f, "250301", "A", MISSING_I32), 1);
	assert_int_equal(find(&f, "250301", "B", MISSING_I32), 2);
	assert_int_equal(find(&f, "2503010099", "A", MISSING_I32), 3);
	assert_int_equal(find(&f, "2503010099", "B", MISSING_I32), 2); /* the longest that has B */
	assert_int_equal(find(&f, "26", "A", MISSING_I32), KNOWLEDGE_NONE);
	assert_int_equal(find(&f, "2", "A", MISSING_I32), KNOWLEDGE_NONE);
	stop(&f);
}

static void patterns(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add_key(&f, "项目", KEY_REGEX);
	assert_true(load(&f, "项目\n^X.*(01|02)$\n膜$\n"));
	assert_int_equal(find(&f, "XA01", "", MISSING_I32), 0);
	assert_int_equal(find(&f, "敷料膜", "", MISSING_I32), 1);
	assert_int_equal(find(&f, "YA01", "", MISSING_I32), KNOWLEDGE_NONE);
	stop(&f);
	start(&f);
	add_key(&f, "项目", KEY_REGEX);
	assert_false(load(&f, "项目\nok\n(\n"));
	assert_string_equal(words(&f), "bad-regex");
	stop(&f);
	start(&f); /* plain text is looked for as such, others only where their last byte is */
	add_key(&f, "项目", KEY_REGEX);
	assert_true(load(&f, "项目\n胶囊\n(头|颅).*CT\n片$|丸\na\\.b\n"));
	assert_int_equal(find(&f, "阿莫西林胶囊0.25g", "", MISSING_I32), 0);
	assert_int_equal(find(&f, "胶", "", MISSING_I32), KNOWLEDGE_NONE);
	assert_int_equal(find(&f, "囊胶囊", "", MISSING_I32), 0);
	assert_int_equal(find(&f, "头颅CT平扫", "", MISSING_I32), 1);
	assert_int_equal(find(&f, "头颅MR", "", MISSING_I32), KNOWLEDGE_NONE);
	assert_int_equal(find(&f, "六味丸剂", "", MISSING_I32), 2);
	assert_int_equal(find(&f, "a.b", "", MISSING_I32), 3);
	assert_int_equal(find(&f, "axb", "", MISSING_I32), KNOWLEDGE_NONE);
	assert_int_equal(find(&f, "", "", MISSING_I32), KNOWLEDGE_NONE);
	stop(&f);
	start(&f); /* a pattern that would run for ever finds nothing and comes back */
	add_key(&f, "项目", KEY_REGEX);
	assert_true(load(&f, "项目\n^(a+)+$\n"));
	assert_int_equal(find(&f, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "", MISSING_I32),
			 KNOWLEDGE_NONE);
	stop(&f);
}

static void as_of(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add_key(&f, "项目", KEY_EXACT);
	add_col(&f, "价", TYPE_MONEY, COLUMN_NUMBER);
	f.dates = (struct knowledge_dates){ STR("begndate"), STR("enddate") };
	assert_true(load(&f, "项目,价,begndate,enddate\n1,10,2025-01-01,2025-12-31\n"
			     "1,12.5,2026-01-01,\n2,3,,20241231\n"));
	assert_string_equal(words(&f), "");
	assert_int_equal(find(&f, "1", "", civil_days(2025, 12, 31)), 0);
	assert_int_equal(find(&f, "1", "", civil_days(2026, 1, 1)), 1);
	assert_int_equal(find(&f, "1", "", civil_days(2024, 12, 31)), KNOWLEDGE_NONE);
	assert_int_equal(find(&f, "2", "", civil_days(1990, 1, 1)), 2);
	assert_int_equal(find(&f, "2", "", civil_days(2025, 1, 1)), KNOWLEDGE_NONE);
	assert_int_equal(find(&f, "2", "", MISSING_I32), 2);
	stop(&f);
}

static void clashes(void **state)
{
	static const struct {
		const char *csv, *want;
		bool ok;
	} cases[] = {
		{ "项目,价,b,e\n1,10,2025-01-01,2025-06-30\n1,11,2025-06-30,\n", "csv-overlap", false },
		{ "项目,价,b,e\n1,10,2025-01-01,2025-06-30\n1,11,2025-07-01,\n", "", true },
		{ "项目,价,b,e\n1,10,,\n1,11,2025-07-01,\n", "csv-overlap", false },
		{ "项目,价,b,e\n1,10,2025-01-01,2025-12-31\n1,11,2025-02-01,2025-02-28\n"
		  "1,12,2025-06-01,2025-06-02\n", "csv-overlap csv-overlap", false },
		{ "项目,价,b,e\n1,10,2025-01-01,\n1,10,2025-01-01,\n", "csv-repeat", true },
		{ "项目,价,b,e\n1,10,2025-02-01,2025-01-01\n", "bad-range", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		start(&f);
		add_key(&f, "项目", KEY_EXACT);
		add_col(&f, "价", TYPE_MONEY, COLUMN_NUMBER);
		f.dates = (struct knowledge_dates){ STR("b"), STR("e") };
		assert_int_equal(load(&f, cases[i].csv), cases[i].ok);
		assert_string_equal(words(&f), cases[i].want);
		if (f.d.n > 0 && f.d.diag[0].code != DIAG_BAD_RANGE)
			assert_true(f.d.diag[0].also.end > 0);
		stop(&f);
	}
}

static void bad_files(void **state)
{
	static const struct {
		const char *csv, *want;
	} cases[] = {
		{ "", "csv-bad" },
		{ "项目编码,价\n1,2\n", "csv-column" },
		{ "项目,价\n1\n1,2,3\n", "csv-bad csv-bad" },
		{ "项目,价\n,2\n", "csv-empty-key" },
		{ "项目,价\n1,两元\n2,1.2345678\n", "csv-value csv-value" },
		{ "项目,价\n1,2\n1,3\n", "csv-duplicate" },
		{ "项目,价\n", "list-empty" },
		{ "项目,价\n\xff,1\n", "bad-utf8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		start(&f);
		add_key(&f, "项目", KEY_EXACT);
		add_col(&f, "价", TYPE_MONEY, COLUMN_NUMBER);
		load(&f, cases[i].csv);
		assert_string_equal(words(&f), cases[i].want);
		stop(&f);
	}
}

static void columns_of_every_kind(void **state)
{
	struct fixture f;
	struct rat r;

	(void)state;
	start(&f);
	add_key(&f, "k", KEY_EXACT);
	add_col(&f, "比例", TYPE_RATIO, COLUMN_NUMBER);
	add_col(&f, "天", TYPE_DURATION, COLUMN_NUMBER);
	add_col(&f, "窗", TYPE_NONE, COLUMN_WINDOW);
	assert_true(load(&f, "k,比例,天,窗\n1,30%,7,单日\n2,0.3,,6小时\n"));
	assert_true(knowledge_number(&f.k, 0, 0, &r));
	assert_int_equal(rat_cmp(r, (struct rat){ 3, 10 }, NULL), 0);
	assert_true(knowledge_number(&f.k, 0, 1, &r));
	assert_int_equal((int64_t)r.num, 7 * 86400);
	stop(&f);
	start(&f);
	add_key(&f, "k", KEY_EXACT);
	add_col(&f, "窗", TYPE_NONE, COLUMN_WINDOW);
	assert_false(load(&f, "k,窗\n1,两天\n"));
	assert_string_equal(words(&f), "csv-value");
	stop(&f);
}

static void codes_by_name(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	f.key[f.k.n_key++] = (struct knowledge_key){ STR("目录类别"), KEY_EXACT, FIELD_fee_list_type };
	assert_true(load(&f, "list_type\n医疗服务项目\n301\n没有这种\n"));
	assert_string_equal(words(&f), "csv-unknown-code");
	assert_int_equal(find(&f, "201", "", MISSING_I32), 0);
	assert_int_equal(find(&f, "301", "", MISSING_I32), 1);
	stop(&f);
}

struct seen {
	uint32_t row[8], n;
};

static void see(void *ctx, uint32_t r)
{
	struct seen *s = ctx;

	s->row[s->n++ & 7] = r;
}

static void each_row_of_a_key(void **state)
{
	struct fixture f;
	struct seen s = { .n = 0 };

	(void)state;
	start(&f);
	add_key(&f, "甲", KEY_PREFIX);
	add_key(&f, "乙", KEY_PREFIX);
	assert_true(load(&f, "甲,乙\n25,1\n2503,2\n26,3\n25,4\n"));
	knowledge_each(&f.k, 0, STR("250301"), MISSING_I32, see, &s);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.row[0], 1);
	assert_int_equal(s.row[1], 0);
	assert_int_equal(s.row[2], 3);
	s.n = 0;
	knowledge_each(&f.k, 1, STR("39"), MISSING_I32, see, &s);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.row[0], 2);
	stop(&f);
}

static void quarter_of_a_million_rows(void **state)
{
	const uint32_t rows = 250000;
	struct fixture f;
	struct buf b;
	char key[32];

	(void)state;
	buf_init(&b, 0);
	buf_adds(&b, "甲,乙,n\n");
	for (uint32_t i = 0; i < rows; i++)
		buf_addf(&b, "%09u,%u,%u\n", i * 7919u % 999999937u, i % 13, i % 1000);
	start(&f);
	add_key(&f, "甲", KEY_PREFIX);
	add_key(&f, "乙", KEY_EXACT);
	add_col(&f, "n", TYPE_COUNT, COLUMN_NUMBER);
	assert_true(load(&f, buf_cstr(&b)));
	assert_int_equal(f.k.n_row, rows);
	for (uint32_t i = 0; i < rows; i += 997) {
		char second[8];

		snprintf(key, sizeof key, "%09u77", i * 7919u % 999999937u);
		snprintf(second, sizeof second, "%u", i % 13);
		assert_int_equal(find(&f, key, second, MISSING_I32), i);
	}
	stop(&f);
	buf_fini(&b);
}

static void digest_is_of_the_meaning(void **state)
{
	static const char *const same[] = { "k,v\n1,a\n2,b\n", "v,x,k\nb,9,2\na,8,1\n" };
	static const char *const other[] = { "k,v\n1,a\n2,c\n", "k,v\n1,a\n", "k,v\n1,\n2,b\n" };
	char first[33] = "";

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct fixture f;

		start(&f);
		add_key(&f, "k", KEY_EXACT);
		add_col(&f, "v", TYPE_TEXT, COLUMN_TEXT);
		assert_true(load(&f, i < 2 ? same[i] : other[i - 2]));
		if (i == 0)
			memcpy(first, f.k.digest, sizeof first);
		assert_int_equal(strcmp(first, f.k.digest) == 0, i < 2);
		stop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_rows),
		cmocka_unit_test(exact_keys),
		cmocka_unit_test(longest_prefix_wins),
		cmocka_unit_test(patterns),
		cmocka_unit_test(as_of),
		cmocka_unit_test(clashes),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(columns_of_every_kind),
		cmocka_unit_test(codes_by_name),
		cmocka_unit_test(each_row_of_a_key),
		cmocka_unit_test(quarter_of_a_million_rows),
		cmocka_unit_test(digest_is_of_the_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
