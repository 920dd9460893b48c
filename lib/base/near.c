/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * near.c - edit distance with three rolling rows, and the picker on top of it.
 */
#include "lib/base/near.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/utf8.h"

enum { LONGEST = 64 };

struct word {
	uint32_t n;
	uint32_t cp[LONGEST];
};

static void spell(struct word *w, struct str s)
{
	uint32_t at = 0;

	for (w->n = 0; w->n < LONGEST && at < s.n; w->n++)
		at += utf8_next(s.p + at, s.n - at, &w->cp[w->n]);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Cost of the first i characters of a against the first j of b, from the rows before. */
static unsigned cell(const struct word *a, const struct word *b, uint32_t i, uint32_t j,
		     unsigned row[3][LONGEST + 1])
{
	const unsigned *above = row[(i + 2) % 3];
	bool same = a->cp[i - 1] == b->cp[j - 1];
	unsigned best = least(above[j], row[i % 3][j - 1]) + 1;

	best = least(best, above[j - 1] + !same);
	if (i > 1 && j > 1 && a->cp[i - 1] == b->cp[j - 2] && a->cp[i - 2] == b->cp[j - 1])
		best = least(best, row[(i + 1) % 3][j - 2] + 1);
	return best;
}

static unsigned measure(const struct word *a, const struct word *b)
{
	unsigned row[3][LONGEST + 1];

	for (uint32_t j = 0; j <= b->n; j++)
		row[0][j] = j;
	for (uint32_t i = 1; i <= a->n; i++) {
		row[i % 3][0] = i;
		for (uint32_t j = 1; j <= b->n; j++)
			row[i % 3][j] = cell(a, b, i, j, row);
	}
	return row[a->n % 3][b->n];
}

static unsigned longer_of(struct str a, struct str b)
{
	unsigned x = utf8_columns(a);
	unsigned y = utf8_columns(b);

	return x > y ? x : y;
}

unsigned near_distance(struct str a, struct str b)
{
	struct word x, y;
	unsigned longer = longer_of(a, b);

	if (longer > LONGEST)
		return str_eq(a, b) ? 0 : longer;
	spell(&x, a);
	spell(&y, b);
	return measure(&x, &y);
}

void near_init(struct near *n, struct str wanted)
{
	*n = (struct near){ .wanted = wanted, .distance = UINT32_MAX };
}

void near_offer(struct near *n, struct str candidate)
{
	unsigned longer = longer_of(n->wanted, candidate);
	unsigned limit = longer / 3 > 2 ? longer / 3 : 2;
	unsigned distance = near_distance(n->wanted, candidate);

	if (distance > limit || distance > longer / 2)
		return;
	n->rival |= n->best.n > 0 && !str_eq(candidate, n->best);
	if (distance >= n->distance)
		return;
	n->best = candidate;
	n->distance = distance;
}

struct str near_best(const struct near *n)
{
	return n->best;
}

bool near_sole(const struct near *n)
{
	return n->best.n > 0 && !n->rival;
}
