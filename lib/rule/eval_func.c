/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_func.c - the functions of func.def, one C function a row.
 */
#include "lib/base/civil.h"
#include "lib/base/utf8.h"
#include "lib/rule/frame.h"

typedef struct value func_fn(struct frame *f, const struct node *n);

/* Whole part of a known number, towards minus infinity; false when it does not fit. */
static bool whole(struct rat r, int64_t *out)
{
	__int128 q = r.num / r.den - (r.num % r.den < 0);

	if (q <= INT64_MIN || q > INT64_MAX)
		return false;
	*out = (int64_t)q;
	return true;
}

/* The first argument as a whole number of `unit`. */
static struct value in_units(struct frame *f, const struct node *n, int64_t unit)
{
	struct value a = node_value(f, n->arg[0]);
	int64_t v;

	if (!a.known || !rat_div(&a.rat, a.rat, rat_int(unit)) || !whole(a.rat, &v))
		return value_missing(n->type);
	return value_int(n->type, v);
}

static struct value func_COALESCE(struct frame *f, const struct node *n)
{
	struct value v = value_missing(n->type);

	for (uint32_t i = 0; i < n->n_arg && !v.known; i++)
		v = node_value(f, n->arg[i]);
	return v;
}

static struct value extreme(struct frame *f, const struct node *n, int sign)
{
	struct value best = node_value(f, n->arg[0]);

	for (uint32_t i = 1; i < n->n_arg && best.known; i++) {
		struct value v = node_value(f, n->arg[i]);

		if (!v.known || value_cmp(&v, &best) * sign > 0)
			best = v;
	}
	best.type = n->type;
	return best;
}

static struct value func_GREATEST(struct frame *f, const struct node *n)
{
	return extreme(f, n, 1);
}

static struct value func_LEAST(struct frame *f, const struct node *n)
{
	return extreme(f, n, -1);
}

static struct value func_ABS(struct frame *f, const struct node *n)
{
	struct value a = node_value(f, n->arg[0]);

	if (a.known && rat_sign(a.rat) < 0 && !rat_sub(&a.rat, rat_int(0), a.rat))
		return value_missing(n->type);
	return a;
}

static struct value func_FLOOR(struct frame *f, const struct node *n)
{
	return in_units(f, n, 1);
}

static struct value func_DATE(struct frame *f, const struct node *n)
{
	return in_units(f, n, CIVIL_DAY);
}

static struct value func_HOUR(struct frame *f, const struct node *n)
{
	struct value v = in_units(f, n, 3600);

	if (v.known)
		v.rat.num = ((v.rat.num % 24) + 24) % 24;
	return v;
}

static struct value func_WEEKDAY(struct frame *f, const struct node *n)
{
	struct value v = in_units(f, n, 1);

	return v.known ? value_int(n->type, civil_weekday((int32_t)v.rat.num)) : v;
}

static struct value func_DAYS(struct frame *f, const struct node *n)
{
	return in_units(f, n, CIVIL_DAY);
}

static struct value func_HOURS(struct frame *f, const struct node *n)
{
	return in_units(f, n, 3600);
}

static struct value func_AGE(struct frame *f, const struct node *n)
{
	struct value born = node_value(f, n->arg[0]), on = node_value(f, n->arg[1]);
	int64_t b, o;

	if (!born.known || !on.known || !whole(born.rat, &b) || !whole(on.rat, &o))
		return value_missing(n->type);
	return value_int(n->type, civil_age((int32_t)b, (int32_t)o));
}

static struct value func_LEFT(struct frame *f, const struct node *n)
{
	struct value a = node_value(f, n->arg[0]), k = node_value(f, n->arg[1]);
	int64_t left;
	uint32_t at = 0;

	if (!a.known || !k.known || !whole(k.rat, &left))
		return value_missing(n->type);
	for (; left > 0 && at < a.text.n; left--) {
		uint32_t cp;

		at += utf8_next(a.text.p + at, a.text.n - at, &cp);
	}
	a.text.n = at;
	return a;
}

static struct value func_LENGTH(struct frame *f, const struct node *n)
{
	struct value a = node_value(f, n->arg[0]);

	return a.known ? value_int(n->type, utf8_columns(a.text)) : value_missing(n->type);
}

static func_fn *const funcs[] = {
#define FUNC(id, zh, en, signature, help_zh, help_en, example) [FUNC_##id] = func_##id,
#include "lib/rule/func.def"
#undef FUNC
};

struct value func_value(struct frame *f, const struct node *n)
{
	return funcs[n->func](f, n);
}
