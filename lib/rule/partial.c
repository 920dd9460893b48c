/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * partial.c - values of a cell that are kept one by one, as texts that sort and come back exactly.
 *
 *   time    20 digits, event time since far in the past, or nothing
 *   value   "?" missing, "=" and the text of a code, "#" and numerator/denominator
 */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/rule/eval.h"

enum { TIME_DIGITS = 20 };

void partial_time(struct buf *out, int64_t time)
{
	buf_addf(out, "%0*" PRIu64, TIME_DIGITS, (uint64_t)time ^ (UINT64_C(1) << 63));
}

bool partial_text(struct buf *out, const struct value *v)
{
	struct rat r = rat_reduce(v->rat);

	if (!v->known) {
		buf_addc(out, '?');
		return true;
	}
	if (type_is_text(v->type)) {
		buf_addc(out, '=');
		buf_addstr(out, v->text);
		return true;
	}
	if (r.num < INT64_MIN || r.num > INT64_MAX || r.den > INT64_MAX)
		return false;
	buf_addf(out, "#%" PRId64 "/%" PRId64, (int64_t)r.num, (int64_t)r.den);
	return true;
}

bool partial_timed(enum agg agg)
{
	return agg == AGG_FIRST || agg == AGG_LAST || agg == AGG_COMPANY || agg == AGG_BAND;
}

int64_t partial_time_of(struct str text)
{
	uint64_t t = 0;

	for (uint32_t i = 0; i < TIME_DIGITS && i < text.n; i++)
		t = t * 10 + (uint64_t)(text.p[i] - '0');
	return (int64_t)(t ^ UINT64_C(1) << 63);
}

struct value partial_value(struct str text, enum type t, bool timed)
{
	struct value v = value_missing(t);
	char *end;

	text = str_sub(text, timed ? TIME_DIGITS : 0, text.n);
	if (text.n == 0 || text.p[0] == '?')
		return v;
	if (text.p[0] == '=')
		return value_str(t, str_sub(text, 1, text.n));
	v.known = true;
	v.rat.num = strtoll(text.p + 1, &end, 10);
	v.rat.den = strtoll(end + 1, NULL, 10);
	return v;
}
