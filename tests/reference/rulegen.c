/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulegen.c - random rule texts.
 */
#include "tests/reference/rulegen_impl.h"

#include <stdio.h>
#include <string.h>


/* ---- values of a group ---- */

static const char *if_part(struct gen *g)
{
	return rng_percent(g->r, 25) ? arena_printf(g->a, " %s %s", gen_word(g, KW_IF),
						    gen_plain_cond(g, 0)) : "";
}

static const char *aggregate(struct gen *g, const char *zh, const char *en, enum field f)
{
	return arena_printf(g->a, "%s(%s%s)", g->english ? en : zh, f == FIELD_NONE ? ""
			    : gen_field(g, f),
			    if_part(g));
}

static const char *sum_of(struct gen *g, enum field f)
{
	return arena_printf(g->a, "%s(%s)", g->english ? "sum" : "合计", gen_field(g, f));
}

/* FIELD_NONE for streams that carry no money. */
static enum field money_field(struct gen *g)
{
	if (g->stream[0] == STREAM_DIAGNOSIS || g->stream[0] == STREAM_ENCOUNTER)
		return FIELD_NONE;
	return g->stream[0] == STREAM_FEE ? (rng_percent(g->r, 50) ? FIELD_fee_inscp_amt
							       : FIELD_fee_det_item_fee_sumamt)
	     : g->stream[0] == STREAM_SETTLEMENT ? FIELD_settlement_fund_pay_sumamt
	     : g->stream[0] == STREAM_STAY ? FIELD_stay_fund_pay_sumamt
			     : FIELD_visit_fund_pay_sumamt;
}

static const char *count_trigger(struct gen *g, struct gen_rule *x)
{
	const char *limit = x->n_let > 0 && rng_percent(g->r, 60) ? "甲量"
			  : arena_printf(g->a, "%u", rng_below(g->r, 4));
	uint32_t n = rng_below(g->r, 100);

	if (g->stream[0] == STREAM_FEE && n < 40)
		return arena_printf(g->a, "%s %s %s", aggregate(g, "合计", "sum", FIELD_fee_cnt),
				    gen_op(g), limit);
	if (g->stream[0] == STREAM_FEE && n < 48)
		return arena_printf(g->a, "%s %s %s", aggregate(g, "累计", "running",
								FIELD_fee_cnt), gen_op(g), limit);
	if (n < 60)
		return arena_printf(g->a, "%s %s %s", aggregate(g, "不同", "distinct",
								gen_coded(g, 0)->field),
				    gen_op(g), limit);
	return arena_printf(g->a, "%s %s %s", aggregate(g, "笔数", "count", FIELD_NONE), gen_op(g),
			    limit);
}

static const char *money_trigger(struct gen *g)
{
	static const char *const zh[] = { "合计", "最大", "最小", "平均", "中位", "首个", "末个",
					  "累计" };
	static const char *const en[] = { "sum", "max", "min", "mean", "median", "first", "last",
					  "running" };
	uint32_t n = rng_below(g->r, 8);
	const struct numeric *f = gen_numeric(g, 0);

	if (rng_percent(g->r, 15))
		return arena_printf(g->a, "%s(%s、%u%%%s) %s %s", g->english ? "percentile"
				    : "百分位",
				    gen_field(g, f->field), 5 * rng_below(g->r, 21), if_part(g),
						    gen_op(g), gen_number(g, f));
	return arena_printf(g->a, "%s %s %s", aggregate(g, zh[n], en[n], f->field), gen_op(g),
			    gen_number(g, f));
}

static const char *share_trigger(struct gen *g)
{
	enum field f = money_field(g);

	return arena_printf(g->a, "%s(%s %s %s) ÷ %s %s %u%%", g->english ? "sum" : "合计",
			    gen_field(g, f),
			    gen_word(g, KW_IF), gen_plain_cond(g, 0), sum_of(g, f), gen_op(g),
					    10 * rng_below(g->r, 11));
}

static const char *trigger(struct gen *g, struct gen_rule *x)
{
	uint32_t n = rng_below(g->r, 100);

	if (x->n_let > 0 || n < 50 || money_field(g) == FIELD_NONE)
		return count_trigger(g, x);
	return n < 85 ? money_trigger(g) : share_trigger(g);
}

