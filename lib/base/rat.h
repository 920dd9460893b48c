/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rat.h - exact fractions, for ratios, averages and price limits.
 *
 * The denominator is positive. Fractions are reduced only when a result would
 * not fit otherwise; comparison never overflows. Nothing here rounds except
 * rat_round() and rat_fmt(), and both say how.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

struct rat {
	__int128 num;
	__int128 den; /* > 0 */
};

struct rat rat_int(int64_t v);
struct rat rat_scaled(int64_t v, int scale); /* v / 10^scale, scale 0..18 */

/* num / den in lowest terms; false when den is 0 or the sign cannot be moved up. */
bool rat_make(struct rat *out, __int128 num, __int128 den) MUST_CHECK;
struct rat rat_reduce(struct rat a);

/* False when the exact result (a sum: over the least common denominator) does not fit or the
 * divisor is 0; *out is then unchanged. */
bool rat_add(struct rat *out, struct rat a, struct rat b) MUST_CHECK;
bool rat_sub(struct rat *out, struct rat a, struct rat b) MUST_CHECK;
bool rat_mul(struct rat *out, struct rat a, struct rat b) MUST_CHECK;
bool rat_div(struct rat *out, struct rat a, struct rat b) MUST_CHECK;

/* -1, 0 or 1, exact for every pair. *ok (may be NULL) is false only for a denominator <= 0. */
int rat_cmp(struct rat a, struct rat b, bool *ok);
int rat_sign(struct rat a);

/* *out = a * 10^scale, halves away from zero; false when it does not fit or would be INT64_MIN. */
bool rat_round(struct rat a, int scale, int64_t *out) MUST_CHECK;

/* Decimal text with at most max_frac (0..18) digits, halves away from zero, trailing zeros cut. */
void rat_fmt(struct buf *b, struct rat a, int max_frac);
