/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_format.c - the formatter leaves the meaning alone and agrees with itself, over
 * every rule file that parses and over variations of it.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "lib/base/utf8.h"
#include "lib/rule/format.h"
#include "lib/rule/format_parts.h"
#include "tests/check.h"

static unsigned seen, formatted;

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char chunk[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(out, chunk, n);
	fclose(f);
	return true;
}

static void formats_well(const char *what, struct str text)
{
	struct buf once, twice;

	buf_init(&once, 0);
	buf_init(&twice, 0);
	seen++;
	if (format_draft(text, &once)) {
		formatted++;
		if (!format_same(text, buf_str(&once)))
			fail_msg("%s: the meaning changed:\n%s", what, buf_cstr(&once));
		assert_true(format_text(text, &twice));
		CHECK_STR(buf_str(&twice), buf_cstr(&once));
		buf_reset(&twice);
		format_draft(buf_str(&once), &twice);
		if (!str_eq(buf_str(&once), buf_str(&twice)))
			fail_msg("%s: formatting twice differs:\n%s\n---\n%s", what,
					buf_cstr(&once),
				 buf_cstr(&twice));
	} else {
		CHECK_INT(once.n, 0);
	}
	buf_fini(&once);
	buf_fini(&twice);
}

/* ---- variations: other blanks, other signs, comments ---- */

static const struct {
	const char *from, *to;
} swaps[] = {
	{ "、", ", " }, { "、", " ，" }, { ", ", "，" }, { " > ", ">" }, { " − ", " - " },
	{ "×", "*" }, { "÷", " / " }, { "1", "１" }, { "  ", "   " }, { "  ", "　" }, { "  ", "\t" },
	{ "(", "（" }, { ")", " ）" }, { " = ", "=" }, { "\n", "\r\n" }, { "\n", "\n\n" },
	{ "\n", "  # 注\n" }, { "\n", "\n# 注\n" }, { "\n", "\n  # 注\n" }, { " | ", "|" },
	{ " 且 ", " 且\n             " }, { " 且 ", "\n         且 " }, { "\n            ", " " },
	{ " 天", "天" }, { "\n\n", "\n" }, { "「", " 「" }, { " 是 ", " = " }, { "| ", "｜" },
	{ "\n    ", "\n      " }, { "\n  ", "\n " },
};
#define N_SWAPS (sizeof swaps / sizeof *swaps)

/* Some occurrences of a few swaps. */
static void vary(struct str text, uint64_t *seed, struct buf *out)
{
	size_t which[3];

	for (size_t i = 0; i < 3; i++)
		which[i] = check_random(seed) % N_SWAPS;
	while (text.n > 0) {
		bool done = false;

		for (size_t i = 0; i < 3 && !done; i++) {
			struct str from = str_of(swaps[which[i]].from);

			if (!str_starts(text, from) || check_random(seed) % 8 != 0)
				continue;
			buf_adds(out, swaps[which[i]].to);
			text = str_sub(text, from.n, text.n);
			done = true;
		}
		if (!done) {
			buf_addc(out, text.p[0]);
			text = str_sub(text, 1, text.n);
		}
	}
}

static void one_text(const char *what, struct str text)
{
	uint64_t seed = 7 + text.n;

	formats_well(what, text);
	if (text.n > 30000) /* long tables vary like short ones */
		text = str_sub(text, 0, 6000);
	for (int i = 0; i < 40; i++) {
		struct buf b;

		buf_init(&b, 0);
		vary(text, &seed, &b);
		formats_well(what, buf_str(&b));
		buf_fini(&b);
	}
}

static void each_file(const char *folder)
{
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort);

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		char path[1200];
		struct stat st;
		struct buf b;

		snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
		buf_init(&b, 0);
		if (list[i]->d_name[0] == '.' || stat(path, &st) != 0)
			;
		else if (S_ISDIR(st.st_mode))
			each_file(path);
		else if (str_ends(str_of(path), STR(".rules")) && read_file(path, &b) &&
			 utf8_valid(buf_cstr(&b), b.n))
			one_text(path, buf_str(&b));
		buf_fini(&b);
		free(list[i]);
	}
	free(list);
}

