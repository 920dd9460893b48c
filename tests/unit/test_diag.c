/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_diag.c - places, carets, hints, order, repeats, JSON; the table of codes itself.
 */
#include "lib/rule/diag.h"

#include <string.h>

#include "tests/check.h"

static const char text[] = "规则 a\n\t条件 项目 在名单「按次」\n  看 b";

static struct span span_at(const char *what)
{
	uint32_t start = (uint32_t)(strstr(text, what) - text);

	return (struct span){ 0, start, start + (uint32_t)strlen(what) };
}

static void printed(void **state)
{
	struct diag_list d;
	struct diag *x;
	struct buf out;

	(void)state;
	diag_init(&d, false);
	diag_source(&d, "r.rules", str_of(text));
	x = diag_add(&d, span_at("「按次」"), DIAG_UNKNOWN_LIST, "「按次」");
	x->near = "相近的名单：「按次可重复」（57 项）";
	x->fixed = diag_repair(&d, x->at, STR("「按次可重复」"));
	x->also = span_at("看");
	x->also_text = "另见";
	buf_init(&out, 0);
	diag_print(&d, &out);
	assert_string_equal(buf_cstr(&out),
			    "错误[unknown-list] 没有这个名单：「按次」\n"
			    "  r.rules:2:11\n"
			    "    2 | \t条件 项目 在名单「按次」\n"
			    "      | \t                ^^^^^^^^\n"
			    "      = 相近的名单：「按次可重复」（57 项）\n"
			    "      = 建议：条件 项目 在名单「按次可重复」\n"
			    "      = 另见\n"
			    "  r.rules:3:3\n"
			    "    3 |   看 b\n"
			    "      |   ^^\n");
	buf_fini(&out);
	diag_fini(&d);
}

static void english_and_json(void **state)
{
	struct diag_list d;
	struct buf out;

	(void)state;
	diag_init(&d, true);
	diag_source(&d, "r.rules", str_of(text));
	diag_add(&d, span_at("看"), DIAG_CLAUSE_TWICE, "看\"")->expected = "x";
	buf_init(&out, 0);
	diag_print(&d, &out);
	assert_string_equal(buf_cstr(&out), "error[clause-twice] `看\"` is written twice\n  r.rules:3:3\n"
					    "    3 |   看 b\n      |   ^^\n      = expected: x\n");
	buf_reset(&out);
	diag_json(&d, &out);
	assert_string_equal(
		buf_cstr(&out),
		"[{\"code\":\"clause-twice\",\"severity\":\"error\",\"file\":\"r.rules\","
		"\"line\":3,\"column\":3,\"start\":48,\"end\":51,"
		"\"text\":\"`看\\\"` is written twice\",\"expected\":\"x\"}]\n");
	buf_fini(&out);
	diag_fini(&d);
}

static void sorted_without_repeats(void **state)
{
	struct diag_list d;

	(void)state;
	diag_init(&d, true);
	diag_source(&d, "a", str_of(text));
	diag_source(&d, "b", str_of(text));
	diag_add(&d, (struct span){ 1, 0, 1 }, DIAG_BAD_UTF8);
	diag_add(&d, span_at("看"), DIAG_NO_BASIS, "x");
	diag_add(&d, span_at("规则"), DIAG_BAD_UTF8);
	diag_add(&d, span_at("规则"), DIAG_BAD_UTF8);
	assert_int_equal(d.errors, 3);
	diag_sort(&d);
	assert_int_equal(d.n, 3);
	assert_int_equal(d.errors, 2);
	assert_int_equal(d.warnings, 1);
	assert_int_equal(d.diag[0].at.start, 0);
	assert_int_equal(d.diag[2].at.file, 1);
	diag_fini(&d);
}

static void places(void **state)
{
	struct diag_list d;
	uint32_t line, col;

	(void)state;
	diag_init(&d, true);
	diag_source(&d, "a", STR("\xef\xbb\xbf甲乙\r\n\r\n丙"));
	diag_place(&d, (struct span){ 0, 6, 9 }, &line, &col);
	assert_int_equal(line, 1);
	assert_int_equal(col, 2);
	CHECK_STR(diag_line(&d, (struct span){ 0, 12, 12 }), "");
	diag_place(&d, (struct span){ 0, 13, 16 }, &line, &col);
	assert_int_equal(line, 3);
	diag_fini(&d);
}

static void too_many(void **state)
{
	struct diag_list d;

	(void)state;
	diag_init(&d, true);
	diag_source(&d, "a", str_of(text));
	for (uint32_t i = 0; i < 3 * DIAG_MAX; i++)
		diag_add(&d, (struct span){ 0, i % 20, i % 20 + 1 }, DIAG_BAD_CHAR, "x")->near =
			"y";
	assert_int_equal(d.n, DIAG_MAX + 1);
	assert_int_equal(d.diag[DIAG_MAX].code, DIAG_TOO_MANY);
	assert_int_equal(d.errors, 3 * DIAG_MAX);
	diag_fini(&d);
	diag_init(&d, true); /* warnings leave room for errors, and make none */
	diag_source(&d, "a", str_of(text));
	for (uint32_t i = 0; i < 3 * DIAG_MAX; i++)
		diag_add(&d, (struct span){ 0, i % 20, i % 20 + 1 }, DIAG_NO_SAY, "x");
	assert_int_equal(d.n, DIAG_MAX / 2 + 1);
	assert_int_equal(d.errors, 0);
	diag_add(&d, span_at("看"), DIAG_BAD_CHAR, "x");
	diag_sort(&d);
	assert_int_equal(d.errors, 1);
	diag_fini(&d);
}

/* Every row: a word of its own, both languages with the same number of %s, an explanation. */
static void the_table(void **state)
{
	static const char *const sentences[][2] = {
#define DIAG(code, word, severity, zh, en, xzh, xen) { zh, en },
#include "lib/rule/diag.def"
#undef DIAG
	};

	(void)state;
	for (unsigned c = 0; c < DIAG_COUNT; c++) {
		unsigned n[2] = { 0, 0 };

		assert_int_equal(diag_find(str_of(diag_word((enum diag_code)c))), c);
		for (int lang = 0; lang < 2; lang++) {
			for (const char *p = sentences[c][lang]; (p = strchr(p, '%')) != NULL;
			     p++) {
				assert_int_equal(p[1], 's');
				n[lang]++;
			}
			assert_true(strlen(diag_explain((enum diag_code)c, lang != 0)) > 8);
		}
		assert_int_equal(n[0], n[1]);
	}
	assert_int_equal(diag_find(STR("no-such-word")), DIAG_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed), cmocka_unit_test(english_and_json),
		cmocka_unit_test(sorted_without_repeats), cmocka_unit_test(places),
		cmocka_unit_test(too_many), cmocka_unit_test(the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
