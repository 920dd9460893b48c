/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulecond.c - random conditions on one record.
 */
#include "tests/reference/rulegen_impl.h"

#include <string.h>

const char *gen_word(const struct gen *g, enum keyword k)
{
	return keyword_word(k, g->english);
}

/* A field by one of its three names, with the role in hand. */
const char *gen_field(struct gen *g, enum field f)
{
	const struct field_info *i = field_get(f);
	uint32_t how = rng_below(g->r, 3);
	const char *name = how == 0 || (how == 1 && i->alias[0] == '\0') ? i->name : how == 1
			? i->alias : i->title;

	if (field_find(i->stream, str_of(name)) != f)
		name = i->name;
	return arena_printf(g->a, "%s%s", g->role, name);
}

const char *gen_op(struct gen *g)
{
	static const char *const ops[] = { ">", "<", "≥", "≤", ">=", "<=", ">", "≥" };

	return RNG_PICK(g->r, ops);
}

/* ---- conditions on one record ---- */

static const struct coded coded[] = {
	{ FIELD_fee_list_type, { "201", "医疗服务项目", "西药中成药", "耗材", "301", "药品" } },
	{ FIELD_fee_med_chrgitm_type, { "化验费", "检查费", "09", "04", "床位费", "药费" } },
	{ FIELD_fee_fixmedins_code, { "H1", "H2", "H3", "H1", "H2", "H9" } },
	{ FIELD_fee_bilg_dr_code, { "D1", "D2", "D3", "D1", "D2", "D9" } },
	{ FIELD_fee_med_type, { "11", "21", "2101", "41", "52", "140101" } },
	{ FIELD_fee_visit_class, { "门诊", "住院", "药店", "inpatient", "outpatient", "住院" } },
	{ FIELD_fee_gend, { "男", "女", "1", "2", "男", "女" } },
	{ FIELD_fee_insutype, { "310", "390", "职工", "居民", "310", "390" } },
	{ FIELD_fee_med_list_codg, { "250301", "25030102", "XA02BC", "210102", "C0101",
				     "250302" } },
	{ FIELD_fee_maindiag_class, { "I10", "I63", "Z51", "K80", "I10", "I10" } },
	{ FIELD_diagnosis_maindiag_flag, { "1", "0", "是", "否", "1", "0" } },
	{ FIELD_diagnosis_diag_class, { "I10", "I63", "Z51", "K80", "I10", "I10" } },
	{ FIELD_diagnosis_visit_class, { "门诊", "住院", "药店", "住院", "门诊", "住院" } },
	{ FIELD_diagnosis_gend, { "男", "女", "1", "2", "男", "女" } },
	{ FIELD_encounter_med_type, { "11", "21", "2101", "41", "52", "140101" } },
	{ FIELD_encounter_dscg_way, { "1", "2", "4", "医嘱离院", "医嘱转院", "1" } },
	{ FIELD_encounter_insutype, { "310", "390", "职工", "居民", "310", "390" } },
	{ FIELD_settlement_med_type, { "11", "21", "2101", "41", "52", "140101" } },
	{ FIELD_settlement_setl_type, { "1", "2", "联网结算", "手工报销", "1", "2" } },
	{ FIELD_settlement_mid_setl_flag, { "0", "1", "是", "否", "1", "0" } },
	{ FIELD_settlement_visit_class, { "门诊", "住院", "药店", "inpatient", "outpatient",
					  "住院" } },
	{ FIELD_settlement_fixmedins_code, { "H1", "H2", "H3", "H1", "H2", "H9" } },
	{ FIELD_stay_med_type, { "21", "2101", "52", "21", "2101", "21" } },
	{ FIELD_stay_dscg_way, { "1", "2", "4", "医嘱离院", "医嘱转院", "1" } },
	{ FIELD_stay_maindiag_class, { "I10", "I63", "Z51", "K80", "I10", "I10" } },
	{ FIELD_stay_gend, { "男", "女", "1", "2", "男", "女" } },
	{ FIELD_visit_visit_class, { "门诊", "住院", "药店", "inpatient", "outpatient", "住院" } },
	{ FIELD_visit_insutype, { "310", "390", "职工", "居民", "310", "390" } },
	{ FIELD_visit_fixmedins_code, { "H1", "H2", "H3", "H1", "H2", "H9" } },
};