static void over_all_rule_files(void **state)
{
	static const char *const folders[] = { "rules", "tests/golden", "tests/cli/data" };
	const char *root = getenv("FUNDWATCH_SOURCE_DIR");

	(void)state;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char path[1200];

		snprintf(path, sizeof path, "%s/%s", root != NULL ? root : ".", folders[i]);
		each_file(path);
	}
	print_message("%u texts, %u formatted\n", seen, formatted);
	assert_true(formatted > 200);
}

/* ---- one by one ---- */

static void gives(const char *text, const char *want)
{
	struct buf b;

	buf_init(&b, 0);
	assert_true(format_text(str_of(text), &b));
	CHECK_STR(buf_str(&b), want);
	buf_fini(&b);
}

static void signs_have_one_spelling(void **state)
{
	(void)state;
	gives("规则 a 「b」\n 触发 合计(数量)>=－３*2 且 x!=-1\n",
	      "规则 a 「b」\n  触发      合计(数量) ≥ −3 × 2 且 x ≠ −1\n");
	gives("rule a 「b」\n when sum(cnt)>=3 and x in(1,2、3)\n",
	      "rule a 「b」\n  when      sum(cnt) ≥ 3 and x in (1, 2, 3)\n");
}

static void lines_break_where_the_author_broke_them(void **state)
{
	(void)state;
	gives("规则 a 「b」\n  条件 x > 1 且\n   y > 2 或\n\n   z > 3\n",
	      "规则 a 「b」\n  条件      x > 1\n            且 y > 2\n            或 z > 3\n");
}

static void tables_stand_in_columns(void **state)
{
	(void)state;
	gives("规则 a 「b」\n  试例「c」\n   费用明细|人员|数量|\n   |甲甲|1\n   # 注\n   应命中 1 条 , 违规金额 2\n",
	      "规则 a 「b」\n  试例「c」\n    费用明细 | 人员 | 数量 |\n             | 甲甲 | 1    |\n"
	      "    # 注\n    应命中 1 条，违规金额 2\n");
}

static void declarations_share_columns(void **state)
{
	(void)state;
	gives("名单「甲」 来自 a.csv 键 项目 # x\n表「乙乙」 来自 bb.csv 键 项目 前缀,机构  列 次数:笔数\n",
	      "名单「甲」  来自 a.csv    键 项目  # x\n"
	      "表「乙乙」  来自 bb.csv   键 项目 前缀、机构   列 次数 : 笔数\n");
	gives("名单「甲」\n 来自 a.csv\n 键 项目\n", "名单「甲」\n  来自      a.csv\n  键        项目\n");
}

static void comments_behind_free_text_are_none_of_it(void **state)
{
	(void)state;
	gives("规则 a 「b」\n 依据 第一条 #1\n  # 注\n 类别 政策类\n",
	      "规则 a 「b」\n  依据      第一条 #1\n  # 注\n  类别      政策类\n");
}

static void nothing_but_comments(void **state)
{
	(void)state;
	gives("# c", "# c\n");
	gives("\n\n  # c\n\n\n# d\n\n", "# c\n\n# d\n");
	gives("\xef\xbb\xbf规则 a 「b」 # x\r\n# y", "规则 a 「b」  # x\n# y\n");
	gives("", "");
}

static void refuses_what_does_not_parse(void **state)
{
	struct diag_list d;
	struct buf b;

	(void)state;
	diag_init(&d, false);
	buf_init(&b, 0);
	assert_false(format_source(&d, diag_source(&d, "t", STR("规则 a 「b」\n 触发 (\n")), &b));
	assert_true(d.errors > 0);
	CHECK_INT(b.n, 0);
	buf_fini(&b);
	diag_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_have_one_spelling),
		cmocka_unit_test(lines_break_where_the_author_broke_them),
		cmocka_unit_test(tables_stand_in_columns),
		cmocka_unit_test(declarations_share_columns),
		cmocka_unit_test(comments_behind_free_text_are_none_of_it),
		cmocka_unit_test(nothing_but_comments),
		cmocka_unit_test(refuses_what_does_not_parse),
		cmocka_unit_test(over_all_rule_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
