/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_coverage.c - parts of conditions that examples decide both ways, one way, or never.
 */
#include "lib/finding/coverage.h"

#include "lib/base/mem.h"
#include "tests/check.h"
#include "tests/support/ruletext.h"

/* Each part as "w+-" (condition, true and false seen), "u+", "t-"; in the rule's order. */
static void check_marks(const char *clauses, const char *expected)
{
	static const char letter[] = { 'w', 'u', 't' };
	struct compiled c;
	struct coverage v;
	struct arena a;
	struct err e;
	struct buf b;
	char *rule = ruletext_rule("t.x", clauses);

	compiled_open(&c, rule, NULL);
	if (!c.rs)
		fail_msg("%s", compiled_shown(&c));
	arena_init(&a);
	buf_init(&b, 0);
	if (!rule_coverage(c.rs, 0, &a, &v, &e))
		fail_msg("%s", e.text);
	for (uint32_t i = 0; i < v.n; i++)
		buf_addf(&b, "%s%c%s%s", i ? " " : "", letter[v.point[i].part],
			 v.point[i].seen_true ? "+" : "", v.point[i].seen_false ? "-" : "");
	assert_string_equal(buf_cstr(&b), expected);
	buf_fini(&b);
	arena_fini(&a);
	compiled_close(&c);
	xfree(rule);
}

static void parts_of_a_record(void **state)
{
	(void)state;
	check_marks("看 费用明细\n条件 金额 > 100 元 且 项目 是 A1\n除外 数量 > 5 或 机构 是 H9\n"
		    "试例「一」\n"
		    "  费用明细 | 流水 | 人员 | 机构 | 项目 | 时间             | 数量 | 单价 |\n"
		    "           | 1    | 甲   | H1   | A1   | 2026-03-01 09:00 | 1    | 200  |\n"
		    "           | 2    | 甲   | H1   | A1   | 2026-03-02 09:00 | 9    | 1    |\n"
		    "  应命中 1 条\n",
		    "w+- w+ u+- u-");
}

static void parts_of_a_group(void **state)
{
	(void)state;
	check_marks("看 费用明细\n条件 项目 开头是 A\n归并 人员、自然日\n"
		    "触发 笔数 > 1 且 合计(数量) < 10\n"
		    "试例「一」\n"
		    "  费用明细 | 流水 | 人员 | 机构 | 项目 | 时间             | 数量 | 单价 |\n"
		    "           | 1    | 甲   | H1   | A1   | 2026-03-01 09:00 | 1    | 200  |\n"
		    "           | 2    | 甲   | H1   | B1   | 2026-03-01 09:00 | 1    | 200  |\n"
		    "  应命中 0 条\n",
		    "w+- t- t+");
}

static void parts_of_a_pair(void **state)
{
	(void)state;
	check_marks("看 费用明细 甲、费用明细 乙\n同 人员\n窗口 单日\n"
		    "条件 甲.项目 是 A1 且 乙.项目 是 B1\n"
		    "试例「一」\n"
		    "  费用明细 | 流水 | 人员 | 机构 | 项目 | 时间             | 数量 | 单价 |\n"
		    "           | 1    | 甲   | H1   | A1   | 2026-03-01 09:00 | 1    | 200  |\n"
		    "           | 2    | 甲   | H1   | B1   | 2026-03-01 09:00 | 1    | 200  |\n"
		    "  应命中 1 条\n",
		    "w+- w+-");
}

static void without_examples_nothing_is_decided(void **state)
{
	(void)state;
	check_marks("看 费用明细\n条件 金额 > 100 元\n", "w");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_a_record),
		cmocka_unit_test(parts_of_a_group),
		cmocka_unit_test(parts_of_a_pair),
		cmocka_unit_test(without_examples_nothing_is_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
