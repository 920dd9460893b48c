/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_horizon.c - how far each form and window looks back, and that memory follows fields.
 */
#include "lib/rule/horizon.h"

#include "lib/base/mem.h"
#include "tests/check.h"
#include "tests/support/ruletext.h"

static const struct memory_file files[] = {
	{ "pairs.csv", "项目甲,项目乙,窗口\nA,B,单日\nC,D,自然月\nE,F,30小时\n" },
	{ NULL, NULL },
};

static struct horizon horizon_of(const char *clauses)
{
	struct compiled c;
	struct horizon h;
	char *rule = ruletext_rule("t.x", clauses);
	struct buf text;

	buf_init(&text, 0);
	buf_adds(&text, "表「对」 来自 pairs.csv 键 项目甲、项目乙 列 窗口 : 窗口\n");
	buf_adds(&text, rule);
	compiled_open(&c, buf_cstr(&text), files);
	if (!c.rs)
		fail_msg("%s", compiled_shown(&c));
	rule_horizon(&c.rs->rule[0], &h);
	assert_true(h.bounded);
	compiled_close(&c);
	buf_fini(&text);
	xfree(rule);
	return h;
}

static void check_horizon(const char *clauses, int64_t days, bool visit, bool run)
{
	struct horizon h = horizon_of(clauses);

	assert_int_equal(h.days, days);
	assert_int_equal(h.visit, visit);
	assert_int_equal(h.run, run);
}

static void each_looks_at_the_record(void **state)
{
	(void)state;
	check_horizon("看 费用明细\n条件 金额 > 1000 元\n违规金额 金额\n", 0, false, false);
	check_horizon("看 住院\n条件 基金支付总额 > 1000 元\n", 0, true, false);
}

static void calendar_words(void **state)
{
	(void)state;
	check_horizon("看 费用明细\n归并 人员、自然日\n触发 笔数 > 1\n", 0, false, false);
	check_horizon("看 费用明细\n归并 人员、自然月\n触发 笔数 > 1\n", 30, false, false);
	check_horizon("看 费用明细\n归并 人员、每季度\n触发 笔数 > 1\n", 91, false, false);
	check_horizon("看 费用明细\n归并 人员、医保年度\n触发 笔数 > 1\n", 365, false, false);
	check_horizon("看 费用明细\n归并 人员、当次住院\n触发 笔数 > 1\n", 0, true, false);
}

static void sliding_windows(void **state)
{
	(void)state;
	check_horizon("看 费用明细\n归并 人员 窗口 7 天\n触发 笔数 > 1\n", 6, false, true);
	check_horizon("看 费用明细\n归并 人员 窗口 30 小时\n触发 笔数 > 1\n", 2, false, true);
}

static void pairs(void **state)
{
	(void)state;
	check_horizon("看 住院 甲、住院 乙\n同 人员、机构\n先 甲 后 乙 间隔 0 天 至 7 天\n", 7,
		      true, false);
	check_horizon("看 费用明细 甲、费用明细 乙\n同 人员\n窗口 单日\n"
		      "条件 甲.金额 > 1 元 且 乙.金额 > 1 元\n", 0, false, false);
	check_horizon("看 费用明细 甲、费用明细 乙\n按表 「对」 r\n同 人员\n窗口 r.窗口\n"
		      "条件 甲.项目 是 r.项目甲 且 乙.项目 是 r.项目乙\n", 30, false, false);
}

static uint64_t memory_of(const char *clauses)
{
	struct compiled c;
	char *rule = ruletext_rule("t.x", clauses);
	uint64_t bytes;

	compiled_open(&c, rule, NULL);
	if (!c.rs)
		fail_msg("%s", compiled_shown(&c));
	bytes = rule_memory(&c.rs->rule[0]);
	compiled_close(&c);
	xfree(rule);
	return bytes;
}

/* Each further field of a fee line costs four bytes in each of its 85 lines a year. */
static void memory_follows_fields(void **state)
{
	uint64_t one = memory_of("看 费用明细\n条件 金额 > 1 元\n");
	uint64_t two = memory_of("看 费用明细\n条件 金额 > 1 元 且 单价 > 1 元\n");

	(void)state;
	assert_true(one > UINT64_C(85) * 36 * 1000000);
	assert_int_equal(two - one, UINT64_C(85) * 4 * 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_looks_at_the_record), cmocka_unit_test(calendar_words),
		cmocka_unit_test(sliding_windows),          cmocka_unit_test(pairs),
		cmocka_unit_test(memory_follows_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
