/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_type.c - types of numbers: units, what arithmetic gives, what may be compared.
 *
 * One table says what × and ÷ give. A constant number without unit is "plain": it takes
 * the type of whatever it meets, except that money and durations want their unit written.
 */
#include "lib/rule/check.h"

#include "lib/base/civil.h"
#include "lib/base/utf8.h"
#include "lib/rule/marks.h"

#define PLAIN 1u /* .index of a constant */

bool check_is_text(enum type t)
{
	return t == TYPE_CODE || t == TYPE_TEXT || t == TYPE_ERROR;
}

bool check_is_number(enum type t)
{
	return t == TYPE_MONEY || t == TYPE_QTY || t == TYPE_COUNT || t == TYPE_RATIO ||
	       t == TYPE_DURATION || t == TYPE_ERROR;
}

bool check_is_ordered(enum type t)
{
	return check_is_number(t) || t == TYPE_TIME || t == TYPE_DATE;
}

bool check_plain(const struct expr *e)
{
	return e->op == EXPR_CONST && e->index == PLAIN;
}

struct expr *check_const(struct checker *c, struct rat r, enum type t, struct span at)
{
	struct expr *e = check_new(c, EXPR_CONST, t, at);

	e->rat = rat_reduce(r);
	return e;
}

/* ---- units ---- */

static const struct {
	const char *word;
	enum type type;
	int64_t times;         /* units of 1 in one of these */
	enum bucket bucket;
} units[] = {
	{ "元", TYPE_MONEY, 1, BUCKET_NONE }, { "yuan", TYPE_MONEY, 1, BUCKET_NONE },
	{ "万元", TYPE_MONEY, 10000, BUCKET_NONE }, { "wan", TYPE_MONEY, 10000, BUCKET_NONE },
	{ "天", TYPE_DURATION, 86400, BUCKET_DAY }, { "日", TYPE_DURATION, 86400, BUCKET_DAY },
	{ "day", TYPE_DURATION, 86400, BUCKET_DAY }, { "days", TYPE_DURATION, 86400, BUCKET_DAY },
	{ "周", TYPE_DURATION, 604800, BUCKET_DAY }, { "week", TYPE_DURATION, 604800, BUCKET_DAY },
	{ "weeks", TYPE_DURATION, 604800, BUCKET_DAY },
	{ "小时", TYPE_DURATION, 3600, BUCKET_HOUR }, { "hour", TYPE_DURATION, 3600, BUCKET_HOUR },
	{ "hours", TYPE_DURATION, 3600, BUCKET_HOUR },
	{ "分钟", TYPE_DURATION, 60, BUCKET_HOUR }, { "minute", TYPE_DURATION, 60, BUCKET_HOUR },
	{ "minutes", TYPE_DURATION, 60, BUCKET_HOUR },
};

/* One spelling of each unit in both languages; English has one for 1. */
static const char *const unit_words[][3] = {
	{ "元", "yuan", "yuan" },	 { "万元", "wan", "wan" },
	{ "天", "days", "day" },	 { "日", "days", "day" },
	{ "周", "weeks", "week" },	 { "小时", "hours", "hour" },
	{ "分钟", "minutes", "minute" }, { "次", "times", "times" },
	{ "笔", "lines", "lines" },	 { "条", "records", "records" },
	{ "个", "pieces", "pieces" },	 { "岁", "years", "years" },
	{ "人", "persons", "persons" },	 { "家", "facilities", "facilities" },
};

void check_unit_span(const char *text, struct span *at)
{
	while (at->start < at->end) {
		uint32_t cp, n = utf8_next(text + at->start, at->end - at->start, &cp);

		if (cp > ' ' && cp != 0x3000 && cp != 0xA0 && !(cp >= '0' && cp <= '9') &&
		    cp != '.' && !(cp >= 0xFF0E && cp <= 0xFF19))
			return;
		at->start += n;
	}
}

static void mark_unit(struct scope *s, const struct syn *n)
{
	struct span at = n->at;

	if (s->c->d->marks == NULL)
		return;
	check_unit_span(s->c->d->file[at.file].text.p, &at);
	for (size_t i = 0; i < sizeof unit_words / sizeof *unit_words; i++)
		for (size_t j = 0; j < 3; j++) {
			const char *const *w = unit_words[i];

			if (!str_eq(n->unit, str_of(w[j])))
				continue;
			mark_term(s->c->d, at, w[0], n->value.num == n->value.den ? w[2] : w[1]);
			return;
		}
}

/* A number as written: with a unit its own type, without one plain. */
struct expr *check_number(struct scope *s, const struct syn *n)
{
	struct expr *e;

