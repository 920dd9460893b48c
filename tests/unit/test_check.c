/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_check.c - single clauses: what they mean (canonical text), or what is wrong with them.
 */
#include "tests/support/ruletext.h"

#include <string.h>

#include "tests/check.h"

static const struct memory_file files[] = {
	{ "l.csv", "项目,机构\n1,H1\n" },
	{ "t.csv", "项目,价,天,窗口,b\n1,10,7,单日,2020-01-01\n" },
	{ NULL, NULL },
};

static const char declared[] =
	"名单「单」来自 l.csv 键 项目\n名单「双」来自 l.csv 键 项目、机构\n"
	"表「价」来自 t.csv 键 项目 前缀 列 价 : 金额、天 : 天数、窗口 : 窗口\n"
	"指标「占比」\n  看 费用明细\n  按 机构、自然月\n  值 合计(金额) ÷ 不同(就诊)\n";

static void open_clauses(struct compiled *c, const char *clauses)
{
	char *rule = ruletext_rule("a.b", clauses);
	struct buf all;

	buf_init(&all, 0);
	buf_addf(&all, "%s%s", declared, rule);
	compiled_open(c, buf_cstr(&all), files);
	buf_fini(&all);
	xfree(rule);
}

/* Errors of a rule of these clauses, as words. */
static void check_wrong(const char *clauses, const char *want)
{
	struct compiled c;

	open_clauses(&c, clauses);
	if (strcmp(compiled_words(&c, false), want) != 0)
		fail_msg("%s\n%s", clauses, compiled_shown(&c));
	compiled_close(&c);
}

/* Canonical text of 条件 (or of 触发) of a rule on fee lines. */
static void check_canon(const char *clauses, const char *want)
{
	struct compiled c;
	struct buf b;
	const struct rule *r;

	open_clauses(&c, clauses);
	if (c.rs == NULL)
		fail_msg("%s\n%s", clauses, compiled_shown(&c));
	r = &c.rs->rule[0];
	buf_init(&b, 0);
	expr_canon(r->when != NULL ? r->when : r->where, &b);
	assert_string_equal(buf_cstr(&b), want);
	buf_fini(&b);
	compiled_close(&c);
}

#define FEE "看 费用明细\n条件 "

static void values(void **state)
{
	(void)state;
	check_canon(FEE "目录类别 是 医疗服务项目", "(eq (field 0 fee.list_type) (const \"201\"))");
	check_canon(FEE "list_type = 201", "(eq (field 0 fee.list_type) (const \"201\"))");
	check_canon(FEE "医疗目录编码 不是 \"A 1\"", "(ne (field 0 fee.med_list_codg) (const \"A 1\"))");
	check_canon(FEE "目录类别 是 药品",
		    "(in (field 0 fee.list_type) (const \"101\") (const \"103\") (const \"104\"))");
	check_canon(FEE "目录类别 不是 药品", "(not (in (field 0 fee.list_type) (const \"101\") "
					 "(const \"103\") (const \"104\")))");
	check_canon(FEE "就诊类别 属于 住院",
		    "(belongs (field 0 fee.med_type) (const \"2\") (const \"52\"))");
	check_canon(FEE "收费类别 在(检查费、04)",
		    "(in (field 0 fee.med_chrgitm_type) (const \"03\") (const \"04\"))");
	check_canon(FEE "项目 是 001204000010000",
		    "(eq (field 0 fee.med_list_codg) (const \"001204000010000\"))");
	check_canon(FEE "项目 是 XA02.12x00", "(eq (field 0 fee.med_list_codg) (const \"XA02.12x00\"))");
	check_canon(FEE "项目 开头是 (X、Z)", "(starts (field 0 fee.med_list_codg) (const \"X\") (const \"Z\"))");
	check_canon(FEE "项目名称 匹配 /^甲.*乙$/", "(match \"^甲.*乙$\" (field 0 fee.item_name))");
	check_canon(FEE "原流水 不为空", "(not (null (field 0 fee.init_feedetl_sn)))");
}

