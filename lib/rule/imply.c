/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imply.c - conditions as sets: of numbers, of codes, of beginnings of codes, each plain or
 * denied; and the few laws by which 且, 或 and 非 carry over.
 */
#include "lib/rule/imply.h"

#include "lib/rule/knowledge.h"

#define MOST_STEPS 20000u      /* of one question, brackets within brackets */
#define MOST_CELLS 200000u     /* of lists that are gone through */

bool expr_same(const struct expr *a, const struct expr *b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, 0);
	buf_init(&y, 0);
	expr_canon(a, &x);
	expr_canon(b, &y);
	same = str_eq(buf_str(&x), buf_str(&y));
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

/* ---- sets ---- */

static bool is_text(enum type t)
{
	return t == TYPE_CODE || t == TYPE_TEXT;
}

bool expr_bound(const struct expr *e, struct bound *b)
{
	static const enum expr_op turned[] = {
		[EXPR_EQ] = EXPR_EQ, [EXPR_NE] = EXPR_NE, [EXPR_LT] = EXPR_GT, [EXPR_LE] = EXPR_GE,
		[EXPR_GT] = EXPR_LT, [EXPR_GE] = EXPR_LE,
	};

	if (e->op < EXPR_EQ || e->op > EXPR_GE || is_text(e->arg[0]->type) ||
	    e->arg[0]->type == TYPE_FLAG)
		return false;
	if (e->arg[1]->op == EXPR_CONST) {
		*b = (struct bound){ e->arg[0], e->op, e->arg[1]->rat };
		return true;
	}
	*b = (struct bound){ e->arg[1], turned[e->op], e->arg[0]->rat };
	return e->arg[0]->op == EXPR_CONST;
}

enum kind { SET_RANGE, SET_TEXTS, SET_LIST };

struct set {
	const struct expr *what;
	enum kind kind;
	bool denied;               /* everything but these */
	bool low, high;            /* SET_RANGE: has ends */
	bool low_open, high_open;  /* the end itself is outside */
	struct rat from, to;
	const struct expr *texts;  /* SET_TEXTS: args 1.. */
	bool beginnings;           /* they are beginnings of codes */
	const struct knowledge *list;
};

static bool range_of(const struct expr *e, struct set *s)
{
	struct bound b;

	if (!expr_bound(e, &b))
		return false;
	*s = (struct set){ .what = b.what, .kind = SET_RANGE, .from = b.limit, .to = b.limit };
	s->denied = b.op == EXPR_NE;
	s->low = b.op != EXPR_LT && b.op != EXPR_LE;
	s->high = b.op != EXPR_GT && b.op != EXPR_GE;
	s->low_open = b.op == EXPR_GT;
	s->high_open = b.op == EXPR_LT;
	return true;
}

static bool texts_of(const struct expr *e, struct set *s)
{
	bool tests = e->op == EXPR_EQ || e->op == EXPR_NE || e->op == EXPR_IN ||
		     e->op == EXPR_BELONGS || e->op == EXPR_STARTS;

	if (!tests || !is_text(e->arg[0]->type))
		return false;
	for (uint32_t i = 1; i < e->n_arg; i++)
		if (e->arg[i]->op != EXPR_CONST)
			return false;
	*s = (struct set){ .what = e->arg[0], .kind = SET_TEXTS, .texts = e,
			   .denied = e->op == EXPR_NE,
			   .beginnings = e->op == EXPR_BELONGS || e->op == EXPR_STARTS };
	return true;
}

static bool list_of(const struct expr *e, struct set *s)
{
	if (e->op != EXPR_INLIST || e->n_arg != 1 || e->table->from != NULL ||
	    e->table->n_key != 1 || e->table->key[0].kind == KEY_REGEX ||
	    e->table->n_row > MOST_CELLS)
		return false;
	*s = (struct set){ .what = e->arg[0], .kind = SET_LIST, .list = e->table,
			   .beginnings = e->table->key[0].kind == KEY_PREFIX };
	return true;
}

static bool set_of(const struct expr *e, bool denied, struct set *s)
{
	if (!range_of(e, s) && !texts_of(e, s) && !list_of(e, s))
		return false;
	s->denied ^= denied;
	return true;
}

static uint32_t set_size(const struct set *s)
{
	return s->kind == SET_LIST ? s->list->n_row : s->texts->n_arg - 1;
}

static struct str member(const struct set *s, uint32_t i)
{
	return s->kind == SET_LIST ? s->list->key_cell[i] : s->texts->arg[i + 1]->text;
}

/* Whether a member of another set, exact or a beginning, lies wholly in s. */
static bool holds_text(const struct set *s, struct str x, bool beginning)
{
	if (beginning && !s->beginnings)
		return false;
	if (s->kind == SET_LIST)
		return knowledge_find(s->list, &x, MISSING_I32) != KNOWLEDGE_NONE;
	for (uint32_t i = 0; i < set_size(s); i++)
		if (s->beginnings ? str_starts(x, member(s, i)) : str_eq(x, member(s, i)))
			return true;
	return false;
}

/* ---- relations of plain sets about one thing ---- */

static int compare(struct rat a, struct rat b)
{
	return rat_cmp(a, b, NULL);
}

