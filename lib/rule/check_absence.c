/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_absence.c - no conclusion from what has not happened yet.
 *
 * Of a stay or visit that goes on, or a month that is not over, "no test was made" may be untrue
 * tomorrow. Where an aggregate of zero would satisfy a comparison of the trigger, the
 * comparison is joined with one that is unknown until the end is known: such a group cannot
 * be judged, unless the other arms decide alone. A condition that asks for the end makes that
 * needless. Cells are judged when their period is over (lib/stat).
 */
#include "lib/rule/check_rule.h"

/* Before any event: what is known at all is later. */
#define LONG_AGO INT64_C(-10000000000)

static bool keyed_by(struct expr *const *key, uint32_t n, enum bucket bucket)
{
	for (uint32_t i = 0; i < n; i++)
		if (key[i]->op == EXPR_BUCKET && key[i]->bucket == bucket)
			return true;
	return false;
}

/* ---- what zero satisfies ---- */

static const struct expr *in_place(const struct rule *r, const struct expr *e)
{
	while (e->op == EXPR_LET && e->index < r->n_let && r->let[e->index].expr != NULL)
		e = r->let[e->index].expr;
	return e;
}

/* Roles whose records the sums of an expression go up with, a bit each. */
static unsigned summed(const struct rule *r, const struct expr *e)
{
	unsigned roles = 0;

	e = in_place(r, e);
	if (e->op == EXPR_AGG && (e->agg == AGG_COUNT || e->agg == AGG_SUM ||
				  e->agg == AGG_DISTINCT || e->agg == AGG_RUNNING))
		return 1u << e->role;
	if (e->op == EXPR_DIV)
		return summed(r, e->arg[0]);
	for (uint32_t i = 0; (e->op == EXPR_ADD || e->op == EXPR_MUL) && i < e->n_arg; i++)
		roles |= summed(r, e->arg[i]);
	return roles;
}

