/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_ruleset.c - whole rule files: the samples of the language's description, their
 * English twins, digests, versions, overrides, exceptions.
 */
#include "tests/support/ruletext.h"

#include <string.h>

#include "tests/check.h"

static const struct memory_file files[] = {
	{ "knowledge/repeatable_items.csv", "项目,名称\n001204000010000,肌肉注射\n" },
	{ "knowledge/daily_cap.csv", "项目,名称,次数,begndate,enddate\n250301,血常规,2,2020-01-01,\n" },
	{ "knowledge/planned.csv", "诊断,名称\nZ51,放化疗\nZ49,透析\n" },
	{ "knowledge/duplicate_pairs.csv",
	  "项目甲,项目乙,窗口,内涵\n0011030,0011020,单日,含诊查\n0031,0032,6小时,含操作\n" },
	{ NULL, NULL },
};

static const char same_day_zh[] =
	"名单「按次可重复项目」  来自 knowledge/repeatable_items.csv   键 项目\n"
	"表「日上限表」          来自 knowledge/daily_cap.csv          键 项目 前缀   列 次数 : 笔数"
	"   有效 begndate 至 enddate\n\n"
	"规则 dup.same_day 「同日重复收费」\n"
	"  版本      3\n"
	"  依据      《医疗保障基金使用监督管理条例》第三十八条第三项\n"
	"  类别      政策类\n"
	"  性质      违规\n"
	"  环节      事前、事中、事后\n"
	"  级别      高\n"
	"  状态      启用\n"
	"  参数      每日上限 = 1\n"
	"\n"
	"  看        费用明细\n"
	"  条件      目录类别 是 医疗服务项目\n"
	"            且 项目 不在名单「按次可重复项目」\n"
	"  归并      人员、项目、自然日\n"
	"  令        上限 = 首个有值(「日上限表」[项目].次数, 每日上限)\n"
	"  触发      合计(数量) > 上限\n"
	"  例外按    机构、项目\n"
	"  违规金额  合计(金额) × (合计(数量) − 上限) ÷ 合计(数量)\n"
	"  说明      {人员}于{自然日}「{项目名称}」收费{合计(数量)}次，上限{上限}次，涉及{违规金额}元\n"
	"\n"
	"  试例「同日两次」\n"
	"    费用明细 | 流水 | 人员 | 机构 | 项目   | 目录类别     | 时间             | 数量 | 单价   |\n"
	"             | 1    | 甲   | H1   | 250301 | 医疗服务项目 | 2026-03-01 09:00 | 1    | 200.00 |\n"
	"             | 2    | 甲   | H1   | 250301 | 医疗服务项目 | 2026-03-01 09:40 | 1    | 200.00 |\n"
	"    应命中 1 条，违规金额 200.00\n"
	"  试例「第二笔后来退费」\n"
	"    费用明细 | 流水 | 人员 | 机构 | 项目   | 目录类别     | 时间             | 数量 | 单价   | 原流水 |\n"
	"             | 1    | 甲   | H1   | 250301 | 医疗服务项目 | 2026-03-01 09:00 | 1    | 200.00 |        |\n"
	"             | 2    | 甲   | H1   | 250301 | 医疗服务项目 | 2026-03-01 09:40 | 1    | 200.00 |        |\n"
	"             | 3    | 甲   | H1   | 250301 | 医疗服务项目 | 2026-03-09 10:00 | -1   | 200.00 | 2      |\n"
	"    应命中 0 条\n";

static const char same_day_en[] =
	"# the same rule\n"
	"list \"repeatable\" from knowledge/repeatable_items.csv key med_list_codg\n"
	"table \"caps\" from knowledge/daily_cap.csv key med_list_codg prefix columns 次数 : count"
	" valid begndate to enddate\n"
	"rule dup.same_day \"同日重复收费\"\n"
	"\tversion 3\n"
	"\tbasis 《医疗保障基金使用监督管理条例》第三十八条第三项\n"
	"\tclass policy\n\tnature violation\n\tstage before, during, after\n\tseverity "
	"high\n\tstate on\n"
	"\tparam usual = 1\n"
	"\ton fee\n"
	"\twhere list_type is 201 # a comment\n"
	"\t\tand med_list_codg not-in-list \"repeatable\"\n"
	"\tgroup psn_no, med_list_codg, day\n"
	"\tlet cap = coalesce(\"caps\"[med_list_codg].次数, usual)\n"
	"\twhen sum(cnt) > cap\n"
	"\texcepted-by fixmedins_code, med_list_codg\n"
	"\tamount sum(det_item_fee_sumamt) * (sum(cnt) - cap) / sum(cnt)\n"
	"\tsay {psn_no}于{day}「{item_name}」收费{sum(cnt)}次，上限{cap}次，涉及{amount}元\n"
	"\texample \"twice a day\"\n"
	"\t\tfee | feedetl_sn | list_type | med_list_codg | fee_ocur_time | cnt\n"
	"\t\t    | 1 | 201 | 250301 | 2026-03-01 09:00 | 3\n"
	"\t\texpect 1 hit, amount 200.00\n";

