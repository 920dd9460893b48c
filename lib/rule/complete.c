/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complete.c - a sorted list: closes are few, and asked by binary search for each of the at
 * most four prefixes of a region.
 */
#include "lib/rule/complete.h"

#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/mem.h"

#define REGION_MAX 8u

struct closed {
	int32_t month;
	enum stream stream;
	uint32_t n;
	char region[REGION_MAX];
};

struct complete {
	struct closed *v;
	uint32_t n, cap;
	uint64_t version;
};

struct complete *complete_new(void)
{
	return xcalloc(1, sizeof(struct complete));
}

void complete_free(struct complete *c)
{
	if (c)
		xfree(c->v);
	xfree(c);
}

uint32_t complete_count(const struct complete *c)
{
	return c->n;
}

uint64_t complete_version(const struct complete *c)
{
	return c->version;
}

/* ---- regions ---- */

struct str complete_region(struct str region)
{
	if (str_eq(region, STR("*")))
		region.n = 0;
	if (region.n > REGION_MAX)
		region.n = REGION_MAX;
	while (region.n >= 2 && region.p[region.n - 1] == '0' && region.p[region.n - 2] == '0')
		region.n -= 2;
	return region;
}

struct str complete_region_of(struct str code)
{
	const struct str none = { "", 0 };

	if (code.n < 7 || (code.p[0] >= '0' && code.p[0] <= '9'))
		return none;
	for (uint32_t i = 1; i < 7; i++)
		if (code.p[i] < '0' || code.p[i] > '9')
			return none;
	return complete_region(str_sub(code, 1, 6));
}

/* ---- the list ---- */

static struct closed make(struct str region, enum stream s, int32_t month)
{
	struct closed x = { .month = month, .stream = s, .n = region.n };

	if (region.n)
		memcpy(x.region, region.p, region.n);
	return x;
}

static int order(const struct closed *a, const struct closed *b)
{
	if (a->month != b->month)
		return a->month < b->month ? -1 : 1;
	if (a->stream != b->stream)
		return a->stream < b->stream ? -1 : 1;
	return str_cmp(str_make(a->region, a->n), str_make(b->region, b->n));
}

/* Place of x, or where it belongs. */
static uint32_t place(const struct complete *c, const struct closed *x, bool *there)
{
	uint32_t lo = 0, hi = c->n;

	*there = false;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int cmp = order(&c->v[mid], x);

		if (cmp == 0) {
			*there = true;
			return mid;
		}
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void complete_close(struct complete *c, struct str region, enum stream s, int32_t month)
{
	struct closed x = make(complete_region(region), s, month);
	bool there;
	uint32_t at = place(c, &x, &there);

	if (there)
		return;
	GROW(c->v, c->cap, c->n + 1);
	memmove(c->v + at + 1, c->v + at, (c->n - at) * sizeof *c->v);
	c->v[at] = x;
	c->n++;
	c->version++;
}

void complete_open(struct complete *c, struct str region, enum stream s, int32_t month)
{
	struct closed x = make(complete_region(region), s, month);
	bool there;
	uint32_t at = place(c, &x, &there);

	if (!there)
		return;
	c->n--;
	c->version++;
	memmove(c->v + at, c->v + at + 1, (c->n - at) * sizeof *c->v);
}

/* The region itself or any above it. */
static bool month_over(const struct complete *c, struct str region, enum stream s, int32_t month)
{
	for (;;) {
		struct closed x = make(region, s, month);
		bool there;

		(void)place(c, &x, &there);
		if (there || region.n == 0)
			return there;
		region.n = region.n > 2 ? region.n - 2 : 0;
	}
}

static bool stream_over(const struct complete *c, struct str region, enum stream s, int32_t month)
{
	if (s == STREAM_STAY || s == STREAM_VISIT)
		return month_over(c, region, STREAM_ENCOUNTER, month) &&
		       month_over(c, region, STREAM_SETTLEMENT, month);
	return month_over(c, region, s, month);
}

bool complete_days(const struct complete *c, struct str fixmedins_code, enum stream s,
		   int32_t from, int32_t to)
{
	struct str region = complete_region_of(fixmedins_code);

	if (!c)
		return true;
	if (from == MISSING_I32 || to == MISSING_I32)
		return false;
	for (int32_t m = civil_month(from); m <= civil_month(to); m++)
		if (!stream_over(c, region, s, m))
			return false;
	return true;
}

bool complete_touches(const struct complete *c, struct str fixmedins_code, enum stream s,
		      int32_t from, int32_t to)
{
	struct str region = complete_region_of(fixmedins_code);
	bool derived = s == STREAM_STAY || s == STREAM_VISIT;

	if (from == MISSING_I32 || to == MISSING_I32)
		return false;
	for (int32_t m = civil_month(from); m <= civil_month(to); m++)
		if (month_over(c, region, derived ? STREAM_ENCOUNTER : s, m) ||
		    (derived && month_over(c, region, STREAM_SETTLEMENT, m)))
			return true;
	return false;
}