	if (!n->number_ok) {
		diag_add(s->c->d, n->at, DIAG_BAD_NUMBER, check_cstr(s->c, n->text));
		return check_error(s->c, n->at);
	}
	e = check_const(s->c, n->value, n->value.den == 1 ? TYPE_COUNT : TYPE_RATIO, n->at);
	if (e->rat.den != 1)
		e->type = TYPE_RATIO;
	if (n->unit.n == 0) {
		e->index = PLAIN;
		return e;
	}
	mark_unit(s, n);
	if (str_eq(n->unit, STR("%"))) {
		e->type = TYPE_RATIO;
		if (!rat_div(&e->rat, e->rat, rat_int(100)))
			diag_add(s->c->d, n->at, DIAG_OVERFLOW);
		return e;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (!str_eq(n->unit, str_of(units[i].word)))
			continue;
		e->type = units[i].type;
		e->bucket = units[i].bucket;
		if (!rat_mul(&e->rat, e->rat, rat_int(units[i].times)))
			diag_add(s->c->d, n->at, DIAG_OVERFLOW);
	}
	return e; /* 次, 笔, 岁 and the like: a count */
}

/* Tells which unit is missing, with the number as it should be written. */
static bool needs_unit(struct scope *s, const struct expr *e, enum type t)
{
	struct diag_list *d = s->c->d;
	struct str text =
		str_make(d->file[e->at.file].text.p + e->at.start, e->at.end - e->at.start);
	const char *unit = t == TYPE_MONEY ? check_words(s->c, "元", "yuan")
					   : check_words(s->c, "天", "days");
	struct diag *x = diag_add(d, e->at, DIAG_NEEDS_UNIT, type_name(t, d->english),
				  check_cstr(s->c, text));
	struct str fixed;

	fixed = str_of(arena_printf(&d->arena, STR_FMT " %s", STR_ARG(text), unit));
	if (e->at.end > e->at.start && text.p[0] >= '0' && text.p[0] <= '9')
		x->fixed = diag_repair(d, e->at, fixed);
	return false;
}

bool check_adapt(struct scope *s, struct expr **e, enum type t)
{
	struct expr *copy;

	if (!check_plain(*e) || t == TYPE_ERROR || !check_is_number(t))
		return true;
	if ((t == TYPE_MONEY || t == TYPE_DURATION) && (*e)->rat.num != 0)
		return needs_unit(s, *e, t);
	copy = arena_dup(s->c->a, *e, sizeof **e);
	copy->type = t;
	copy->index = 0;
	if (t == TYPE_DURATION)
		copy->bucket = BUCKET_DAY;
	*e = copy;
	return true;
}

/* ---- what may be compared ---- */

/* A constant date met by a time is its midnight. */
static void dates_to_times(struct scope *s, struct expr **a, const struct expr *b)
{
	struct expr *copy;

	if ((*a)->type != TYPE_DATE || b->type != TYPE_TIME || (*a)->op != EXPR_CONST)
		return;
	copy = arena_dup(s->c->a, *a, sizeof **a);
	copy->type = TYPE_TIME;
	copy->rat = rat_int((int64_t)copy->rat.num * CIVIL_DAY);
	*a = copy;
}

static bool comparable(enum type a, enum type b)
{
	if (a == b || a == TYPE_ERROR || b == TYPE_ERROR)
		return true;
	if (check_is_text(a) && check_is_text(b))
		return true;
	return (a == TYPE_COUNT && b == TYPE_QTY) || (a == TYPE_QTY && b == TYPE_COUNT);
}

bool check_unify(struct scope *s, struct expr **a, struct expr **b, struct span at)
{
	struct diag_list *d = s->c->d;

	if ((*a)->type == TYPE_ERROR || (*b)->type == TYPE_ERROR)
		return false;
	if (check_plain(*a) && !check_plain(*b) && !check_adapt(s, a, (*b)->type))
		return false;
	if (check_plain(*b) && !check_plain(*a) && !check_adapt(s, b, (*a)->type))
		return false;
	if (check_plain(*a) && check_plain(*b))
		return true;
	dates_to_times(s, a, *b);
	dates_to_times(s, b, *a);
	if (comparable((*a)->type, (*b)->type))
		return true;
	diag_add(d, at, DIAG_COMPARE_TYPES, type_name((*a)->type, d->english),
		 type_name((*b)->type, d->english));
	return false;
}

/* ---- arithmetic ---- */

/* What × and ÷ give; × is tried both ways round. */
static const struct {
	enum expr_op op;
	enum type left, right, gives;
} products[] = {
#define PRODUCT(op, left, right, gives) \
	{ EXPR_##op, TYPE_##left, TYPE_##right, TYPE_##gives },
#include "lib/rule/product.def"
#undef PRODUCT
};

static enum type product(enum expr_op op, enum type a, enum type b)
{
	for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
		if (products[i].op != op)
			continue;
		if (products[i].left == a && products[i].right == b)
			return products[i].gives;
		if (op == EXPR_MUL && products[i].left == b && products[i].right == a)
			return products[i].gives;
	}
	return TYPE_NONE;
}