static void check_same_day(const struct rule *r)
{
	assert_int_equal(r->version, 3);
	assert_int_equal(r->form, FORM_GROUP);
	assert_int_equal(r->category, CATEGORY_POLICY);
	assert_int_equal(r->stages, 7);
	assert_int_equal(r->n_key, 3);
	assert_int_equal(r->key[2]->bucket, BUCKET_DAY);
	assert_int_equal(r->subject, SUBJECT_PERSON);
	assert_int_equal(r->subject_key, 0);
	assert_true(r->person_local);
	assert_int_equal(r->n_let, 1);
	assert_int_equal(r->let[0].expr->op, EXPR_CALL);
	assert_int_equal(r->observed->op, EXPR_AGG);
	assert_int_equal(r->limit->op, EXPR_LET);
	assert_int_equal(r->amount->type, TYPE_MONEY);
	assert_int_equal(r->n_except, 2);
	assert_int_equal(r->except[0], FIELD_fee_fixmedins_code);
	assert_int_equal(r->scope, SCOPE_SETTLED);
}

static void chinese_sample(void **state)
{
	struct compiled c;
	const struct example *x;

	(void)state;
	compiled_open(&c, same_day_zh, files);
	assert_string_equal(compiled_shown(&c), "");
	check_same_day(&c.rs->rule[0]);
	assert_int_equal(c.rs->rule[0].n_example, 2);
	x = &c.rs->rule[0].example[1];
	assert_int_equal(x->table[0].n_row, 3);
	assert_int_equal(x->table[0].n_col, 9);
	assert_int_equal(x->expect_hits, 0);
	assert_true(str_eq(x->table[0].cell[4], STR("201")));
	assert_int_equal(x->table[0].cell[8].n, 0);
	assert_int_equal(c.rs->rule[0].example[0].expect_amount, 200000000);
	compiled_close(&c);
}

static void english_twin_has_same_digest(void **state)
{
	struct compiled zh, en;

	(void)state;
	compiled_open(&zh, same_day_zh, files);
	compiled_open(&en, same_day_en, files);
	assert_string_equal(compiled_words(&en, false), "");
	assert_non_null(en.rs);
	check_same_day(&en.rs->rule[0]);
	assert_string_equal(zh.rs->rule[0].digest, en.rs->rule[0].digest);
	assert_string_equal(zh.rs->digest, en.rs->digest);
	compiled_close(&zh);
	compiled_close(&en);
}

#define HEAD                                                                               \
	"  版本 1\n  依据 条例\n  类别 政策类\n  性质 违规\n  环节 事后\n  级别 高\n  状态 启用\n"
#define HEAD_EN                                                                            \
	"  version 1\n  basis 条例\n  class policy\n  nature violation\n  stage after\n"    \
	"  severity high\n  state on\n"

static const char others_zh[] =
	"名单「计划性再入院诊断」来自 knowledge/planned.csv 键 诊断 前缀\n"
	"规则 stay.split 「分解住院」\n" HEAD
	"  参数      间隔上限 = 7 天\n"
	"  看        住院 甲、住院 乙\n"
	"  同        人员、机构\n"
	"  先        甲 后 乙 间隔 0 天 至 间隔上限 取 最近\n"
	"  条件      甲.主诊断类目 是 乙.主诊断类目\n"
	"  除外      乙.主诊断 在名单「计划性再入院诊断」 或 甲.离院方式 是 医嘱转院\n"
	"  违规金额  乙.基金支付总额\n"
	"表「重复收费对」  来自 knowledge/duplicate_pairs.csv   键 项目甲 前缀、项目乙 前缀   "
	"列 窗口 : 窗口、内涵 : 文本\n"
	"规则 dup.pair 「医疗服务项目重复收费」\n" HEAD
	"  看        费用明细 甲、费用明细 乙\n"
	"  按表      「重复收费对」 r\n"
	"  同        人员\n"
	"  窗口      r.窗口\n"
	"  条件      甲.项目 是 r.项目甲 且 乙.项目 是 r.项目乙\n"
	"  违规金额  乙.金额\n"
	"指标「检查检验占比」\n"
	"  看        费用明细\n"
	"  按        机构、自然月\n"
	"  值        合计(金额 若 收费类别 在(检查费、化验费)) ÷ 合计(金额)\n"
	"  至少      100 次就诊\n"
	"规则 stat.exam_share 「检查检验占比异常」\n" HEAD
	"  对照      「检查检验占比」 x\n"
	"  同类      医院等级、机构类型 至少 8 家\n"
	"  触发      x > 中位 + 3 × 中位差\n";