static void numbers(void **state)
{
	(void)state;
	check_canon(FEE "金额 > 200 元", "(gt (field 0 fee.det_item_fee_sumamt) (const 200 money))");
	check_canon(FEE "金额 > 1.2 万元", "(gt (field 0 fee.det_item_fee_sumamt) (const 12000 money))");
	check_canon(FEE "自付比例 ≥ 30%", "(ge (field 0 fee.selfpay_prop) (const 3/10))");
	check_canon(FEE "自付比例 ≥ 0.3", "(ge (field 0 fee.selfpay_prop) (const 3/10))");
	check_canon(FEE "数量 介于 1 与 3", "(and (ge (field 0 fee.cnt) (const 1)) (le (field 0 fee.cnt) (const 3)))");
	check_canon(FEE "时间 ≥ 2026-01-01",
		    "(ge (field 0 fee.fee_ocur_time) (const 1767225600 time))");
	check_canon(FEE "金额 ≠ 单价 × 数量", "(ne (field 0 fee.det_item_fee_sumamt) (mul (field 0 fee.pric) "
					     "(field 0 fee.cnt)))");
	check_canon(FEE "金额 > 0", "(gt (field 0 fee.det_item_fee_sumamt) (const 0 money))");
	check_canon(FEE "数量 在(1、2)", "(in (field 0 fee.cnt) (const 1) (const 2))");
	check_canon("看 住院\n条件 出院时间 − 入院时间 > 2 天",
		    "(gt (sub (field 0 stay.endtime) (field 0 stay.begntime)) (const 172800 "
		    "duration))");
	check_canon(FEE "周岁(出生日期, 日期(时间)) < 18",
		    "(lt (call age (field 0 fee.brdy) (call date-of (field 0 fee.fee_ocur_time))) "
		    "(const 18))");
	check_canon("参数 a = 2 + 3 × 2\n" FEE "数量 > a", "(gt (field 0 fee.cnt) (const 8))");
	check_canon("参数 a = −(1 ÷ 3)\n" FEE "数量 > a", "(gt (field 0 fee.cnt) (const -1/3))");
}

static void logic(void **state)
{
	(void)state;
	check_canon(FEE "数量 > 1 且 数量 > 2 且 数量 > 3", "(and (gt (field 0 fee.cnt) (const 1)) "
		    "(gt (field 0 fee.cnt) (const 2)) (gt (field 0 fee.cnt) (const 3)))");
	check_canon(FEE "数量 > 1 或 数量 > 2 且 数量 > 3", "(or (gt (field 0 fee.cnt) (const 1)) "
		    "(and (gt (field 0 fee.cnt) (const 2)) (gt (field 0 fee.cnt) (const 3))))");
	check_canon(FEE "非 (数量 > 1)\n除外 数量 > 9", "(and (not (gt (field 0 fee.cnt) (const 1))) "
		    "(not (gt (field 0 fee.cnt) (const 9))))");
	check_canon("看 费用明细\n令 k = 数量 × 2\n条件 k > 4",
		    "(gt (mul (field 0 fee.cnt) (const 2)) (const 4))");
}

static void look_ups(void **state)
{
	struct compiled c;
	const struct expr *e;

	(void)state;
	open_clauses(&c, FEE "单价 > 「价」[项目].价 且 (项目、机构) 在名单「双」");
	assert_string_equal(compiled_words(&c, false), "");
	e = c.rs->rule[0].where;
	assert_int_equal(e->arg[0]->arg[1]->op, EXPR_LOOKUP);
	assert_int_equal(e->arg[0]->arg[1]->type, TYPE_MONEY);
	assert_int_equal(e->arg[1]->op, EXPR_INLIST);
	assert_int_equal(e->arg[1]->n_arg, 2);
	compiled_close(&c);
}

#define GROUP "看 费用明细\n归并 人员、项目、自然月\n触发 "

