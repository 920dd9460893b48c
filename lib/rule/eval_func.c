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
	__int128 q;

	if (r.num == (int64_t)r.num && r.den == (int64_t)r.den) /* nearly always, and far quicker */
		q = (int64_t)r.num / (int64_t)r.den - ((int64_t)r.num % (int64_t)r.den < 0);
	else
		q = r.num / r.den - (r.num % r.den < 0);
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

/* ---- how alike two names are ---- */

enum { NAME_CHARS = 96, FULL_WIDTH = 0xFEE0 };

/* Letters, digits and ideographs of a name, full width as half; what is longer is cut. */
static uint32_t name_chars(struct str s, uint32_t *out)
{
	uint32_t n = 0;

	for (uint32_t at = 0; at < s.n && n < NAME_CHARS;) {
		uint32_t cp;

		at += utf8_next(s.p + at, s.n - at, &cp);
		if (cp >= 0xFF01 && cp <= 0xFF5E)
			cp -= FULL_WIDTH;
		if (cp >= 'A' && cp <= 'Z')
			cp += 'a' - 'A';
		if ((cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') ||
		    (cp > 0x7F && (cp < 0x2000 || cp > 0x303F) && cp < 0xFF00))
			out[n++] = cp;
	}
	return n;
}

/* Pairs of neighbours in both, each pair of b used once. */
static uint32_t shared_pairs(const uint32_t *a, uint32_t na, const uint32_t *b, uint32_t nb)
{
	bool used[NAME_CHARS] = { false };
	uint32_t shared = 0;

	for (uint32_t i = 0; i + 1 < na; i++) {
		uint32_t j = 0;

		while (j + 1 < nb && (used[j] || a[i] != b[j] || a[i + 1] != b[j + 1]))
			j++;
		if (j + 1 < nb) {
			used[j] = true;
			shared++;
		}
	}
	return shared;
}

static struct value func_SIMILARITY(struct frame *f, const struct node *n)
{
	struct value x = node_value(f, n->arg[0]), y = node_value(f, n->arg[1]);
	uint32_t a[NAME_CHARS], b[NAME_CHARS], na, nb;
	struct rat r = { 0, 1 };

	if (!x.known || !y.known)
		return value_missing(n->type);
	na = name_chars(x.text, a);
	nb = name_chars(y.text, b);
	if (na < 2 || nb < 2)
		return value_missing(n->type);
	if (!rat_div(&r, rat_int(2 * (int64_t)shared_pairs(a, na, b, nb)),
		     rat_int((int64_t)na + nb - 2)))
		return value_missing(n->type);
	return value_rat(n->type, r);
}

static func_fn *const funcs[] = {
#define FUNC(id, zh, en, signature, help_zh, help_en, example) [FUNC_##id] = func_##id,
#include "lib/rule/func.def"
#undef FUNC
};

/* Of one record, from the vector all records share; false when that cannot tell. */
static bool from_vector(struct frame *f, const struct node *n, struct value *out)
{
	unsigned role = n->roles == 2;
	uint32_t row = f->at[role];
	int64_t v;

	if (f->code_field != FIELD_NONE || n->roles > 2 || f->stream[role] != n->stream ||
	    row >= f->e->b->rows[n->stream].n)
		return false;
	v = slot_number(f->e, n)[row];
	if (v == MISSING_I64 && f->e->slot[n->id].open)
		return false;
	*out = v == MISSING_I64 ? value_missing(n->type)
				: value_rat(n->type, rat_scaled(v, n->scale));
	return true;
}

struct value func_value(struct frame *f, const struct node *n)
{
	struct value v;

	if (n->way >= WAY_COLUMN && !n->dated && from_vector(f, n, &v))
		return v;
	return funcs[n->func](f, n);
}