static const char others_en[] =
	"list 「planned」 from knowledge/planned.csv key 诊断 prefix\n"
	"rule stay.split 「分解住院」\n" HEAD_EN "  param gap_most = 7 days\n"
	"  on stay first_one, stay again\n"
	"  same psn_no, fixmedins_code\n"
	"  first first_one then again gap 0 days to gap_most pick nearest\n"
	"  where first_one.maindiag_class is again.maindiag_class\n"
	"  unless again.dscg_maindiag_code in-list 「planned」 or first_one.dscg_way is 2\n"
	"  amount again.fund_pay_sumamt\n"
	"table 「pairs」 from knowledge/duplicate_pairs.csv key 项目甲 prefix, 项目乙 prefix "
	"columns 窗口 : window, 内涵 : text\n"
	"rule dup.pair 「医疗服务项目重复收费」\n" HEAD_EN "  on fee a, fee b\n"
	"  by-table 「pairs」 row\n"
	"  same psn_no\n"
	"  window row.窗口\n"
	"  where a.med_list_codg is row.项目甲 and b.med_list_codg is row.项目乙\n"
	"  amount b.det_item_fee_sumamt\n"
	"indicator 「share」\n"
	"  on fee\n"
	"  by fixmedins_code, month\n"
	"  value sum(det_item_fee_sumamt if med_chrgitm_type in (03, 04)) / "
	"sum(det_item_fee_sumamt)\n"
	"  at-least 100 visits\n"
	"rule stat.exam_share 「检查检验占比异常」\n" HEAD_EN "  compare 「share」 share\n"
	"  peers hosp_lv, fixmedins_type at-least 8 peers\n"
	"  when share > median + 3 * mad\n";

static void check_pair(const struct rule *r)
{
	assert_int_equal(r->form, FORM_PAIR);
	assert_ptr_not_equal(r->table, NULL);
	assert_int_equal(r->window.kind, WINDOW_TABLE);
	assert_int_equal(r->window.index, 0);
	assert_int_equal(r->n_key, 1);
	assert_int_equal(r->key_twin[0]->role, 1);
	assert_int_equal(r->where->op, EXPR_AND);
	assert_int_equal(r->where->arg[1]->arg[1]->op, EXPR_ROWCOL);
	assert_int_equal(r->where->arg[1]->arg[1]->index, 1);
	assert_false(r->ordered);
}

static void check_split(const struct rule *r)
{
	assert_true(r->ordered);
	assert_true(r->gap_days);
	assert_int_equal(r->gap_min, 0);
	assert_int_equal(r->gap_max, 7);
	assert_int_equal(r->pick, PICK_NEAREST);
	assert_int_equal(r->where->op, EXPR_AND);
	assert_int_equal(r->where->arg[1]->op, EXPR_NOT);
	assert_ptr_equal(r->where->arg[1]->arg[0], r->unless);
}

static void check_share(const struct rule *r)
{
	assert_int_equal(r->form, FORM_COMPARE);
	assert_int_equal(r->subject, SUBJECT_FACILITY);
	assert_int_equal(r->subject_key, 0);
	assert_false(r->person_local);
	assert_int_equal(r->peers_min, 8);
	assert_int_equal(r->n_peer_key, 2);
	assert_int_equal(r->observed->op, EXPR_INDICATOR);
	assert_int_equal(r->indicator->enough->op, EXPR_GE);
	assert_int_equal(r->indicator->enough->arg[0]->agg, AGG_DISTINCT);
	assert_int_equal(r->indicator->value->type, TYPE_RATIO);
}