static void aggregates(void **state)
{
	(void)state;
	check_canon(GROUP "笔数() > 3", "(gt (agg count) (const 3))");
	check_canon(GROUP "笔数 > 3", "(gt (agg count) (const 3))");
	check_canon(GROUP "笔数(若 金额 > 1 元) > 3",
		    "(gt (agg count if (gt (field 0 fee.det_item_fee_sumamt) (const 1 money))) "
		    "(const 3))");
	check_canon(GROUP "百分位(单价, 90%) > 3 元",
		    "(gt (agg percentile (field 0 fee.pric) (const 9/10)) (const 3 money))");
	check_canon(GROUP "不同(自然日) > 3", "(gt (agg distinct (bucket 0 day)) (const 3))");
	check_canon(
		GROUP "累计(数量) > 3 且 项目 是 1",
		"(and (gt (agg running (field 0 fee.cnt)) (const 3)) (eq (key 1) (const \"1\")))");
	check_canon(GROUP "合计(金额) ÷ 笔数 > 3 元",
		    "(gt (div (agg sum (field 0 fee.det_item_fee_sumamt)) (agg count)) (const 3 "
		    "money))");
	check_canon(GROUP "首个有值(最大(单价), 3 元) > 2 元",
		    "(gt (call coalesce (agg max (field 0 fee.pric)) (const 3 money)) (const 2 "
		    "money))");
}

static void wrong_names(void **state)
{
	(void)state;
	check_wrong(FEE "数亮 > 3", "unknown-name");
	check_wrong(FEE "目录类别 是 医疗服务项木", "unknown-value");
	check_wrong(FEE "机构 是 参保地", "field-on-right");
	check_wrong(FEE "项目 在名单「丹」", "unknown-list");
	check_wrong(FEE "项目 在名单「价」", "wrong-kind");
	check_wrong(FEE "「单」[项目].价 > 3 元", "wrong-kind");
	check_wrong(FEE "「价」[项目].家 > 3 元", "unknown-column");
	check_wrong(FEE "「价」[项目、机构].价 > 3 元", "key-count");
	check_wrong(FEE "绝对职(数量) > 3", "unknown-function");
	check_wrong("看 费用明细 甲、费用明细 乙\n同 人员、自然日\n条件 甲.数亮 > 3", "unknown-field");
	check_wrong("看 费用明细 甲、费用明细 乙\n同 人员、自然日\n条件 丙.数量 > 3", "unknown-role");
	check_wrong("看 费用明细 甲、费用明细 乙\n同 人员、自然日\n条件 数量 > 3", "role-needed");
	check_wrong("看 费用名细", "unknown-stream");
	check_wrong(FEE "数量 > 3夭", "unknown-unit");
}

static void wrong_types(void **state)
{
	(void)state;
	check_wrong(FEE "金额 > 200", "needs-unit");
	check_wrong(FEE "金额 > 数量", "compare-types");
	check_wrong(FEE "项目 > 3", "compare-types");
	check_wrong(FEE "金额 + 数量 > 3 元", "arith-types");
	check_wrong(FEE "金额 × 金额 > 3 元", "arith-types");
	check_wrong(FEE "数量", "not-condition");
	check_wrong(FEE "数量 ÷ 0 > 1", "divide-by-zero");
	check_wrong(FEE "数量 属于 3", "wrong-type");
	check_wrong(FEE "绝对值(项目) > 3", "wrong-type");
	check_wrong(FEE "长度(项目, 3) > 3", "argument-count");
	check_wrong(FEE "项目 匹配 /(/", "bad-regex");
	check_wrong("看 费用明细\n违规金额 数量", "wrong-type");
	check_wrong("看 费用明细\n违规金额 30", "needs-unit");
	check_wrong(FEE "数量 > 1000000000000000000 × 1000000000000000000 × 1000000000000000000",
		    "bad-number bad-number bad-number");
	check_wrong(FEE "不知道 > 3 且 合计(也不知道) > 3 且 数亮 × 金额 > 3", /* one slip, one message */
		    "unknown-name no-aggregate unknown-name");
}

