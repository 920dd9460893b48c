/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * company.c - pairs by days met, then sets that hang together.
 *
 * Names become numbers in the order of names, so that ties fall the same way whatever came
 * first. One pass in order of time meets each record with those before it within the gap; a
 * pair remembers on how many days it met and the last of them.
 */
#include "lib/rule/company.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/civil.h"
#include "lib/base/map.h"
#include "lib/base/mem.h"
#include "lib/record/value.h"

enum { PAIRS_MAX = 1 << 22 };

struct coming {
	int64_t time;
	uint32_t who;
};

static int by_name(const void *a, const void *b)
{
	const struct meeting *x = a, *y = b;
	int c = str_cmp(x->who, y->who);

	return c ? c : (x->time > y->time) - (x->time < y->time);
}

static int by_time(const void *a, const void *b)
{
	const struct coming *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->who > y->who) - (x->who < y->who);
}

static bool has_clock(int64_t time)
{
	return time != MISSING_I64 && time != (int64_t)civil_day_of(time) * SECS_PER_DAY;
}

/* Numbers for names; returns how many comings, and names in `name`. */
static uint32_t number(struct meeting *m, uint32_t n, struct coming *c, struct str *name,
		       uint32_t *names)
{
	uint32_t k = 0;

	*names = 0;
	if (n > 1)
		qsort(m, n, sizeof *m, by_name);
	for (uint32_t i = 0; i < n; i++) {
		if (!has_clock(m[i].time))
			continue;
		if (*names == 0 || !str_eq(name[*names - 1], m[i].who))
			name[(*names)++] = m[i].who;
		c[k++] = (struct coming){ m[i].time, *names - 1 };
	}
	if (k > 1)
		qsort(c, k, sizeof *c, by_time);
	return k;
}

/* The pair's value: days met, above; the last of them, from year 1, below. */
static void meet(struct map64 *pairs, uint32_t a, uint32_t b, int32_t day)
{
	uint64_t *met = map64_at(pairs, (uint64_t)(a < b ? a : b) << 32 | (a < b ? b : a), NULL);
	uint32_t mark = (uint32_t)day ^ UINT32_C(1) << 31;

	if (*met == 0 || (uint32_t)*met != mark)
		*met = ((*met >> 32) + 1) << 32 | mark;
}

static bool meet_all(struct map64 *pairs, const struct coming *c, uint32_t n, int64_t gap)
{
	uint32_t from = 0;

	for (uint32_t i = 0; i < n; i++) {
		while (c[i].time - c[from].time > gap)
			from++;
		for (uint32_t k = from; k < i; k++) {
			if (c[k].who != c[i].who)
				meet(pairs, c[k].who, c[i].who, civil_day_of(c[i].time));
		}
		if (map64_count(pairs) > PAIRS_MAX)
			return false;
	}
	return true;
}

static uint32_t root(uint32_t *up, uint32_t i)
{
	while (up[i] != i)
		i = up[i] = up[up[i]];
	return i;
}

/* Joined under the least number. */
static void join_all(const struct map64 *pairs, uint32_t *up, int64_t days)
{
	uint64_t key, met;
	size_t at = 0;

	while (map64_next(pairs, &at, &key, &met)) {
		uint32_t a = root(up, (uint32_t)(key >> 32)), b = root(up, (uint32_t)key);

		if ((int64_t)(met >> 32) < days || a == b)
			continue;
		up[a < b ? b : a] = a < b ? a : b;
	}
}

static uint32_t largest(uint32_t *up, uint32_t n, uint32_t *size)
{
	uint32_t best = 0;

	memset(size, 0, n * sizeof *size);
	for (uint32_t i = 0; i < n; i++)
		size[root(up, i)]++;
	for (uint32_t i = 1; i < n; i++)
		best = size[i] > size[best] ? i : best;
	return best;
}

bool company_find(struct arena *scratch, struct meeting *m, uint32_t n,
		  const struct company_terms *t, struct str **who, uint32_t *n_who)
{
	struct coming *c = arena_array(scratch, n + 1, sizeof *c);
	struct str *name = arena_array(scratch, n + 1, sizeof *name);
	uint32_t names, best, k = number(m, n, c, name, &names);
	uint32_t *up = arena_array(scratch, names + 1, sizeof *up);
	uint32_t *size = arena_array(scratch, names + 1, sizeof *size);
	struct map64 pairs;
	bool fits;

	*n_who = 0;
	*who = name;
	if (names < 2)
		return true;
	map64_init(&pairs);
	fits = meet_all(&pairs, c, k, t->gap);
	for (uint32_t i = 0; i < names; i++)
		up[i] = i;
	if (fits)
		join_all(&pairs, up, t->days);
	map64_fini(&pairs);
	best = largest(up, names, size);
	for (uint32_t i = 0; fits && size[best] > 1 && i < names; i++) {
		if (root(up, i) == best)
			name[(*n_who)++] = name[i];
	}
	return fits;
}

struct str company_names(struct arena *scratch, const struct str *who, uint32_t n)
{
	struct str out;
	struct buf b;

	buf_init(&b, 0);
	for (uint32_t i = 0; i < n && i < COMPANY_NAMED; i++) {
		if (i)
			buf_adds(&b, "、");
		buf_addstr(&b, who[i]);
	}
	if (n > COMPANY_NAMED)
		buf_adds(&b, "…");
	out = arena_str(scratch, buf_str(&b));
	buf_fini(&b);
	return out;
}