static void other_samples(void **state)
{
	struct compiled zh, en;

	(void)state;
	compiled_open(&zh, others_zh, files);
	assert_string_equal(compiled_words(&zh, false), "");
	check_pair(ruleset_find(zh.rs, STR("dup.pair")));
	check_split(ruleset_find(zh.rs, STR("stay.split")));
	check_share(ruleset_find(zh.rs, STR("stat.exam_share")));
	compiled_open(&en, others_en, files);
	assert_string_equal(compiled_words(&en, false), "");
	for (uint32_t i = 0; i < 3; i++)
		assert_string_equal(zh.rs->rule[i].digest, en.rs->rule[i].digest);
	compiled_close(&zh);
	compiled_close(&en);
}

static void full_width_twins(void **state)
{
	static const char text[] =
		"指标「占比」\n  看　费用明细\n  按　机构，自然月\n"
		"  值　合计（金额　若　收费类别　在（检查费，化验费））／合计（金额）\n"
		"  至少　１００　次就诊\n";
	struct compiled c;

	(void)state;
	compiled_open(&c, text, files);
	assert_string_equal(compiled_words(&c, false), "");
	assert_int_equal(c.rs->indicator[0].value->op, EXPR_DIV);
	assert_int_equal((int64_t)c.rs->indicator[0].enough->arg[1]->rat.num, 100);
	compiled_close(&c);
}

/* What changes a digest, and what must not. */
static void digest_follows_meaning(void **state)
{
	static const struct {
		const char *clauses;
		bool same;
	} cases[] = {
		{ "看 费用明细\n参数 上限 = 3\n条件 数量 > 上限", true },
		{ "看 费用明细  # 注释\n参数 别名 = 3\n条件 数量 > 别名", true },
		{ "看 费用明细 甲\n条件 甲.数量 > 3", true },
		{ "看 费用明细\n令 k = 3\n条件 数量 > k", false }, /* a let counts as written */
		{ "看 费用明细\n条件 数量 > 4", false },
		{ "看 费用明细\n条件 数量 ≥ 3", false },
		{ "看 费用明细\n条件 数量 > 3\n说明 多了", false },
		{ "看 费用明细\n条件 数量 > 3\n例外按 机构", false },
		{ "看 费用明细\n条件 数量 > 3\n范围 全部", false },
	};
	char first[33] = "";

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = ruletext_rule("a.b", cases[i].clauses);
		struct compiled c;

		compiled_open(&c, text, files);
		assert_string_equal(compiled_words(&c, false), "");
		if (i == 0)
			memcpy(first, c.rs->rule[0].digest, sizeof first);
		else
			assert_int_equal(strcmp(first, c.rs->rule[0].digest) == 0, cases[i].same);
		compiled_close(&c);
		xfree(text);
	}
}

static void digest_follows_knowledge_and_settings(void **state)
{
	struct memory_file list[] = { { "l.csv", "项目\n1\n2\n" }, { NULL, NULL } };
	struct rule_settings july = { 7, 1 };
	char *rule = ruletext_rule("a.b", "看 费用明细\n条件 项目 在名单「甲」\n");
	struct rule_text text = { "t.rules", { NULL, 0 } };
	struct compiled a, b, c, d;
	struct buf all;

	(void)state;
	buf_init(&all, 0);
	buf_addf(&all, "名单「甲」来自 l.csv 键 项目\n%s", rule);
	text.text = buf_str(&all);
	compiled_open_all(&a, &text, 1, list, NULL);
	list[0].text = "备注,项目\nx,2\ny,1\n"; /* other order, other columns: the same list */
	compiled_open_all(&b, &text, 1, list, NULL);
	list[0].text = "名称,项目\nx,2\ny,1\n"; /* names are told with what the list exempts */
	compiled_open_all(&d, &text, 1, list, NULL);
	assert_string_not_equal(a.rs->rule[0].digest, d.rs->rule[0].digest);
	compiled_close(&d);
	list[0].text = "项目\n1\n3\n";
	compiled_open_all(&c, &text, 1, list, NULL);
	compiled_open_all(&d, &text, 1, list, &july);
	assert_string_equal(a.rs->rule[0].digest, b.rs->rule[0].digest);
	assert_string_not_equal(a.rs->rule[0].digest, c.rs->rule[0].digest);
	assert_string_not_equal(c.rs->rule[0].digest, d.rs->rule[0].digest);
	compiled_close(&a);
	compiled_close(&b);
	compiled_close(&c);
	compiled_close(&d);
	buf_fini(&all);
	xfree(rule);
}

