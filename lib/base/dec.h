/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dec.h - exact decimals as scaled 64-bit integers (money at scale 6, quantity at 4).
 *
 * INT64_MIN is never produced: it stands for "missing" in columns.
 * Scales run from 0 to 18.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/str.h"

#define DEC_MAX_SCALE 18

/*
 * Reads [blanks][+-]digits[.digits][blanks] into *out = value * 10^scale. ".5" and "5." are
 * fine; more fraction digits than scale only when the rest is zeros; no exponent, no grouping.
 * False when malformed, empty or too large; *out is then unchanged.
 */
bool dec_parse(struct str s, int scale, int64_t *out) MUST_CHECK;

/* The same for each text. Returns n, or the first that is malformed. */
uint32_t dec_parse_many(const struct str *s, uint32_t n, int scale, int64_t *out) MUST_CHECK;

/* As many of the first texts as are usual, in the same way but together; fewer than there are says
 * nothing of the next. By wide instructions; NULL when this processor has none. For dec.c and its
 * tests. */
typedef uint32_t dec_usual_fn(const struct str *s, uint32_t n, int scale, int64_t *out);
dec_usual_fn *dec_usual_avx2(void);

/* Writes v / 10^scale with trailing fraction zeros cut, but at least min_frac digits kept. */
void dec_add(struct buf *b, int64_t v, int scale, int min_frac);

/* The value at another scale, halves away from zero. Widening past 64 bits gives INT64_MIN. */
int64_t dec_round(int64_t v, int from_scale, int to_scale);

int64_t dec_pow10(int n); /* 0 <= n <= 18 */