/* What the expression is when all its sums are zero; false when that cannot be told. */
static bool at_zero(const struct rule *r, const struct expr *e, struct rat *out)
{
	struct rat a, b;

	e = in_place(r, e);
	*out = e->op == EXPR_CONST ? e->rat : rat_int(0);
	if (e->op == EXPR_CONST)
		return !check_is_text(e->type);
	if (e->op == EXPR_AGG)
		return summed(r, e) != 0;
	if (e->op == EXPR_DIV)
		return at_zero(r, e->arg[0], &a) && rat_sign(a) == 0;
	if ((e->op != EXPR_ADD && e->op != EXPR_MUL) || !at_zero(r, e->arg[0], &a) ||
	    !at_zero(r, e->arg[1], &b))
		return false;
	return e->op == EXPR_ADD ? rat_add(out, a, b) : rat_mul(out, a, b);
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

/* Whether side `i` being small helps the comparison (denied: makes it untrue). */
static bool small_helps(enum expr_op op, uint32_t i, bool denied)
{
	bool less = op == EXPR_LT || op == EXPR_LE, more = op == EXPR_GT || op == EXPR_GE;

	if (!less && !more)
		return true;
	return (less == (i == 0)) != denied;
}

/* Roles whose absent records satisfy a comparison. */
static unsigned zero_decides(const struct rule *r, const struct expr *e, bool denied)
{
	unsigned sums[2] = { summed(r, e->arg[0]), summed(r, e->arg[1]) }, roles = 0;
	struct rat a, b;

	for (uint32_t i = 0; i < 2; i++) {
		const struct expr *other = in_place(r, e->arg[1 - i]);

		if (sums[i] == 0)
			continue;
		if (other->op != EXPR_CONST)
			roles |= small_helps(e->op, i, denied) ? sums[i] : 0;
		else if (at_zero(r, e->arg[0], &a) && at_zero(r, e->arg[1], &b) &&
			 holds(e->op, rat_cmp(a, b, NULL)) != denied)
			roles |= sums[i];
	}
	return roles;
}

/* Roles for which a comparison below is satisfied (denied: made untrue) by absent records. */
static unsigned reads_absence(const struct rule *r, const struct expr *e, bool denied)
{
	unsigned roles = 0;

	e = in_place(r, e);
	if (e->op == EXPR_NOT)
		return reads_absence(r, e->arg[0], !denied);
	if (e->op >= EXPR_EQ && e->op <= EXPR_GE)
		return zero_decides(r, e, denied);
	for (uint32_t i = 0; (e->op == EXPR_AND || e->op == EXPR_OR) && i < e->n_arg; i++)
		roles |= reads_absence(r, e->arg[i], denied);
	return roles;
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

static struct expr *field_of(struct checker *c, unsigned role, enum field f, struct span at)
{
	struct expr *e = check_new(c, EXPR_FIELD, field_get(f)->type, at);

	e->field = f;
	e->role = (uint8_t)role;
	e->roles = (uint8_t)(1u << role);
	e->level = LEVEL_ROW;
	return e;
}

/* The record in hand, or the group, as an expression reads it. */
static struct expr *of_hand(struct checker *c, const struct rule *r, enum agg agg, enum field f,
			    struct span at)
{
	return r->form == FORM_GROUP ? of_group(c, agg, f, at)
				     : field_of(c, r->n_role > 1, f, at);
}

static enum field end_field(enum stream s)
{
	enum field f = field_find(s, STR("stay_end"));

	return f != FIELD_NONE ? f : field_find(s, STR("endtime"));
}

/* The stay's end is known; of a visit that is no stay there is nothing to wait for. */
static struct expr *ended(struct checker *c, const struct rule *r, bool stay, struct span at)
{
	enum stream s = r->stream[r->n_role > 1];
	enum field class = field_find(s, STR("visit_class")), end = end_field(s);
	struct expr *long_ago = check_const(c, rat_int(LONG_AGO), TYPE_TIME, at);
	struct expr *known, *word;

	if (end == FIELD_NONE || (r->form == FORM_GROUP && field_get(end)->type != TYPE_TIME))
		return NULL;
	known = test(c, EXPR_GT, of_hand(c, r, AGG_MIN, end, at), long_ago);
	if (stay || class == FIELD_NONE)
		return known;
	word = check_new(c, EXPR_CONST, TYPE_CODE, at);
	word->text = STR("inpatient");
	return test(c, EXPR_OR, test(c, EXPR_NE, of_hand(c, r, AGG_FIRST, class, at), word), known);
}

/* The months are over in which records of a stream might be missing. */
static struct expr *over(struct checker *c, enum stream s, enum bucket b, int64_t days,
			 struct span at)
{
	struct expr *e = check_new(c, EXPR_OVER, TYPE_FLAG, at);

	e->index = s;
	e->bucket = b;
	e->rat = rat_int(days);
	e->level = LEVEL_GROUP;
	return e;
}

static int64_t window_days(const struct window *w)
{
	return w->kind == WINDOW_DAYS ? w->n - 1 : w->kind == WINDOW_HOURS ? (w->n + 23) / 24 : 0;
}

static enum bucket period_of(struct expr *const *key, uint32_t n, const struct window *w)
{
	if (w->kind == WINDOW_BUCKET && w->bucket >= BUCKET_DAY)
		return w->bucket;
	for (uint32_t i = 0; i < n; i++)
		if (key[i]->op == EXPR_BUCKET && key[i]->bucket >= BUCKET_DAY)
			return key[i]->bucket;
	return BUCKET_NONE;
}

/* 就诊, 结算 or 单次就诊: the visit itself ends, whatever the calendar says. */
static bool keyed_by_visit(struct expr *const *key, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (key[i]->op == EXPR_FIELD &&
		    (str_eq(str_of(field_get(key[i]->field)->name), STR("mdtrt_id")) ||
		     str_eq(str_of(field_get(key[i]->field)->name), STR("setl_id"))))
			return true;
	return keyed_by(key, n, BUCKET_VISIT);
}

/* What must be known before records of a role may be said to be absent; NULL for nothing. */
static struct expr *known_absent(struct rule_check *k, unsigned role, struct span at)
{
	const struct rule *r = k->r;
	const struct related *x = role < ROLE_RELATED ? NULL : &r->related[role - ROLE_RELATED];
	struct expr *const *key = x != NULL ? x->key : r->key;
	uint32_t n = x != NULL ? x->n_key : r->n_key;
	const struct window *w = x != NULL ? &x->window : &r->window;
	enum stream s = x != NULL ? x->stream : r->stream[0];
	bool bucket = w->kind == WINDOW_BUCKET;
	struct expr *known;

	if (keyed_by(key, n, BUCKET_STAY) || (bucket && w->bucket == BUCKET_STAY))
		return ended(k->c, r, true, at);
	if (keyed_by_visit(key, n) || (bucket && w->bucket == BUCKET_VISIT))
		return ended(k->c, r, false, at);
	known = over(k->c, s, period_of(key, n, w), window_days(w), at);
	for (uint32_t i = 0; i < n; i++)
		if (key[i]->op == EXPR_FIELD &&
		    check_entity(key[i]->field) == SUBJECT_FACILITY) {
			known->field = key[i]->field;
			known->role = key[i]->role;
		}
	return known;
}

/* `e` with every comparison that absent records satisfy waiting for what tells. */
static struct expr *wait(struct rule_check *k, struct expr *e)
{
	unsigned roles;
	struct expr *known;

	if (e->op == EXPR_AND || e->op == EXPR_OR) {
		for (uint32_t i = 0; i < e->n_arg; i++)
			e->arg[i] = wait(k, e->arg[i]);
		return e;
	}
	roles = reads_absence(k->r, e, false);
	for (unsigned role = 0; role < RULE_ROLES; role++) {
		if ((roles & (1u << role)) == 0)
			continue;
		known = known_absent(k, role, e->at);
		if (known == NULL)
			continue;
		known->made = true;
		e = test(k->c, EXPR_AND, e, known);
	}
	return e;
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

	if (!r->person_local || r->when == NULL || r->when->type == TYPE_ERROR)
		return;
	end = end_field(r->stream[r->n_role > 1]);
	if (end != FIELD_NONE && r->where != NULL && r->where->type != TYPE_ERROR &&
	    asks_for_end(r->where, end))
		return;
	r->when = wait(k, r->when);
}