static void open_two(struct compiled *c, const char *more_a, const char *more_b)
{
	struct buf all;

	buf_init(&all, 0);
	buf_addf(&all, "规则 a.b 「甲」\n" HEAD "  看 费用明细\n  条件 数量 > 3\n%s", more_a);
	buf_addf(&all, "规则 a.b 「甲」\n  版本 2\n  依据 条例\n  类别 政策类\n  性质 违规\n  环节 事后\n"
		 "  级别 高\n  状态 启用\n  看 费用明细\n  条件 数量 > 4\n%s", more_b);
	compiled_open(c, buf_cstr(&all), files);
	buf_fini(&all);
}

static void versions(void **state)
{
	struct compiled c;

	(void)state;
	open_two(&c, "  生效 至 2025-12-31\n", "  生效 2026-01-01 起\n");
	assert_string_equal(compiled_words(&c, false), "");
	assert_int_equal(c.rs->n_rule, 2);
	assert_int_equal(c.rs->rule[0].version, 1);
	assert_int_equal(c.rs->rule[0].from, MISSING_I32);
	assert_int_equal(c.rs->rule[1].from, 20454);
	compiled_close(&c);
	open_two(&c, "  生效 至 2026-01-01\n", "  生效 2026-01-01 起\n");
	assert_string_equal(compiled_words(&c, false), "versions-overlap");
	compiled_close(&c);
	open_two(&c, "", "");
	assert_string_equal(compiled_words(&c, false), "versions-overlap");
	compiled_close(&c);
}

static void overrides(void **state)
{
	char *rule = ruletext_rule("a.b", "参数 上限 = 3\n看 费用明细\n条件 数量 > 上限\n");
	struct rule_text text[2] = { { "shipped.rules", str_of(rule) },
				     { "local/o.rules", { NULL, 0 } } };
	struct compiled c;

	(void)state;
	text[1].text = STR("覆盖 a.b\n  参数 上限 = 5\n  状态 试行\n  依据 本地文件\n  生效 2026-07-01 起\n");
	compiled_open_all(&c, text, 2, files, NULL);
	assert_string_equal(compiled_words(&c, false), "");
	assert_int_equal((int64_t)c.rs->rule[0].param[0].expr->rat.num, 5);
	assert_int_equal((int64_t)c.rs->rule[0].where->arg[1]->rat.num, 5);
	assert_int_equal(c.rs->rule[0].state, STATE_TRIAL);
	assert_true(str_eq(c.rs->rule[0].basis, STR("本地文件")));
	compiled_close(&c);
	text[1].text = STR("override a.b\n  param 上线 = 5\noverride a.c\n  state off\n");
	compiled_open_all(&c, text, 2, files, NULL);
	assert_string_equal(compiled_words(&c, false), "unknown-param unknown-rule");
	compiled_close(&c);
	xfree(rule);
}

static void exceptions(void **state)
{
	static const struct memory_file rows[] = {
		{ "local/e.csv", "规则,机构,项目,负责人,理由,自,至\n"
				 "a.b,H1,250301,张三,多部位,2026-01-01,2026-12-31\n"
				 "a.b,H2,250301,张三,多部位,,\n" },
		{ NULL, NULL },
	};
	static const struct memory_file wrong[] = {
		{ "local/e.csv", "规则,机构,项目,负责人,理由,自,至\n"
				 "a.b,H1,,张三,多部位,2026-01-01,2026-12-31\n"
				 "a.c,H1,1,张三,多部位,,\n"
				 "a.b,H1,1,,多部位,,\n"
				 "a.b,H1,1,张三,多部位,2026-13-01,\n" },
		{ NULL, NULL },
	};
	char *rule = ruletext_rule("a.b", "看 费用明细\n条件 数量 > 3\n例外按 机构、项目\n");
	struct rule_text text[2] = { { "a.rules", str_of(rule) },
				     { "local/e.rules", STR("例外 来自 e.csv\n") } };
	struct compiled c;
	const struct rule *r;

	(void)state;
	compiled_open_all(&c, text, 2, rows, NULL);
	assert_string_equal(compiled_words(&c, false), "");
	r = &c.rs->rule[0];
	assert_int_equal(r->n_exception, 2);
	assert_true(str_eq(r->exception[0].cell[1], STR("250301")));
	assert_int_equal(r->exception[1].until, MISSING_I32);
	compiled_close(&c);
	compiled_open_all(&c, text, 2, wrong, NULL);
	assert_string_equal(compiled_words(&c, false),
			    "exception-shape unknown-rule exception-owner csv-value");
	compiled_close(&c);
	xfree(rule);
}