static const struct numeric numeric[] = {
	{ FIELD_fee_cnt, "", "", 4 }, { FIELD_fee_det_item_fee_sumamt, "元", "yuan", 300 },
	{ FIELD_fee_inscp_amt, "元", "yuan", 300 }, { FIELD_fee_pric, "元", "yuan", 200 },
	{ FIELD_fee_prd_days, "", "", 10 }, { FIELD_fee_age, "岁", "", 70 },
	{ FIELD_diagnosis_age, "岁", "", 70 }, { FIELD_encounter_age, "岁", "", 70 },
	{ FIELD_settlement_medfee_sumamt, "元", "yuan", 1000 },
	{ FIELD_settlement_inscp_amt, "元", "yuan", 800 },
	{ FIELD_settlement_fund_pay_sumamt, "元", "yuan", 500 },
	{ FIELD_settlement_acct_pay, "元", "yuan", 300 },
	{ FIELD_stay_days, "", "", 5 }, { FIELD_stay_fund_pay_sumamt, "元", "yuan", 800 },
	{ FIELD_stay_medfee_sumamt, "元", "yuan", 1500 }, { FIELD_stay_n_settlements, "", "", 3 },
	{ FIELD_stay_n_lines, "", "", 5 },
	{ FIELD_visit_fund_pay_sumamt, "元", "yuan", 800 }, { FIELD_visit_n_lines, "", "", 5 },
	{ FIELD_visit_n_settlements, "", "", 3 },
};

const struct coded *gen_coded(struct gen *g, unsigned role)
{
	for (;;) {
		const struct coded *c = &RNG_PICK(g->r, coded);

		if (field_get(c->field)->stream == g->stream[role])
			return c;
	}
}

const struct numeric *gen_numeric(struct gen *g, unsigned role)
{
	for (;;) {
		const struct numeric *c = &RNG_PICK(g->r, numeric);

		if (field_get(c->field)->stream == g->stream[role])
			return c;
	}
}

const char *gen_number(struct gen *g, const struct numeric *n)
{
	bool half = field_get(n->field)->type != TYPE_COUNT && rng_percent(g->r, 20);

	return arena_printf(g->a, "%u%s %s", rng_below(g->r, n->most + 1), half ? ".5" : "",
			    g->english ? n->unit_en : n->unit);
}

static const char *coded_cond(struct gen *g, unsigned role)
{
	const struct coded *c = gen_coded(g, role);
	const char *name = gen_field(g, c->field), *v = RNG_PICK(g->r, c->values), *u =
			RNG_PICK(g->r, c->values);

	switch (rng_below(g->r, 6)) {
	case 0:
		return arena_printf(g->a, "%s %s %s", name, gen_word(g, KW_IS_NOT), v);
	case 1:
		return arena_printf(g->a, "%s %s(%s、%s)", name,
				    gen_word(g, rng_percent(g->r, 70) ? KW_IN : KW_IN_NOT),
				    v, u);
	case 2:
		return arena_printf(g->a, "%s %s %s", name,
				    gen_word(g, rng_percent(g->r, 70) ? KW_BELONGS
					     : KW_BELONGS_NOT),
						    v);
	default:
		return arena_printf(g->a, "%s %s %s", name, gen_word(g, KW_IS), v);
	}
}

const char *gen_numeric_cond(struct gen *g, unsigned role)
{
	const struct numeric *n = gen_numeric(g, role);
	const char *name = gen_field(g, n->field), *v = gen_number(g, n);

	if (rng_percent(g->r, 15))
		return arena_printf(g->a, "%s %s %s %s %u000 %s", name, gen_word(g, KW_BETWEEN), v,
				    gen_word(g, KW_WITH), n->most, g->english ? n->unit_en
						    : n->unit);
	if (rng_percent(g->r, 10))
		return arena_printf(g->a, "%s(%s、%s) %s %s", g->english ? "greatest" : "较大",
				    name, v, gen_op(g),
				    gen_number(g, n));
	return arena_printf(g->a, "%s %s %s", name, gen_op(g), v);
}

enum field gen_code_field(struct gen *g, unsigned role)
{
	return g->stream[role] == STREAM_FEE ? FIELD_fee_med_list_codg
	     : g->stream[role] == STREAM_STAY ? FIELD_stay_dscg_maindiag_code
	     : g->stream[role] == STREAM_VISIT ? FIELD_visit_dscg_maindiag_code
			     : FIELD_settlement_setl_id;
}

