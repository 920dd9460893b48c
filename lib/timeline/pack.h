/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.h - 64-bit values kept in 32 bits, exactly.
 *
 * Fee lines are many and their numbers small: an amount is mostly a whole number of fen,
 * a time lies within a lifetime. A packed decimal is two bits of scale and thirty of
 * mantissa; a packed time is seconds since 1930. What does not fit goes into the spill
 * and the 32 bits hold its place there. Nothing is ever rounded.
 *
 *   decimal   ss mmmmmm...   value = mantissa x {1, 100, 10000}[ss]; ss = 3: spill
 *   time      0 missing, 1 .. 0xefffffff seconds, above: spill
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/record/value.h"

struct spill {
	int64_t *value;
	uint32_t n, cap;
};

#define PACK_DEC_MISSING UINT32_C(0x20000000) /* scale 0, the least mantissa */
#define PACK_DEC_SPILL UINT32_C(0xc0000000)
#define PACK_TIME_SPILL UINT32_C(0xf0000000)
#define PACK_TIME_BASE (-INT64_C(1262304000)) /* 1930-01-01 00:00:00 */

void spill_fini(struct spill *s);

/* `old` is what stood in the cell before (its spilled place is used again); start with missing. */
uint32_t pack_dec(struct spill *s, uint32_t old, int64_t v);
uint32_t pack_time(struct spill *s, uint32_t old, int64_t v);

/* The same of n cells that were missing. */
void pack_decs(struct spill *s, uint32_t *restrict to, const int64_t *restrict v, uint32_t n);
void pack_times(struct spill *s, uint32_t *restrict to, const int64_t *restrict v, uint32_t n);

static inline int64_t unpack_dec(const struct spill *s, uint32_t p)
{
	static const int64_t unit[3] = { 1, 100, 10000 };

	if (p >= PACK_DEC_SPILL)
		return s->value[p - PACK_DEC_SPILL];
	if (p == PACK_DEC_MISSING)
		return MISSING_I64;
	return (int64_t)((int32_t)(p << 2) >> 2) * unit[p >> 30];
}

static inline int64_t unpack_time(const struct spill *s, uint32_t p)
{
	if (p >= PACK_TIME_SPILL)
		return s->value[p - PACK_TIME_SPILL];
	return p ? PACK_TIME_BASE + (int64_t)p : MISSING_I64;
}
