/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.c - choose the widest unit that divides the value; spill what does not fit.
 */
#include "lib/timeline/pack.h"

#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/simd.h"

void spill_fini(struct spill *s)
{
	xfree(s->value);
	memset(s, 0, sizeof *s);
}

/* Place of v in the spill: the old place when there was one. */
static uint32_t spill_put(struct spill *s, uint32_t old, uint32_t base, int64_t v)
{
	if (old >= base) {
		s->value[old - base] = v;
		return old;
	}
	GROW(s->value, s->cap, s->n + 1);
	assert(s->n < UINT32_MAX - PACK_TIME_SPILL);
	s->value[s->n] = v;
	return base + s->n++;
}

uint32_t pack_dec(struct spill *s, uint32_t old, int64_t v)
{
	static const int64_t unit[3] = { 1, 100, 10000 };
	const int64_t limit = (INT64_C(1) << 29) - 1;

	if (v == MISSING_I64)
		return PACK_DEC_MISSING;
	for (uint32_t scale = 3; scale-- > 0;) {
		int64_t m = v / unit[scale];

		if (m * unit[scale] == v && m >= -limit && m <= limit)
			return scale << 30 | ((uint32_t)m & UINT32_C(0x3fffffff));
	}
	return spill_put(s, old, PACK_DEC_SPILL, v);
}

uint32_t pack_time(struct spill *s, uint32_t old, int64_t v)
{
	if (v == MISSING_I64)
		return 0;
	if (v > PACK_TIME_BASE && v - PACK_TIME_BASE < (int64_t)PACK_TIME_SPILL)
		return (uint32_t)(v - PACK_TIME_BASE);
	return spill_put(s, old, PACK_TIME_SPILL, v);
}

/* ---- many ---- */

/* Whole units of ten thousand from 0 up to 2^36, as nearly all are; false when some are not. In
 * sixteenths they are 32 bits. */
KERNEL static bool plain_decs(uint32_t *restrict to, const int64_t *restrict v, uint32_t n)
{
	uint32_t odd = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t part = (uint32_t)((uint64_t)v[i] >> 4), m = part / 625;

		odd |= (uint32_t)((uint64_t)v[i] >> 36) | ((uint32_t)v[i] & 15) | (part - m * 625);
		to[i] = UINT32_C(2) << 30 | m;
	}
	return !odd;
}

/* Times that are neither missing nor spilled; false when some are. */
KERNEL static bool plain_times(uint32_t *restrict to, const int64_t *restrict v, uint32_t n)
{
	uint32_t odd = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t since = (uint64_t)v[i] - (uint64_t)PACK_TIME_BASE;
		uint32_t low = (uint32_t)since;

		odd |= (uint32_t)(since >> 32) | (low - 1 >= PACK_TIME_SPILL - 1);
		to[i] = low;
	}
	return !odd;
}

void pack_decs(struct spill *s, uint32_t *restrict to, const int64_t *restrict v, uint32_t n)
{
	if (plain_decs(to, v, n))
		return;
	for (uint32_t i = 0; i < n; i++)
		to[i] = pack_dec(s, PACK_DEC_MISSING, v[i]);
}

void pack_times(struct spill *s, uint32_t *restrict to, const int64_t *restrict v, uint32_t n)
{
	if (plain_times(to, v, n))
		return;
	for (uint32_t i = 0; i < n; i++)
		to[i] = pack_time(s, 0, v[i]);
}
