/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_witness.c - rules that report what others report: found by their parts, told only with
 * a record that fires both.
 */
#include "lib/finding/witness.h"

#include "lib/base/mem.h"
#include "tests/check.h"
#include "tests/support/ruletext.h"

/* Two rules a.a and b.b; "a<b" when b reports all that a reports, "a=b" when they are the same. */
static void check_two(const char *a, const char *b, const char *expected, const char *witness)
{
	struct compiled c;
	struct overlaps v;
	struct arena arena;
	struct err e;
	struct buf text;
	char *one = ruletext_rule("a.a", a), *two = ruletext_rule("b.b", b);

	buf_init(&text, 0);
	buf_addf(&text, "%s\n%s", one, two);
	compiled_open(&c, buf_cstr(&text), NULL);
	if (!c.rs)
		fail_msg("%s", compiled_shown(&c));
	arena_init(&arena);
	if (!rules_overlap(c.rs, &arena, &v, &e))
		fail_msg("%s", e.text);
	buf_reset(&text);
	for (uint32_t i = 0; i < v.n; i++)
		buf_addf(&text, "%c%c%c", c.rs->rule[v.item[i].rule].id.p[0],
			 v.item[i].identical ? '=' : '<', c.rs->rule[v.item[i].by].id.p[0]);
	assert_string_equal(buf_cstr(&text), expected);
	if (witness)
		assert_string_equal(v.item[0].witness, witness);
	buf_fini(&text);
	arena_fini(&arena);
	compiled_close(&c);
	xfree(one);
	xfree(two);
}

static void more_conditions_report_less(void **state)
{
	(void)state;
	check_two("看 费用明细\n条件 项目 是 A1 且 金额 > 100 元\n",
		  "看 费用明细\n条件 金额 > 100 元\n", "a<b", "医疗目录编码 A1, 明细项目费用总额 101");
	check_two("看 费用明细\n条件 金额 > 100 元\n",
		  "看 费用明细\n条件 项目 是 A1 且 金额 > 100 元\n", "b<a", NULL);
	check_two("看 费用明细\n条件 项目 是 A1\n归并 人员、自然日\n触发 笔数 > 1\n"
		  "试例「两笔」\n"
		  "  费用明细 | 流水 | 人员 | 项目 | 时间             | 数量 | 单价 |\n"
		  "           | 1    | 甲   | A1   | 2026-03-01 09:00 | 1    | 20   |\n"
		  "           | 2    | 甲   | A1   | 2026-03-01 10:00 | 1    | 20   |\n"
		  "  应命中 1 条\n",
		  "看 费用明细\n归并 人员、自然日\n触发 笔数 > 1\n", "a<b", "两笔");
}

static void stricter_conditions_report_less(void **state)
{
	(void)state;
	check_two("看 费用明细\n条件 金额 > 2000 元\n", "看 费用明细\n条件 金额 ≥ 1000 元\n", "a<b",
		  "明细项目费用总额 2001");
	check_two("看 费用明细\n条件 项目 在(A1、A2)\n", "看 费用明细\n条件 项目 开头是 A\n", "a<b",
		  "医疗目录编码 A1");
	check_two("看 费用明细\n条件 数量 介于 3 与 4\n", "看 费用明细\n条件 非 (数量 > 4 或 数量 < 3)\n",
		  "a=b", NULL);
	check_two("看 费用明细\n条件 性别 是 男 且 数量 > 2\n",
		  "看 费用明细\n条件 性别 在(男、女) 且 数量 > 2\n", "a<b", "性别 1, 数量 3");
	check_two("看 费用明细\n归并 人员、自然日\n触发 笔数 > 5\n",
		  "看 费用明细\n归并 人员、自然日\n触发 笔数 ≥ 3\n", "a<b", " × 6");
	check_two("看 费用明细\n条件 项目 是 A1\n归并 人员、自然日\n触发 合计(数量) > 5\n",
		  "看 费用明细\n条件 项目 是 A1\n归并 人员、自然日\n触发 合计(数量) > 3\n", "a<b",
		  NULL);
}

static void the_same_conditions_in_another_order(void **state)
{
	(void)state;
	check_two("看 费用明细\n条件 项目 是 A1 且 金额 > 100 元\n",
		  "看 费用明细\n条件 金额 > 100 元 且 项目 是 A1\n", "a=b", NULL);
}

static void others_are_left_alone(void **state)
{
	(void)state;
	check_two("看 费用明细\n条件 金额 > 100 元\n", "看 费用明细\n条件 数量 > 200\n", "", NULL);
	check_two("看 费用明细\n条件 金额 > 100 元 且 数量 > 5\n",
		  "看 费用明细\n条件 金额 > 200 元 且 数量 > 3\n", "", NULL);
	check_two("看 费用明细\n条件 项目 是 A1\n归并 人员、自然日\n触发 笔数 > 1\n",
		  "看 费用明细\n归并 人员、自然月\n触发 笔数 > 1\n", "", NULL);
	check_two("看 费用明细\n条件 项目 是 A1\n归并 人员、自然日\n触发 平均(单价) > 5 元\n",
		  "看 费用明细\n归并 人员、自然日\n触发 平均(单价) > 5 元\n", "", NULL);
}

/* The comparison would say so, but nothing the engine judges fires. */
static void nothing_is_told_without_a_record(void **state)
{
	(void)state;
	check_two("看 费用明细\n条件 项目 是 A1 且 数量 < -5\n范围 未结算\n",
		  "看 费用明细\n条件 数量 < -5\n范围 未结算\n", "", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_conditions_report_less),
		cmocka_unit_test(stricter_conditions_report_less),
		cmocka_unit_test(the_same_conditions_in_another_order),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(nothing_is_told_without_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