static const char *group_amount(struct gen *g, struct gen_rule *x)
{
	uint32_t n = rng_below(g->r, 100);
	const char *sum;

	if (n < 25 || money_field(g) == FIELD_NONE)
		return NULL;
	sum = sum_of(g, money_field(g));
	if (g->stream[0] == STREAM_FEE && n < 60) {
		const char *cnt = sum_of(g, FIELD_fee_cnt);

		return arena_printf(g->a, "%s × (%s − %s) ÷ %s", sum, cnt, x->n_let > 0 ? "甲量"
				    : "1", cnt);
	}
	if (n < 70)
		return arena_printf(g->a, "%s ÷ 3", sum);
	return sum;
}

/* ---- rules ---- */

static const char *effective(struct gen *g)
{
	static const char *const zh[] = { "2026-01-01 起", "2025-12-31 至 2026-01-02",
					  "2026-02-28 至 2026-03-01" };
	static const char *const en[] = { "2026-01-01 onward", "2025-12-31 to 2026-01-02",
					  "2026-02-28 to 2026-03-01" };
	uint32_t n = rng_below(g->r, 3);

	return !rng_percent(g->r, 6) ? NULL : g->english ? en[n] : zh[n];
}

static void add_conds(struct gen *g, struct gen_rule *x, uint32_t most)
{
	uint32_t n = rng_below(g->r, most + 1);

	while (n-- > 0)
		x->cond[x->n_cond++] = gen_cond(g, 0);
	if (rng_percent(g->r, 15))
		x->unless = gen_cond(g, 0);
}

static void make_each(struct gen *g, struct gen_rule *x)
{
	x->on = arena_printf(g->a, "%s", g->english ? stream_name(g->stream[0])
			     : stream_title(g->stream[0]));
	if (g->stream[0] == STREAM_FEE && rng_percent(g->r, 20)) {
		x->by_table = "「单项表」 r";
		x->cond[x->n_cond++] = arena_printf(g->a, "%s %s r.项目",
						    gen_field(g, FIELD_fee_med_list_codg),
						    gen_word(g, KW_IS));
		if (rng_percent(g->r, 60))
			x->cond[x->n_cond++] = arena_printf(g->a, "%s > r.限量",
							    gen_field(g, FIELD_fee_cnt));
	}
	add_conds(g, x, 2);
	if (x->n_cond == 0 || rng_percent(g->r, 50))
		x->when = gen_numeric_cond(g, 0);
	x->when_less = x->when == NULL ? NULL : gen_numeric_cond(g, 0);
	if (rng_percent(g->r, 40))
		gen_related(g, x, 0, NULL, true);
	if (rng_percent(g->r, 70) && money_field(g) != FIELD_NONE)
		x->amount = gen_field(g, money_field(g));
}

static const char *let_value(struct gen *g)
{
	if (g->stream[0] == STREAM_FEE && rng_percent(g->r, 60))
		return arena_printf(g->a, "%s(「上限表」[%s].次数、%u)", g->english ? "coalesce"
				    : "首个有值",
				    g->english ? "med_list_codg" : "项目", 1 + rng_below(g->r, 3));
	return arena_printf(g->a, "%s(%u、%s)", g->english ? "least" : "较小",
			    1 + rng_below(g->r, 4),
			    g->english ? "count()" : "笔数()");
}