static bool range_within(const struct set *a, const struct set *b)
{
	if (b->low) {
		int c = a->low ? compare(a->from, b->from) : -1;

		if (c < 0 || (c == 0 && b->low_open && !a->low_open))
			return false;
	}
	if (b->high) {
		int c = a->high ? compare(a->to, b->to) : 1;

		if (c > 0 || (c == 0 && b->high_open && !a->high_open))
			return false;
	}
	return true;
}

static bool ends_before(const struct set *a, const struct set *b)
{
	int c = a->high && b->low ? compare(a->to, b->from) : 1;

	return c < 0 || (c == 0 && (a->high_open || b->low_open));
}

static bool within(const struct set *a, const struct set *b)
{
	if (a->kind == SET_RANGE || b->kind == SET_RANGE)
		return a->kind == b->kind && range_within(a, b);
	for (uint32_t i = 0; i < set_size(a); i++)
		if (!holds_text(b, member(a, i), a->beginnings))
			return false;
	return true;
}

/* Of a large set the other's members are asked for. */
static bool none_in(const struct set *a, const struct set *b)
{
	for (uint32_t i = 0; i < set_size(a); i++)
		if (holds_text(b, member(a, i), false))
			return false;
	return true;
}

static bool apart(const struct set *a, const struct set *b)
{
	if (a->kind == SET_RANGE || b->kind == SET_RANGE)
		return a->kind == b->kind && (ends_before(a, b) || ends_before(b, a));
	if (!a->beginnings)
		return none_in(a, b);
	return none_in(b, a) && (!b->beginnings || none_in(a, b));
}

/* Together they are everything. */
static bool cover(const struct set *a, const struct set *b)
{
	const struct set *low = a->low ? b : a, *high = a->low ? a : b;
	int c;

	if (a->kind != SET_RANGE || b->kind != SET_RANGE || low->low || !low->high || !high->low ||
	    high->high)
		return false;
	c = compare(high->from, low->to);
	return c < 0 || (c == 0 && !(low->high_open && high->low_open));
}

static bool set_implies(const struct set *a, const struct set *b)
{
	if (!expr_same(a->what, b->what))
		return false;
	if (!a->denied)
		return b->denied ? apart(a, b) : within(a, b);
	return b->denied ? within(b, a) : cover(a, b);
}

/* ---- trees ---- */

/* An expression or its denial. */
struct claim {
	const struct expr *e;
	bool denied;
};

static struct claim plain(const struct expr *e, bool denied)
{
	while (e->op == EXPR_NOT) {
		e = e->arg[0];
		denied = !denied;
	}
	return (struct claim){ e, denied };
}

static bool joins(struct claim c, enum expr_op op)
{
	return c.e->op == (c.denied ? (op == EXPR_AND ? EXPR_OR : EXPR_AND) : op);
}

static bool entails(struct claim a, struct claim b, unsigned *steps);

static bool every_arm(struct claim a, struct claim b, bool of_a, unsigned *steps)
{
	const struct claim *split = of_a ? &a : &b;
	bool all = true;

	for (uint32_t i = 0; i < split->e->n_arg && all; i++) {
		struct claim arm = plain(split->e->arg[i], split->denied);

		all = of_a ? entails(arm, b, steps) : entails(a, arm, steps);
	}
	return all;
}

static bool some_arm(struct claim a, struct claim b, bool of_a, unsigned *steps)
{
	const struct claim *split = of_a ? &a : &b;
	bool any = false;

	for (uint32_t i = 0; i < split->e->n_arg && !any; i++) {
		struct claim arm = plain(split->e->arg[i], split->denied);

		any = of_a ? entails(arm, b, steps) : entails(a, arm, steps);
	}
	return any;
}

/* What is tested is known wherever the test holds. */
static bool is_known_by(const struct set *s, struct claim b)
{
	return b.e->op == EXPR_NULL && b.denied && expr_same(s->what, b.e->arg[0]);
}

static bool entails(struct claim a, struct claim b, unsigned *steps)
{
	struct set x, y;

	if (++*steps > MOST_STEPS)
		return false;
	if (a.denied == b.denied && expr_same(a.e, b.e))
		return true;
	if (joins(a, EXPR_OR))
		return every_arm(a, b, true, steps);
	if (joins(b, EXPR_AND))
		return every_arm(a, b, false, steps);
	if ((joins(a, EXPR_AND) && some_arm(a, b, true, steps)) ||
	    (joins(b, EXPR_OR) && some_arm(a, b, false, steps)))
		return true;
	if (!set_of(a.e, a.denied, &x))
		return false;
	return is_known_by(&x, b) || (set_of(b.e, b.denied, &y) && set_implies(&x, &y));
}

static bool question(const struct expr *a, bool deny_a, const struct expr *b, bool deny_b)
{
	unsigned steps = 0;

	if (a->type == TYPE_ERROR || b->type == TYPE_ERROR)
		return false;
	return entails(plain(a, deny_a), plain(b, deny_b), &steps);
}

bool expr_implies(const struct expr *a, const struct expr *b)
{
	return question(a, false, b, false);
}

bool expr_excludes(const struct expr *a, const struct expr *b)
{
	return question(a, false, b, true) || question(b, false, a, true);
}

bool expr_exhausts(const struct expr *a, const struct expr *b)
{
	return question(a, true, b, false) || question(b, true, a, false);
}
