/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulekin.c - random clauses 关联, and triggers over what they find.
 */
#include "tests/reference/rulegen_impl.h"

static enum stream some_kin(struct rng *r)
{
	static const enum stream kin[] = { STREAM_FEE, STREAM_FEE, STREAM_DIAGNOSIS,
					   STREAM_SETTLEMENT, STREAM_STAY };

	return RNG_PICK(r, kin);
}

static const char *kin_keys(struct gen *g)
{
	static const char *const zh[] = { "mdtrt_id", "单次就诊", "psn_no、自然日", "psn_no 窗口 3 天",
					  "psn_no、fixmedins_code 窗口 12 小时",
					  "psn_no、自然月" };
	static const char *const en[] = { "mdtrt_id", "visit", "psn_no、day", "psn_no window 3 days",
					  "psn_no、fixmedins_code window 12 hours",
					  "psn_no、month" };
	uint32_t n = rng_below(g->r, 6);

	return g->english ? en[n] : zh[n];
}

/* A condition that holds the related record against the one in hand. */
static const char *both(struct gen *g, unsigned role, bool item)
{
	const char *name = g->role, *cond;

	if (g->stream[role] != STREAM_FEE || !item)
		return NULL;
	g->role = role == 0 ? "" : "乙.";
	cond = arena_printf(g->a, "%s %s 丙.med_list_codg", gen_field(g, FIELD_fee_med_list_codg),
			    gen_word(g, rng_percent(g->r, 50) ? KW_IS : KW_IS_NOT));
	g->role = name;
	return cond;
}

static const char *if_kin(struct gen *g, struct gen *kin, unsigned role, bool item)
{
	const char *cond = NULL;

	if (rng_percent(g->r, 30))
		return "";
	if (kin->stream[0] == STREAM_FEE && rng_percent(g->r, 35))
		cond = both(g, role, item);
	if (cond == NULL)
		cond = gen_plain_cond(kin, 0);
	else if (rng_percent(g->r, 40))
		cond = arena_printf(g->a, "%s %s %s", cond, gen_word(g, KW_AND),
				    gen_plain_cond(kin, 0));
	return arena_printf(g->a, " %s %s", gen_word(g, KW_IF), cond);
}

static const char *kin_trigger(struct gen *g, struct gen *kin, unsigned role, bool item)
{
	const char *cond = if_kin(g, kin, role, item), *op = gen_op(g);
	const struct numeric *n = kin->stream[0] == STREAM_DIAGNOSIS ? NULL : gen_numeric(kin, 0);
	uint32_t how = rng_below(g->r, 100), limit = rng_below(g->r, 3);

	if (how < 45)
		return arena_printf(g->a, "%s(丙%s) %s %u", g->english ? "count" : "笔数", cond,
				    op, limit);
	if (how < 60 || n == NULL)
		return arena_printf(g->a, "%s(%s%s) %s %u", g->english ? "distinct" : "不同",
				    gen_field(kin, gen_coded(kin, 0)->field), cond, op, limit);
	return arena_printf(g->a, "%s(%s%s) %s %s",
			    how < 80 ? (g->english ? "max" : "最大") : g->english ? "last" : "末个",
			    gen_field(kin, n->field), cond, op, gen_number(g, n));
}

void gen_related(struct gen *g, struct gen_rule *x, unsigned role, const char *keys, bool item)
{
	struct gen kin = *g;
	enum stream s = some_kin(g->r);
	const char *trigger;

	kin.stream[0] = kin.stream[1] = s;
	kin.role = "丙.";
	x->related = arena_printf(g->a, "%s 丙 %s %s", g->english ? stream_name(s) : stream_title(s),
				  gen_word(g, KW_SAME), keys == NULL ? kin_keys(g) : keys);
	trigger = kin_trigger(g, &kin, role, item);
	x->when = x->when != NULL && rng_percent(g->r, 30)
		? arena_printf(g->a, "(%s) %s %s", x->when,
			       gen_word(g, rng_percent(g->r, 50) ? KW_AND : KW_OR), trigger)
		: trigger;
	x->when_less = arena_printf(g->a, "%s(丙) %s %u", g->english ? "count" : "笔数", gen_op(g),
				    rng_below(g->r, 3));
}