static void make_group(struct gen *g, struct gen_rule *x)
{
	static const char *const zh[] = { "自然日", "自然周", "自然月", "每季度", "自然年",
					  "医保年度", "单次就诊",
					  "当次住院" };
	static const char *const en[] = { "day", "week", "month", "quarter", "year",
					  "insurance-year", "visit",
					  "stay" };
	static const char *const slides[] = { "7 天", "2 天", "3 天", "6 小时", "12 小时",
					      "24 小时" };
	static const char *const slides_en[] = { "7 days", "2 days", "3 days", "6 hours",
						 "12 hours", "24 hours" };
	bool fee = g->stream[0] == STREAM_FEE, item = fee && rng_percent(g->r, 60);
	enum field psn = field_named(g->stream[0], STR("psn_no")), at =
			field_named(g->stream[0], STR("fixmedins_code"));
	uint32_t b = rng_below(g->r, 8), w = rng_below(g->r, 6);
	const char *period;
	struct buf keys;

	x->on = g->english ? stream_name(g->stream[0]) : stream_title(g->stream[0]);
	x->group = true;
	buf_init(&keys, 0);
	buf_adds(&keys, gen_field(g, psn));
	if (item)
		buf_addf(&keys, "、%s", gen_field(g, FIELD_fee_med_list_codg));
	if (rng_percent(g->r, 25))
		buf_addf(&keys, "、%s", gen_field(g, at));
	if (rng_percent(g->r, 35))
		x->window = g->english ? slides_en[w] : slides[w];
	else
		buf_addf(&keys, "、%s", g->english ? en[b] : zh[b]);
	x->keys = text_done(&keys, g->a);
	period = g->english ? en[b] : zh[b];
	if (item && rng_percent(g->r, 15)) {
		x->by_table = "「单项表」 r";
		x->cond[x->n_cond++] = arena_printf(g->a, "%s %s r.项目",
						    gen_field(g, FIELD_fee_med_list_codg),
						    gen_word(g, KW_IS));
	}
	add_conds(g, x, 2);
	if (rng_percent(g->r, 35) && (item || !fee))
		x->let[x->n_let++] = let_value(g);
	x->when = x->by_table == NULL ? trigger(g, x)
		: arena_printf(g->a, "%s %s r.限量", sum_of(g, FIELD_fee_cnt), gen_op(g));
	if (rng_percent(g->r, 10))
		x->when = arena_printf(g->a, "(%s) %s %s", x->when,
				       gen_word(g, rng_percent(g->r, 50) ? KW_AND : KW_OR),
				       money_trigger(g));
	x->when_less = arena_printf(g->a, "%s %s %u", g->english ? "count()" : "笔数()", gen_op(g),
				    rng_below(g->r, 4));
	if (x->window == NULL && rng_percent(g->r, 20))
		gen_related(g, x, 0, arena_printf(g->a, "psn_no、%s", period), item);
	x->amount = group_amount(g, x);
}

/* Something of both records of a kind. */
static const char *both_cond(struct gen *g)
{
	const struct numeric *n = gen_numeric(g, 0);
	const char *name = field_get(n->field)->name, *time =
			field_get(stream_time(g->stream[0]))->name;
	const char *date = g->english ? "date-of" : "日期";

	if (rng_percent(g->r, 50))
		return arena_printf(g->a, "甲.%s %s 乙.%s × 2", name, gen_op(g), name);
	return arena_printf(g->a, "%s(乙.%s) − %s(甲.%s) %s %u %s", date, time, date, time,
			    gen_op(g),
			    rng_below(g->r, 4), g->english ? "days" : "天");
}

static void pair_conds(struct gen *g, struct gen_rule *x)
{
	enum field a = gen_code_field(g, 0), b = gen_code_field(g, 1);
	uint32_t n = rng_below(g->r, 3);

	for (uint32_t i = 0; i < n; i++) {
		unsigned role = rng_below(g->r, 2);

		g->role = role == 0 ? "甲." : "乙.";
		x->cond[x->n_cond++] = gen_cond(g, role);
	}
	if (x->by_table != NULL) {
		x->cond[x->n_cond++] = arena_printf(g->a, "甲.%s %s r.项目甲", field_get(a)->name,
						    gen_word(g, KW_IS));
		x->cond[x->n_cond++] = arena_printf(g->a, "乙.%s %s r.项目乙", field_get(b)->name,
						    gen_word(g, KW_IS));
	} else if (g->stream[0] == g->stream[1] && rng_percent(g->r, 15)) {
		x->cond[x->n_cond++] = both_cond(g);
	} else if (rng_percent(g->r, 40)) {
		x->cond[x->n_cond++] = arena_printf(g->a, "甲.%s %s 乙.%s", field_get(a)->name,
						    gen_word(g, rng_percent(g->r, 70) ? KW_IS
							 : KW_IS_NOT),
						    field_get(b)->name);
	}
}

static const char *order_text(struct gen *g)
{
	static const char *const zh[] = { "0 天 至 7 天", "1 天 至 3 天", "0 小时 至 36 小时",
					  "0 天 至 0 天",
					  "−5 天 至 2 天", "−400 天 至 0 天" };
	static const char *const en[] = { "0 days to 7 days", "1 day to 3 days",
					  "0 hours to 36 hours",
					  "0 days to 0 days", "-5 days to 2 days",
							  "-400 days to 0 days" };
	uint32_t n = rng_below(g->r, 6), pick = rng_below(g->r, 3);

	return g->english ? arena_printf(g->a, "甲 then 乙 gap %s%s", en[n],
					 pick == 0 ? " pick nearest" : pick == 1 ? " pick each"
							 : "")
			  : arena_printf(g->a, "甲 后 乙 间隔 %s%s", zh[n],
					 pick == 0 ? " 取 最近" : pick == 1 ? " 取 每对" : "");
}