/* A date moves by whole days only. */
static bool whole_days(const struct expr *e)
{
	return e->op == EXPR_CONST && e->rat.den == 1 && e->rat.num % CIVIL_DAY == 0;
}

static enum type sum(enum expr_op op, const struct expr *a, const struct expr *b)
{
	if (a->type == b->type && check_is_number(a->type))
		return a->type;
	if ((a->type == TYPE_COUNT && b->type == TYPE_QTY) ||
	    (a->type == TYPE_QTY && b->type == TYPE_COUNT))
		return TYPE_QTY;
	if (op == EXPR_SUB && a->type == b->type && (a->type == TYPE_TIME || a->type == TYPE_DATE))
		return TYPE_DURATION;
	if (a->type == TYPE_TIME && b->type == TYPE_DURATION)
		return TYPE_TIME;
	if (a->type == TYPE_DATE && b->type == TYPE_DURATION && whole_days(b))
		return TYPE_DATE;
	return TYPE_NONE;
}

static bool compute(enum expr_op op, struct rat *out, struct rat a, struct rat b)
{
	switch (op) {
	case EXPR_ADD: return rat_add(out, a, b);
	case EXPR_SUB: return rat_sub(out, a, b);
	case EXPR_MUL: return rat_mul(out, a, b);
	default: return rat_div(out, a, b);
	}
}

/* Two constants become one. Dates are left alone: their units differ. */
static struct expr *fold(struct scope *s, struct expr *e)
{
	const struct expr *a = e->arg[0], *b = e->arg[1];
	bool plain = check_plain(a) && check_plain(b);
	struct expr *c;

	if (a->op != EXPR_CONST || b->op != EXPR_CONST || a->type == TYPE_DATE ||
	    b->type == TYPE_DATE)
		return e;
	c = check_const(s->c, rat_int(0), e->type, e->at);
	if (!compute(e->op, &c->rat, a->rat, b->rat)) {
		diag_add(s->c->d, e->at, DIAG_OVERFLOW);
		return check_error(s->c, e->at);
	}
	c->rat = rat_reduce(c->rat);
	c->index = plain ? PLAIN : 0;
	if (plain)
		c->type = c->rat.den == 1 ? TYPE_COUNT : TYPE_RATIO;
	if (c->type == TYPE_DURATION)
		c->bucket = (a->type != TYPE_DURATION || a->bucket == BUCKET_DAY) &&
					    (b->type != TYPE_DURATION || b->bucket == BUCKET_DAY) &&
					    c->rat.den == 1 && c->rat.num % CIVIL_DAY == 0
				    ? BUCKET_DAY
				    : BUCKET_HOUR;
	return c;
}

/* A plain number only scales: what it meets keeps its type. */
static enum type scaled(enum expr_op op, const struct expr *a, const struct expr *b)
{
	const struct expr *other = check_plain(b) ? a : op == EXPR_MUL && check_plain(a) ? b : NULL;
	const struct expr *by = other == a ? b : a;

	if (other == NULL || check_plain(other) || !check_is_number(other->type))
		return product(op, a->type, b->type);
	if (other->type == TYPE_COUNT && (op == EXPR_DIV || by->type == TYPE_RATIO))
		return TYPE_QTY;
	return other->type;
}

static const char *sign(enum expr_op op)
{
	return op == EXPR_ADD ? "+" : op == EXPR_SUB ? "−" : op == EXPR_MUL ? "×" : "÷";
}

struct expr *check_arith(struct scope *s, const struct syn *n, struct expr *a, struct expr *b)
{
	struct diag_list *d = s->c->d;
	bool sums = n->op == EXPR_ADD || n->op == EXPR_SUB;
	struct expr *e;
	enum type t;

	if (a->type == TYPE_ERROR || b->type == TYPE_ERROR)
		return check_error(s->c, n->at);
	if (sums && check_plain(a) != check_plain(b) &&
	    !(check_plain(a) ? check_adapt(s, &a, b->type) : check_adapt(s, &b, a->type)))
		return check_error(s->c, n->at);
	if (n->op == EXPR_DIV && b->op == EXPR_CONST && b->rat.num == 0) {
		diag_add(d, b->at, DIAG_DIVIDE_ZERO);
		return check_error(s->c, n->at);
	}
	t = sums ? sum(n->op, a, b) : scaled(n->op, a, b);
	if (t == TYPE_NONE && check_plain(a) && check_plain(b))
		t = TYPE_RATIO;
	if (t == TYPE_NONE) {
		diag_add(d, n->at, DIAG_ARITH_TYPES, type_name(a->type, d->english), sign(n->op),
			 type_name(b->type, d->english));
		return check_error(s->c, n->at);
	}
	e = check_new(s->c, n->op, t, n->at);
	check_args(s->c, e, (struct expr *[]){ a, b }, 2);
	return fold(s, e);
}