static void wrong_levels(void **state)
{
	(void)state;
	check_wrong(GROUP "数量 > 3", "needs-aggregate");
	check_wrong(GROUP "合计(最大(数量)) > 3", "nested-aggregate");
	check_wrong(FEE "合计(数量) > 3", "no-aggregate");
	check_wrong("看 费用明细\n触发 合计(数量) > 3", "no-aggregate");
	check_wrong(GROUP "合计(自付比例) > 3", "wrong-type");
	check_wrong(GROUP "百分位(单价, 2) > 3 元", "wrong-type");
	check_wrong("参数 a = 数量\n看 费用明细", "unknown-name");
}

static void wrong_shapes(void **state)
{
	(void)state;
	check_wrong("看 费用明细\n归并 人员、项目\n触发 笔数 > 3", "unbounded");
	check_wrong("看 费用明细\n归并 人员、项目 窗口 7 天\n触发 笔数 > 3", "");
	check_wrong("看 费用明细\n归并 机构、项目\n触发 笔数 > 3", "no-period");
	check_wrong("看 费用明细\n归并 机构、自然月\n触发 笔数 > 3", "");
	check_wrong("看 费用明细\n归并 目录类别、自然月\n触发 笔数 > 3", "no-subject");
	check_wrong("看 费用明细\n归并 医保项目、项目、自然月\n触发 笔数 > 3", "many-subjects");
	check_wrong("看 费用明细\n归并 医保项目、项目、自然月\n主体 项目\n触发 笔数 > 3", "");
	check_wrong("看 费用明细\n归并 机构、自然月、自然日\n触发 笔数 > 3", "one-period");
	check_wrong("看 费用明细\n归并 机构、自然月\n窗口 3 天\n触发 笔数 > 3", "group-person-table");
	check_wrong("看 费用明细\n归并 人员、自然月", "clause-missing");
	check_wrong("看 费用明细 甲、费用明细 乙\n同 人员\n条件 甲.项目 是 乙.项目", "unbounded");
	check_wrong("看 费用明细 甲、费用明细 乙\n同 机构\n窗口 7 天\n条件 甲.项目 是 乙.项目", "pair-person");
	check_wrong("看 费用明细 甲、费用明细 乙\n同 就诊\n条件 甲.项目 是 乙.项目", "");
	check_wrong("看 住院 甲、住院 乙\n同 人员\n先 甲 后 乙 间隔 7 天 至 1 天", "bad-range");
	check_wrong("看 住院 甲、住院 乙\n同 人员\n先 乙 后 甲 间隔 0 天 至 1 天", "unknown-role unknown-role");
	check_wrong("看 费用明细\n按表「价」 r\n条件 单价 > r.价", "table-not-joined");
	check_wrong("看 费用明细\n按表「价」 r\n条件 项目 是 r.项目 且 单价 > r.价", "");
	check_wrong("看 费用明细\n同 人员", "clause-not-here");
	check_wrong("对照「占比」 x\n同类 医院等级 至少 8 家\n触发 x > 百分位(95%)", "");
	check_wrong("对照「占比」 x\n同类 医院等级 至少 8 家\n触发 x > 3", "needs-unit");
	check_wrong("对照「占笔」 x\n同类 医院等级 至少 8 家\n触发 x > 3", "unknown-indicator");
	check_wrong("对照「占比」 x\n看 费用明细\n触发 x > 中位", "clause-missing clause-not-here");
}

static void check_doubt(const char *clauses, const char *want)
{
	static const char *const usual[] = { "no-example ", "no-say", "unused-list " };
	struct compiled c;
	const char *words;
	struct buf b;

	open_clauses(&c, clauses);
	words = compiled_words(&c, true);
	buf_init(&b, 0);
	for (const char *w = words; *w != '\0'; ) {
		size_t n = strcspn(w, " ");
		bool skip = false;

		for (size_t i = 0; i < 3; i++)
			skip |= strncmp(w, usual[i], n) == 0;
		if (!skip)
			buf_addf(&b, "%s%.*s", b.n > 0 ? " " : "", (int)n, w);
		w += n + (w[n] == ' ');
	}
	if (strcmp(buf_cstr(&b), want) != 0)
		fail_msg("%s: %s\n%s", clauses, buf_cstr(&b), compiled_shown(&c));
	buf_fini(&b);
	compiled_close(&c);
}

