/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_absence.c - no conclusion from what has not happened yet.
 *
 * Of a stay or visit that goes on, "no test was made" may be untrue tomorrow. Where an
 * aggregate of zero would satisfy a comparison of the trigger, the comparison is joined with
 * one that is unknown until the end is known: such a group cannot be judged, unless the
 * other arms decide alone. A condition that asks for the end makes that needless.
 */
#include "lib/rule/check_rule.h"

/* Before any event: what is known at all is later. */
#define LONG_AGO INT64_C(-10000000000)

static bool keyed_by(const struct rule *r, enum bucket bucket)
{
	for (uint32_t i = 0; i < r->n_key; i++)
		if (r->key[i]->op == EXPR_BUCKET && r->key[i]->bucket == bucket)
			return true;
	return false;
}

/* ---- what zero satisfies ---- */

static bool sums_up(const struct rule *r, const struct expr *e)
{
	while (e->op == EXPR_LET && e->index < r->n_let && r->let[e->index].expr != NULL)
		e = r->let[e->index].expr;
	return e->op == EXPR_AGG && (e->agg == AGG_COUNT || e->agg == AGG_SUM ||
				     e->agg == AGG_DISTINCT || e->agg == AGG_RUNNING);
}

static bool holds(enum expr_op op, int cmp)
{
	switch (op) {
	case EXPR_EQ: return cmp == 0;
	case EXPR_NE: return cmp != 0;
	case EXPR_LT: return cmp < 0;
	case EXPR_LE: return cmp <= 0;
	case EXPR_GT: return cmp > 0;
	case EXPR_GE: return cmp >= 0;
	default: return false;
	}
}

static bool zero_decides(const struct rule *r, const struct expr *e, bool denied)
{
	for (int i = 0; i < 2; i++) {
		const struct expr *limit = e->arg[1 - i];

		if (!sums_up(r, e->arg[i]) || limit->op != EXPR_CONST || check_is_text(limit->type))
			continue;
		/* how zero compares with the limit, the left side first */
		return holds(e->op, (i == 0 ? -1 : 1) * rat_sign(limit->rat)) != denied;
	}
	return false;
}

/* Whether a comparison below is satisfied (denied: made untrue) by zero. */
static bool reads_absence(const struct rule *r, const struct expr *e, bool denied)
{
	if (e->op == EXPR_NOT)
		return reads_absence(r, e->arg[0], !denied);
	if (e->op >= EXPR_EQ && e->op <= EXPR_GE)
		return zero_decides(r, e, denied);
	for (uint32_t i = 0; (e->op == EXPR_AND || e->op == EXPR_OR) && i < e->n_arg; i++)
		if (reads_absence(r, e->arg[i], denied))
			return true;
	return false;
}

/* ---- what is unknown until the end ---- */

static struct expr *of_group(struct checker *c, enum agg agg, enum field f, struct span at)
{
	struct expr *arg = check_new(c, EXPR_FIELD, field_get(f)->type, at);
	struct expr *e = check_new(c, EXPR_AGG, field_get(f)->type, at);

	arg->field = f;
	arg->roles = 1;
	arg->level = LEVEL_ROW;
	check_args(c, e, &arg, 1);
	e->agg = agg;
	e->roles = 0;
	e->level = LEVEL_GROUP;
	return e;
}

static struct expr *test(struct checker *c, enum expr_op op, struct expr *a, struct expr *b)
{
	struct expr *e = check_new(c, op, TYPE_FLAG, a->at);

	check_args(c, e, (struct expr *[]){ a, b }, 2);
	return e;
}

/* The stay's end is known; of a visit that is no stay there is nothing to wait for. */
static struct expr *ended(struct checker *c, const struct rule *r, enum field end, struct span at)
{
	enum field class = field_find(r->stream[0], STR("visit_class"));
	struct expr *long_ago = check_const(c, rat_int(LONG_AGO), TYPE_TIME, at);
	struct expr *known = test(c, EXPR_GT, of_group(c, AGG_MIN, end, at), long_ago);
	struct expr *stay;

	if (keyed_by(r, BUCKET_STAY) || class == FIELD_NONE)
		return known;
	stay = check_new(c, EXPR_CONST, TYPE_CODE, at);
	stay->text = STR("inpatient");
	return test(c, EXPR_OR, test(c, EXPR_NE, of_group(c, AGG_FIRST, class, at), stay), known);
}

/* `e` with every comparison that zero satisfies waiting for the end. */
static struct expr *wait_for_end(struct checker *c, const struct rule *r, struct expr *e,
				 enum field end)
{
	if (e->op == EXPR_AND || e->op == EXPR_OR) {
		for (uint32_t i = 0; i < e->n_arg; i++)
			e->arg[i] = wait_for_end(c, r, e->arg[i], end);
		return e;
	}
	if (!reads_absence(r, e, false))
		return e;
	return test(c, EXPR_AND, e, ended(c, r, end, e->at));
}

/* Whether 条件 has 出院时间 不为空 among its conjuncts. */
static bool asks_for_end(const struct expr *e, enum field end)
{
	const struct expr *null = e->op == EXPR_NOT ? e->arg[0] : NULL;

	for (uint32_t i = 0; e->op == EXPR_AND && i < e->n_arg; i++)
		if (asks_for_end(e->arg[i], end))
			return true;
	return null != NULL && null->op == EXPR_NULL && null->arg[0]->op == EXPR_FIELD &&
	       null->arg[0]->field == end;
}

void check_absence(struct rule_check *k)
{
	struct rule *r = k->r;
	enum field end;

	if (r->form != FORM_GROUP || r->when == NULL || r->when->type == TYPE_ERROR ||
	    (!keyed_by(r, BUCKET_STAY) && !keyed_by(r, BUCKET_VISIT)))
		return;
	end = field_find(r->stream[0], STR("stay_end"));
	if (end == FIELD_NONE || (r->where != NULL && asks_for_end(r->where, end)))
		return;
	r->when = wait_for_end(k->c, r, r->when, end);
}