static void make_pair(struct gen *g, struct gen_rule *x)
{
	static const char *const zh[] = { "7 天", "2 天", "6 小时", "自然日", "自然月",
					  "单次就诊", "同一小时", "24 小时" };
	static const char *const en[] = { "7 days", "2 days", "6 hours", "day", "month", "visit",
					  "hour", "24 hours" };
	bool fees = g->stream[0] == STREAM_FEE && g->stream[1] == STREAM_FEE;
	uint32_t w = rng_below(g->r, 8);
	struct buf keys;

	x->on = g->english ? arena_printf(g->a, "%s 甲、%s 乙", stream_name(g->stream[0]),
					  stream_name(g->stream[1]))
			   : arena_printf(g->a, "%s 甲、%s 乙", stream_title(g->stream[0]),
					  stream_title(g->stream[1]));
	g->role = "";
	buf_init(&keys, 0);
	buf_adds(&keys, gen_field(g, field_named(g->stream[0], STR("psn_no"))));
	if (rng_percent(g->r, 30))
		buf_adds(&keys, "、fixmedins_code");
	if (fees && rng_percent(g->r, 40))
		buf_adds(&keys, "、med_list_codg");
	x->keys = text_done(&keys, g->a);
	if (fees && rng_percent(g->r, 40))
		x->by_table = "「对子」 r";
	if (x->by_table != NULL && rng_percent(g->r, 60))
		x->window = "r.窗口";
	else if (rng_percent(g->r, 50))
		x->window = g->english ? en[w] : zh[w];
	else
		x->first = order_text(g);
	pair_conds(g, x);
	g->role = "乙.";
	if (rng_percent(g->r, 15) && x->n_cond > 0) {
		x->when = gen_numeric_cond(g, 1);
		x->when_less = gen_numeric_cond(g, 1);
	}
	if (rng_percent(g->r, 20))
		gen_related(g, x, 1, NULL, true);
	if (rng_percent(g->r, 75)) {
		g->stream[0] = g->stream[1];
		if (money_field(g) != FIELD_NONE)
			x->amount = gen_field(g, money_field(g));
	}
}

/* A facility's or doctor's month; aggregates that sum up over persons. */
static const char *cell_value(struct gen *g, bool *money)
{
	static const char *const zh[] = { "合计", "最大", "最小", "平均" }, *const en[] =
			{ "sum", "max", "min", "mean" };
	uint32_t n = rng_below(g->r, 4);

	*money = false;
	switch (rng_below(g->r, 4)) {
	case 0:
		return aggregate(g, "笔数", "count", FIELD_NONE);
	case 1:
		return aggregate(g, "不同", "distinct", rng_percent(g->r, 50) ? FIELD_fee_psn_no
				 : FIELD_fee_bilg_dr_code);
	default:
		*money = true;
		return aggregate(g, zh[n], en[n], FIELD_fee_det_item_fee_sumamt);
	}
}

static const char *cell_keys(struct gen *g)
{
	static const char *const zh[] = { "自然日", "自然周", "自然月", "每季度", "自然年" };
	static const char *const en[] = { "day", "week", "month", "quarter", "year" };
	uint32_t b = rng_below(g->r, 5);

	return arena_printf(g->a, "%s、%s%s", gen_field(g, FIELD_fee_fixmedins_code), g->english
			    ? en[b] : zh[b],
			    rng_percent(g->r, 25) ? "、list_type" : "");
}

static void make_cell(struct gen *g, struct gen_rule *x)
{
	const char *sum = sum_of(g, FIELD_fee_inscp_amt), *value;
	bool money;

	g->stream[0] = STREAM_FEE;
	x->on = g->english ? stream_name(STREAM_FEE) : stream_title(STREAM_FEE);
	x->group = true;
	x->keys = cell_keys(g);
	add_conds(g, x, 1);
	value = cell_value(g, &money);
	x->when = arena_printf(g->a, "%s %s %u %s", value, gen_op(g),
			       rng_below(g->r, money ? 300 : 4),
			       !money ? "" : g->english ? "yuan" : "元");
	x->when_less = arena_printf(g->a, "%s > 0", g->english ? "count()" : "笔数()");
	x->amount = rng_percent(g->r, 70) ? sum : NULL;
}