static void all_errors_of_all_files(void **state)
{
	char *good = ruletext_rule("a.good", "看 费用明细\n条件 数量 > 3\n");
	char *bad = ruletext_rule("a.bad", "看 费用名细\n类别 没有\n");
	char *worse = ruletext_rule("a.worse", "看 费用明细\n条件 数量 >\n触发 数量 > 金额\n违规金额 数量\n");
	struct rule_text text[] = {
		{ "good.rules", str_of(good) },
		{ "bad.rules", str_of(bad) },
		{ "worse.rules", str_of(worse) },
	};
	struct compiled c;

	(void)state;
	compiled_open_all(&c, text, 3, files, NULL);
	assert_null(c.rs);
	assert_string_equal(compiled_words(&c, false),
			    "unknown-stream clause-twice syntax compare-types wrong-type");
	compiled_close(&c);
	xfree(good);
	xfree(bad);
	xfree(worse);
}

/* Megabytes of one thing: refused with a reason, soon, in little memory. */
static void hostile_files(void **state)
{
	static const struct {
		const char *head, *again, *foot, *want;
	} cases[] = {
		{ "  条件 数量 > 0\n", "    且 数量 > 1\n", "", "too-long" },
		{ "  条件 数量\n", "    + 数量\n", "  > 3\n", "too-long" },
		{ "  条件 ", "(\n    ", "", "too-deep" },
		{ "  条件 ", "−\n    ", "", "too-deep" },
		{ "  参数 a = 1\n", "    a = 1\n", "", "duplicate-name" },
		{ "  条件 项目 在(1", "、\n    1", ")\n", "too-long" },
		{ "  试例「x」\n    费用明细 | 流水\n", "    | 1\n", "    应命中 1 条\n", "" },
		{ "", "规则 a.c 「x」\n", "", "clause-missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *rule = ruletext_rule("a.b", "看 费用明细");
		struct compiled c;
		struct buf b;

		buf_init(&b, 0);
		buf_addf(&b, "%s%s", rule, cases[i].head);
		while (b.n < 1000000)
			buf_adds(&b, cases[i].again);
		buf_adds(&b, cases[i].foot);
		compiled_open(&c, buf_cstr(&b), files);
		assert_true(c.d.n <= DIAG_MAX + 1);
		if (strncmp(compiled_words(&c, false), cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("case %zu: %.200s", i, compiled_words(&c, false));
		compiled_close(&c);
		buf_fini(&b);
		xfree(rule);
	}
}

/* A let that doubles the one before it, sixty times: 2^60 terms if put in place. */
static void lets_that_double(void **state)
{
	struct buf b;
	struct compiled c;
	char *rule;

	(void)state;
	buf_init(&b, 0);
	buf_adds(&b, "看 费用明细\n令 a0 = 数量 + 数量\n");
	for (int i = 1; i < 60; i++)
		buf_addf(&b, "令 a%d = a%d + a%d\n", i, i - 1, i - 1);
	buf_adds(&b, "条件 a59 > 3\n");
	rule = ruletext_rule("a.b", buf_cstr(&b));
	compiled_open(&c, rule, files);
	assert_string_equal(compiled_words(&c, false), "too-large");
	compiled_close(&c);
	buf_fini(&b);
	xfree(rule);
}

static void wanted_fields(void **state)
{
	struct compiled c;
	const uint8_t *w;

	(void)state;
	compiled_open(&c, same_day_zh, files);
	w = c.rs->wanted;
	assert_true(field_wanted(w, FIELD_fee_list_type));
	assert_true(field_wanted(w, FIELD_fee_fee_ocur_time));
	assert_true(field_wanted(w, FIELD_fee_item_name));
	assert_true(field_wanted(w, FIELD_fee_fixmedins_code));
	assert_false(field_wanted(w, FIELD_fee_pric));
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chinese_sample),
		cmocka_unit_test(english_twin_has_same_digest),
		cmocka_unit_test(other_samples),
		cmocka_unit_test(full_width_twins),
		cmocka_unit_test(digest_follows_meaning),
		cmocka_unit_test(digest_follows_knowledge_and_settings),
		cmocka_unit_test(versions),
		cmocka_unit_test(overrides),
		cmocka_unit_test(exceptions),
		cmocka_unit_test(all_errors_of_all_files),
		cmocka_unit_test(hostile_files),
		cmocka_unit_test(lets_that_double),
		cmocka_unit_test(wanted_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
