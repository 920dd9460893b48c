/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse.c - numbers and dates out of cells, on top of the base's exact readers.
 */
#include "lib/record/parse.h"

#include <assert.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"

static bool is_no_date(struct str s)
{
	return str_starts(s, STR("0001-01-01"));
}

enum reject_reason parse_i64(enum type t, struct str s, int64_t *out)
{
	assert(type_width(t) == WIDTH_I64);
	s = str_trim(s);
	*out = MISSING_I64;
	if (parse_is_missing(s))
		return REJECT_NONE;
	if (t != TYPE_TIME)
		return dec_parse(s, type_scale(t), out) ? REJECT_NONE : REJECT_BAD_NUMBER;
	if (civil_parse_time(s, out) || is_no_date(s))
		return REJECT_NONE;
	return REJECT_BAD_TIME;
}

enum reject_reason parse_date(struct str s, int32_t *out)
{
	s = str_trim(s);
	*out = MISSING_I32;
	if (parse_is_missing(s) || civil_parse_date(s, out) || is_no_date(s))
		return REJECT_NONE;
	return REJECT_BAD_DATE;
}
