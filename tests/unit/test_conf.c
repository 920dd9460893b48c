/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_conf.c - settings by table. `test_conf --write` writes the files made from conf.def anew.
 */
#include "daemon/host/conf.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool parse(struct conf *c, const char *text, struct err *e)
{
	return conf_parse(c, str_of(text), "t.yaml", e);
}

static void refuses(const char *text, const char *sentence)
{
	struct conf c;
	struct err e = { .text = "" };
	assert_false(parse(&c, text, &e));
	if (!strstr(e.text, sentence))
		fail_msg("wanted `%s` in `%s`", sentence, e.text);
}

static void empty_file_gives_defaults(void **state)
{
	struct conf c;
	struct err e;
	(void)state;
	assert_true(parse(&c, "", &e));
	assert_int_equal(c.engine_epoch_rows, 100000);
	assert_string_equal(c.log_level, "info");
	assert_int_equal(c.rules_path.n, 1);
	assert_string_equal(c.rules_path.item[0], "rules");
	assert_int_equal(c.rules_insurance_year, 101);
	conf_fini(&c);
}

static void values_are_taken(void **state)
{
	struct conf c;
	struct err e;
	(void)state;
	assert_true(parse(&c, "database:\n  conninfo: host=/run dbname=x\n"
			      "rules:\n  path: [a, b]\n  insurance_year: 07-01\n"
			      "engine:\n  workers: 3\nlog:\n", &e));
	assert_string_equal(c.database_conninfo, "host=/run dbname=x");
	assert_int_equal(c.rules_path.n, 2);
	assert_string_equal(c.rules_path.item[1], "b");
	assert_int_equal(c.rules_insurance_year, 701);
	assert_int_equal(c.engine_workers, 3);
	conf_fini(&c);
}

static void mistakes_are_told_with_their_line(void **state)
{
	(void)state;
	refuses("engine:\n  worker: 3\n", "t.yaml: line 2: engine has no setting `worker`; "
					   "did you mean `workers`?");
	refuses("engin:\n  workers: 3\n",
		"line 1: there is no section `engin`; did you mean `engine`?");
	refuses("engine:\n  workers: many\n",
		"line 2: engine.workers: `many` is not a whole number");
	refuses("engine:\n  workers: 999\n", "999 is out of bounds: 0 to 256 threads");
	refuses("engine:\n  workers: 1\n  workers: 2\n", "line 3: engine.workers is set twice");
	refuses("log:\n  level: loud\n", "`loud` is none of error|warn|notice|info|debug");
	refuses("rules:\n  insurance_year: 13-01\n", "not a day of every year");
	refuses("a: [\n", "t.yaml: line 2: ");
	refuses("- a\n", "sections were expected");
	refuses("log: text\n", "settings were expected");
	refuses("log:\n  level: [a]\n", "one value was expected");
}

static void all_mistakes_are_told_together(void **state)
{
	(void)state;
	refuses("engine:\n  worker: 3\nlog:\n  levl: info\n", "line 4: log has no setting `levl`");
}

static void reload_takes_what_may_change(void **state)
{
	struct conf a, b;
	struct err e;
	struct buf ignored;
	(void)state;
	assert_true(parse(&a, "", &e));
	assert_true(parse(&b, "log:\n  level: debug\nspool:\n  dir: other\n"
			      "rules:\n  path: [x, y]\n", &e));
	buf_init(&ignored, 0);
	conf_reload(&a, &b, &ignored);
	assert_string_equal(a.log_level, "debug");
	assert_string_equal(a.spool_dir, "spool");
	assert_int_equal(a.rules_path.n, 2);
	assert_string_equal(buf_cstr(&ignored), "spool.dir");
	buf_fini(&ignored);
	conf_fini(&a);
	conf_fini(&b);
}

static const struct written {
	const char *path;
	void (*write)(struct buf *out);
} written[] = {
	{ "conf/fundwatch.yaml", conf_sample },
	{ "docs/settings.md", conf_manual },
};

static void written_files_are_current(void **state)
{
	static char text[1 << 16];
	(void)state;
	for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
		struct buf b;
		FILE *f = fopen(written[i].path, "r");
		assert_non_null(f);
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		(void)fclose(f);
		buf_init(&b, 0);
		written[i].write(&b);
		assert_string_equal(text, buf_cstr(&b));
		buf_fini(&b);
	}
}

static void the_sample_reads_back(void **state)
{
	struct buf b;
	struct conf c, dflt;
	struct err e;
	(void)state;
	buf_init(&b, 0);
	conf_sample(&b);
	assert_true(parse(&c, buf_cstr(&b), &e));
	conf_init(&dflt);
	struct buf differing;
	buf_init(&differing, 0);
	conf_reload(&dflt, &c, &differing);
	assert_int_equal(differing.n, 0);
	conf_fini(&dflt);
	conf_fini(&c);
	buf_fini(&differing);
	buf_fini(&b);
}

static int write_files(void)
{
	int code = 0;
	for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
		struct buf b;
		buf_init(&b, 0);
		written[i].write(&b);
		FILE *f = fopen(written[i].path, "w");
		if (!f || fwrite(b.p, 1, b.n, f) != b.n)
			code = 1;
		if (f && fclose(f) != 0)
			code = 1;
		buf_fini(&b);
	}
	return code;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_file_gives_defaults),
		cmocka_unit_test(values_are_taken),
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(all_mistakes_are_told_together),
		cmocka_unit_test(reload_takes_what_may_change),
		cmocka_unit_test(written_files_are_current),
		cmocka_unit_test(the_sample_reads_back),
	};
	if (argc > 1 && strcmp(argv[1], "--write") == 0)
		return write_files();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
