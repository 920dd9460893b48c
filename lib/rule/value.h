/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * value.h - one value of the rule language while it is being computed: exact, or missing.
 *
 * Numbers are fractions in units of 1 (yuan, pieces, seconds, days); codes and texts are
 * borrowed bytes; a flag is the number 1 or 0, and unknown when missing. Helpers try plain
 * 128-bit steps first, since nearly all numbers of one sum share a denominator.
 * Knows types and fractions; no fields, rows or rules.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/rat.h"
#include "lib/record/value.h"

struct value {
	enum type type;
	bool known;
	struct rat rat;        /* numbers, times, dates, flags */
	struct str text;       /* codes and texts */
};

static inline struct value value_missing(enum type t)
{
	return (struct value){ .type = t, .rat = { 0, 1 } };
}

static inline struct value value_rat(enum type t, struct rat r)
{
	return (struct value){ .type = t, .known = true, .rat = r };
}

static inline struct value value_int(enum type t, int64_t v)
{
	return (struct value){ .type = t, .known = true, .rat = { v, 1 } };
}

static inline struct value value_str(enum type t, struct str s)
{
	return (struct value){ .type = t, .known = true, .rat = { 0, 1 }, .text = s };
}

static inline struct value value_truth(enum truth t)
{
	return (struct value){ .type = TYPE_FLAG, .known = t != TRUTH_UNKNOWN,
			       .rat = { t == TRUTH_TRUE, 1 } };
}

static inline enum truth value_as_truth(const struct value *v)
{
	return !v->known ? TRUTH_UNKNOWN : v->rat.num ? TRUTH_TRUE : TRUTH_FALSE;
}

static inline bool type_is_text(enum type t)
{
	return t == TYPE_CODE || t == TYPE_TEXT;
}

/* As rat_cmp, without the cross product when denominators agree. */
static inline int num_cmp(struct rat a, struct rat b)
{
	if (a.den == b.den)
		return (a.num > b.num) - (a.num < b.num);
	return rat_cmp(a, b, NULL);
}

/* As rat_add with the common case in line. */
static inline bool num_add(struct rat *out, struct rat a, struct rat b)
{
	if (a.den == b.den && !__builtin_add_overflow(a.num, b.num, &out->num)) {
		out->den = a.den;
		return true;
	}
	return rat_add(out, a, b);
}

/* Order of two known values of like type: numbers by size, texts by bytes. */
int value_cmp(const struct value *a, const struct value *b);

/* As value_cmp, missing before known, for sorting keys. */
int value_order(const struct value *a, const struct value *b);

/* Sorts numbers in place. */
void value_sort(struct value *v, uint32_t n);

/* Text for keys and sentences: decimal numbers, dates and times as dates and times; nothing when
 * missing. */
void value_add(struct buf *out, const struct value *v);