static void make_compare(struct gen *g, struct gen_rule *x)
{
	static const char *const zh[] = { "中位", "中位 + 中位差", "中位 + 2 × 中位差", "平均",
					  "百分位(50%)", "百分位(80%)" };
	static const char *const en[] = { "median", "median + mad", "median + 2 × mad", "mean",
					  "percentile(50%)",
					  "percentile(80%)" };
	uint32_t n = rng_below(g->r, 6);
	bool money;

	g->stream[0] = STREAM_FEE;
	x->on = g->english ? stream_name(STREAM_FEE) : stream_title(STREAM_FEE);
	x->keys = cell_keys(g);
	add_conds(g, x, 1);
	x->value = rng_percent(g->r, 50) ? cell_value(g, &money)
		 : arena_printf(g->a, "%s(%s %s %s) ÷ %s", g->english ? "sum" : "合计",
				gen_field(g, FIELD_fee_inscp_amt),
				gen_word(g, KW_IF), gen_plain_cond(g, 0),
						sum_of(g, FIELD_fee_inscp_amt));
	if (rng_percent(g->r, 40))
		x->enough = arena_printf(g->a, "%u %s", 1 + rng_below(g->r, 3),
					 rng_percent(g->r, 50) ? "笔" : "次就诊");
	x->peers = arena_printf(g->a, "%s %s %u %s", rng_percent(g->r, 50) ? "医院等级"
				: "机构类型、医院等级",
				gen_word(g, KW_AT_LEAST), 2 + rng_below(g->r, 2), "家");
	if (rng_percent(g->r, 35))
		x->narrow = gen_cond(g, 0);
	x->when = arena_printf(g->a, "x %s %s", gen_op(g), g->english ? en[n] : zh[n]);
	x->when_less = g->english ? "x ≥ median" : "x ≥ 中位";
	if (rng_percent(g->r, 60))
		x->amount = sum_of(g, FIELD_fee_inscp_amt);
}

static enum stream some_stream(struct rng *r, bool pair)
{
	static const enum stream single[] = { STREAM_FEE, STREAM_FEE, STREAM_FEE,
					      STREAM_SETTLEMENT, STREAM_STAY,
					      STREAM_VISIT };
	static const enum stream both[] = { STREAM_FEE, STREAM_FEE, STREAM_STAY, STREAM_STAY,
					    STREAM_FEE, STREAM_DIAGNOSIS,
					    STREAM_SETTLEMENT,
					    STREAM_VISIT };

	return pair ? RNG_PICK(r, both) : RNG_PICK(r, single);
}

/* Rows of exceptions for one of the persons, facilities or items. */
static void make_exceptions(struct gen *g, struct gen_rule *x, enum stream s)
{
	static const char *const spans[] = { ",", "2026-01-01,", ",2025-12-31",
					     "2026-02-28,2026-03-01" };
	static const char *const values[3][3] = {
		{ "P1", "P2", "P3" }, { "H1", "H2", "H3" }, { "250301", "XA02BC", "25030102" },
	};
	static const char *const names[] = { "psn_no", "fixmedins_code", "med_list_codg" };
	uint32_t kind = rng_below(g->r, s == STREAM_FEE ? 3 : 2), first = rng_below(g->r, 3);
	struct buf b;

	x->except = names[kind];
	buf_init(&b, 0);
	buf_addf(&b, "%s,规则,负责人,理由,自,至\n", names[kind]);
	for (uint32_t i = 0; i < 1 + first; i++)
		buf_addf(&b, "%s,%s,某人,试验,%s\n", values[kind][(first + i) % 3], x->id,
			 RNG_PICK(g->r, spans));
	x->except_csv = text_done(&b, g->a);
}

void rule_make(struct gen_rule *x, struct arena *a, struct rng *r, uint32_t number)
{
	struct gen g = { .a = a, .r = r, .role = "" };
	uint32_t form = rng_below(r, 100);
	enum stream s;

	memset(x, 0, sizeof *x);
	snprintf(x->id, sizeof x->id, "r.n%u", number);
	g.english = x->english = rng_percent(r, 35);
	g.stream[0] = g.stream[1] = some_stream(r, form >= 65);
	s = g.stream[0];
	if (form >= 65 && rng_percent(r, 25))
		g.stream[1] = some_stream(r, true);
	if (rng_percent(r, 12))
		x->scope = g.english ? "all" : "全部";
	x->effective = effective(&g);
	if (form < 6)
		make_compare(&g, x);
	else if (form < 12)
		make_cell(&g, x);
	else if (form < 25)
		make_each(&g, x);
	else if (form < 65)
		make_group(&g, x);
	else
		make_pair(&g, x);
	if (form >= 12 && rng_percent(r, 12))
		make_exceptions(&g, x, s);
}
