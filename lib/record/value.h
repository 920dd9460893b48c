/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * value.h - the few types a field of a record may have, and how each lies in memory.
 *
 * Every column is one of three widths. A missing value is a bit pattern of its
 * own, so that no column needs a second array to say what is known.
 * Knows types, not fields, streams or rules.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum type {
	TYPE_NONE,
	TYPE_MONEY,    /* int64, 10^-6 yuan */
	TYPE_QTY,      /* int64, 10^-4 units */
	TYPE_COUNT,    /* int64 */
	TYPE_RATIO,    /* int64, 10^-6 in columns; exact rational in expressions */
	TYPE_TIME,     /* int64, seconds of the UTC+8 wall clock since 1970 */
	TYPE_DATE,     /* int32, days since 1970-01-01 */
	TYPE_DURATION, /* int64, seconds */
	TYPE_CODE,     /* uint32, dictionary code */
	TYPE_TEXT,     /* uint32, dictionary code */
	TYPE_FLAG,     /* uint8, enum truth */
	TYPE_ERROR,    /* an expression already reported: fits everything */
};

/* AND is min, OR is max, NOT is 2 - x: missing needs no branch. */
enum truth { TRUTH_FALSE = 0, TRUTH_UNKNOWN = 1, TRUTH_TRUE = 2 };

enum width { WIDTH_I64, WIDTH_I32, WIDTH_U32, WIDTH_U8 };

#define MISSING_I64 INT64_MIN
#define MISSING_I32 INT32_MIN
#define MISSING_CODE 0u

#define MONEY_SCALE 6
#define QTY_SCALE 4
#define RATIO_SCALE 6
#define SECS_PER_DAY 86400

/* Width of a column of this type. */
enum width type_width(enum type t);

/* Bytes of one value of this width. */
unsigned width_bytes(enum width w);

/* Decimal scale of a numeric type's stored integer (0 for counts). */
int type_scale(enum type t);

/* Chinese and English word for a type, for diagnostics and the manual. */
const char *type_name(enum type t, bool english);