static const char *text_cond(struct gen *g, unsigned role)
{
	static const char *const patterns[] = { "^25.*2$", "^(XA|C)", "01", "[35]0", "^I10" };
	static const char *const starts[] = { "2503", "25", "XA02B", "I10", "Z", "SP1" };
	const char *name = gen_field(g, gen_code_field(g, role));

	if (rng_percent(g->r, 40))
		return arena_printf(g->a, "%s %s /%s/", name,
				    gen_word(g, rng_percent(g->r, 70) ? KW_MATCHES
					     : KW_MATCHES_NOT),
				    RNG_PICK(g->r, patterns));
	if (rng_percent(g->r, 25))
		return arena_printf(g->a, "%s(%s) %s %u", g->english ? "length" : "长度", name,
				    gen_op(g),
				    5 + rng_below(g->r, 4));
	return arena_printf(g->a, "%s %s \"%s\"", name,
			    gen_word(g, rng_percent(g->r, 70) ? KW_STARTS : KW_STARTS_NOT),
					    RNG_PICK(g->r, starts));
}

static const char *list_cond(struct gen *g, unsigned role)
{
	static const char *const lists[] = { "甲单", "乙单", "乙单" };
	const char *in = gen_word(g, rng_percent(g->r, 60) ? KW_INLIST : KW_INLIST_NOT);
	const char *space = g->english ? " " : "";

	if (g->stream[role] != STREAM_FEE)
		return arena_printf(g->a, "%s %s%s「诊断单」",
				    gen_field(g, gen_code_field(g, role)), in,
				    space);
	if (rng_percent(g->r, 25))
		return arena_printf(g->a, "(%s、%s) %s%s「丙单」",
				    gen_field(g, FIELD_fee_fixmedins_code),
				    gen_field(g, FIELD_fee_med_list_codg), in, space);
	return arena_printf(g->a, "%s %s%s「%s」", gen_field(g, FIELD_fee_med_list_codg), in, space,
			    RNG_PICK(g->r, lists));
}

static const char *time_cond(struct gen *g, unsigned role)
{
	static const char *const days[] = { "2025-12-31", "2026-01-01", "2026-02-28",
					    "2026-03-01", "2026-01-03" };
	const char *t = gen_field(g, stream_time(g->stream[role]));

	switch (rng_below(g->r, 3)) {
	case 0:
		return arena_printf(g->a, "%s(%s) %s %u", g->english ? "hour-of" : "钟点", t,
				    gen_op(g),
				    rng_below(g->r, 24));
	case 1:
		return arena_printf(g->a, "%s(%s(%s)) %s %u", g->english ? "weekday" : "星期",
				    g->english ? "date-of" : "日期", t, gen_op(g),
						    1 + rng_below(g->r, 7));
	default:
		return arena_printf(g->a, "%s %s %s", t, gen_op(g), RNG_PICK(g->r, days));
	}
}

static const char *fee_cond(struct gen *g)
{
	const char *item = gen_field(g, FIELD_fee_med_list_codg);

	switch (rng_below(g->r, 4)) {
	case 0:
		return arena_printf(g->a, "「上限表」[%s].次数 %s %u", item, gen_op(g),
				    rng_below(g->r, 4));
	case 1:
		return arena_printf(g->a, "%s > 「单项表」[%s].限价", gen_field(g, FIELD_fee_pric),
				    item);
	case 2:
		return arena_printf(g->a, "「上限表」[%s].等级 %s 甲", item, gen_word(g, KW_IS));
	default:
		return arena_printf(g->a, "%s × %s %s %s", gen_field(g, FIELD_fee_cnt),
				    gen_field(g, FIELD_fee_pric), gen_op(g),
				    gen_field(g, FIELD_fee_inscp_amt));
	}
}

