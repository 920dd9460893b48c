/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse.h - the text of one cell becomes one typed value.
 *
 * Blanks around the text do not count. Empty, NULL, null and \N are missing; so is the
 * date 0001-01-01, which one kind of exporter writes for none.
 * Knows types, not fields.
 */
#pragma once

#include "lib/base/str.h"
#include "lib/record/reject.h"
#include "lib/record/value.h"

#define PARSE_TEXT_MAX 65536u

/* Whether a text (already trimmed) stands for a missing value. */
static inline bool parse_is_missing(struct str s)
{
	if (s.n > 4)
		return false;
	if (s.n == 0)
		return true;
	if (s.n == 2)
		return s.p[0] == '\\' && s.p[1] == 'N';
	return s.n == 4 && (s.p[0] | 0x20) == 'n' && (s.p[1] | 0x20) == 'u' &&
	       (s.p[2] | 0x20) == 'l' && (s.p[3] | 0x20) == 'l';
}

/* A number of the type's scale; MISSING_I64 when missing. For all types of 64-bit width. */
enum reject_reason parse_i64(enum type t, struct str s, int64_t *out);

/* A date; MISSING_I32 when missing. */
enum reject_reason parse_date(struct str s, int32_t *out);