static void doubts(void **state)
{
	(void)state;
	check_doubt(FEE "数量 > 3", "");
	check_doubt(FEE "数量 > 3 且 数量 < 3", "never-true");
	check_doubt(FEE "数量 ≥ 3 且 数量 ≤ 3", "");
	check_doubt(FEE "目录类别 是 201 且 目录类别 是 301", "never-true");
	check_doubt(FEE "目录类别 是 药品 且 目录类别 是 101", "implied-condition");
	check_doubt(FEE "目录类别 是 101 或 目录类别 是 药品", "adds-nothing");
	check_doubt(FEE "数量 > 3 或 数量 < 5", "always-true");
	check_doubt(FEE "数量 不为空 且 数量 > 3", "");
	check_doubt(FEE "数量 为空 且 数量 > 3", "never-true");
	check_doubt(FEE "项目 开头是 25 且 项目 是 310101", "never-true");
	check_doubt(FEE "数量 > 3 且 数量 > 3", "repeated-condition");
	check_doubt(FEE "数量 > 3\n除外 数量 > 3", "never-true");
	check_doubt(FEE "1 < 2", "always-true");
	check_doubt(FEE "数量 介于 3 与 1", "never-true");
	check_doubt(GROUP "笔数 < 0", "never-true");
	check_doubt(GROUP "笔数 ≥ 0", "always-true");
	check_doubt(FEE "数量 > 1 或 数量 > 2 且 金额 > 3 元", "adds-nothing mixed-and-or");
	check_doubt(FEE "数量 > 1 或 (数量 > 2 且 金额 > 3 元)", "adds-nothing");
	check_doubt("参数 a = 3\n" FEE "数量 > 1", "unused-let");
	check_doubt(FEE "就诊类别 是 普通住院", "exact-group-code");
}

static void examples(void **state)
{
	(void)state;
	check_wrong("看 费用明细\n试例「a」\n  费用明细 | 流水 | 数量\n  | 1 | 2\n  应命中 1 条", "");
	check_wrong("看 费用明细\n试例「a」\n  费用明细 | 流水 | 数亮\n  | 1 | 2\n  应命中 1 条", "unknown-field");
	check_wrong("看 费用明细\n试例「a」\n  费用明细 | 流水 | 数量\n  | 1 | 二\n  应命中 1 条", "example-value");
	check_wrong("看 费用明细\n试例「a」\n  费用明细 | 流水 | 数量\n  | 1\n  应命中 1 条", "example-cells");
	check_wrong("看 费用明细\n试例「a」\n  费用明细 | 流水 | 年龄\n  | 1 | 空\n  应命中 1 条", "example-derived");
	check_wrong("看 费用明细\n试例「a」\n  费用明细 | 流水\n  | 1\n", "example-expect");
	check_wrong("看 费用明细\n试例「a」\n  应命中 1 条\n", "example-empty");
	check_wrong("看 费用明细\n试例「a」\n  费用明细 | 流水\n  | 1\n  应命种 1 条", "syntax");
	check_wrong("看 费用明细\n试例「a」\n  住院 | 就诊\n  | 1\n  应命中 1 条", "example-derived");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),	cmocka_unit_test(numbers),
		cmocka_unit_test(logic),	cmocka_unit_test(look_ups),
		cmocka_unit_test(aggregates),	cmocka_unit_test(wrong_names),
		cmocka_unit_test(wrong_types),	cmocka_unit_test(wrong_levels),
		cmocka_unit_test(wrong_shapes), cmocka_unit_test(doubts),
		cmocka_unit_test(examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