/* Dates and durations of a stay or of a line within one. */
static const char *span_cond(struct gen *g, unsigned role)
{
	enum stream s = g->stream[role];
	enum field from = s == STREAM_FEE ? FIELD_fee_stay_begn : s == STREAM_STAY
			? FIELD_stay_begntime
			: s == STREAM_VISIT ? FIELD_visit_begntime : FIELD_NONE;
	enum field to = s == STREAM_FEE ? FIELD_fee_fee_ocur_time : s == STREAM_STAY
			? FIELD_stay_endtime
		      : FIELD_visit_endtime;
	const char *a, *b, *date = g->english ? "date-of" : "日期";

	if (from == FIELD_NONE)
		return coded_cond(g, role);
	a = gen_field(g, from);
	b = gen_field(g, to);
	switch (rng_below(g->r, 4)) {
	case 0:
		return arena_printf(g->a, "%s(%s) − %s(%s) %s %u %s", date, b, date, a, gen_op(g),
				    rng_below(g->r, 5), g->english ? "days" : "天");
	case 1:
		return arena_printf(g->a, "%s(%s − %s) %s %u", g->english ? "hours" : "小时数", b,
				    a,
				    gen_op(g), rng_below(g->r, 60));
	case 2:
		return arena_printf(g->a, "%s(%s − %s) %s %u", g->english ? "days" : "天数", b, a,
				    gen_op(g), rng_below(g->r, 4));
	default:
		return arena_printf(g->a, "%s(%s) + 1 %s %s %s(%s)", date, a,
				    g->english ? "days" : "天", gen_op(g), date, b);
	}
}

/* Functions of func.def on a line's numbers and codes. */
static const char *function_cond(struct gen *g, unsigned role)
{
	const struct numeric *n = gen_numeric(g, role);
	const char *x = gen_field(g, n->field), *code = gen_field(g, gen_code_field(g, role));

	switch (rng_below(g->r, 4)) {
	case 0:
		return arena_printf(g->a, "%s(%s − %s) %s %s", g->english ? "abs" : "绝对值", x,
				    gen_number(g, n), gen_op(g), gen_number(g, n));
	case 1:
		return arena_printf(g->a, "%s(%s ÷ 3) %s %u", g->english ? "floor" : "取整", x,
				    gen_op(g),
				    rng_below(g->r, n->most / 3 + 2));
	case 2:
		return arena_printf(g->a, "%s(%s、%u) %s \"25\"", g->english ? "left" : "前几位",
				    code,
				    1 + rng_below(g->r, 4), gen_word(g, KW_IS));
	default:
		return arena_printf(g->a, "%s(%s、%s、%s) %s %s", g->english ? "coalesce"
				    : "首个有值", x,
				    gen_field(g, n->field), gen_number(g, n), gen_op(g),
				    gen_number(g, n));
	}
}

static const char *null_cond(struct gen *g, unsigned role)
{
	const char *name = rng_percent(g->r, 50) ? gen_field(g, gen_coded(g, role)->field)
						 : gen_field(g, gen_numeric(g, role)->field);

	return arena_printf(g->a, "%s %s", name,
			    gen_word(g, rng_percent(g->r, 25) ? KW_IS_NULL : KW_NOT_NULL));
}

const char *gen_plain_cond(struct gen *g, unsigned role)
{
	uint32_t n = rng_below(g->r, 100);

	if (n < 35)
		return coded_cond(g, role);
	if (n < 55)
		return gen_numeric_cond(g, role);
	if (n < 65)
		return text_cond(g, role);
	if (n < 78 && g->stream[role] != STREAM_SETTLEMENT)
		return list_cond(g, role);
	if (n < 85)
		return time_cond(g, role);
	if (n < 90)
		return null_cond(g, role);
	if (n < 93)
		return span_cond(g, role);
	if (n < 96)
		return function_cond(g, role);
	return g->stream[role] == STREAM_FEE ? fee_cond(g) : gen_numeric_cond(g, role);
}

/* A condition over the role in hand, perhaps with brackets, 或 and 非. */
const char *gen_cond(struct gen *g, unsigned role)
{
	const char *x = gen_plain_cond(g, role);
	uint32_t n = rng_below(g->r, 100);

	if (n < 12)
		return arena_printf(g->a, "(%s %s %s)", x, gen_word(g, KW_OR),
				    gen_plain_cond(g, role));
	if (n < 17)
		return arena_printf(g->a, "(%s %s %s %s %s)", x, gen_word(g, KW_OR),
				    gen_plain_cond(g, role),
				    gen_word(g, KW_OR), gen_plain_cond(g, role));
	if (n < 22)
		return arena_printf(g->a, "%s (%s %s %s)", gen_word(g, KW_NOT), x,
				    gen_word(g, KW_AND),
				    gen_plain_cond(g, role));
	return x;
}
