/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * standing.c - how the records of each facility stand, as changes since somebody asked last.
 *
 * Every version offered ends as one of: re-sent, superseded, retracted, reversed, live. Which one
 * may change with later records, so that whoever keeps the books adds up differences. All
 * versions of an identity are of one facility, since it is part of the identity.
 */
#include <string.h>

#include "lib/base/mem.h"
#include "lib/timeline/state.h"

/* The code of the facility of a stream's places; 0 where places have none. */
static uint32_t facility_of(const struct timeline *t, enum stream s, uint32_t place)
{
	enum places_kind kind = stream_plan(s)->places;

	if ((kind != PLACES_VISIT && kind != PLACES_STOCK) || s == STREAM_DIAGNOSIS ||
	    s == STREAM_OPERATION)
		return 0;
	return t->places[kind].v[place].a;
}

static struct standing_change *change_at(struct standing_book *b, enum stream s, uint32_t code)
{
	struct standing_change *last = b->last < b->n ? &b->v[b->last] : NULL;
	bool fresh;
	uint64_t *at;

	if (last && last->stream == s && last->facility == code)
		return last;
	at = map64_at(&b->of, (uint64_t)s << 32 | code, &fresh);
	if (fresh) {
		*at = b->n;
		GROW(b->v, b->cap, b->n + 1);
		b->v[b->n++] = (struct standing_change){ .facility = code, .stream = s };
	}
	b->last = (uint32_t)*at;
	return &b->v[b->last];
}

void standing_add(struct timeline *t, enum stream s, uint32_t place, enum standing k, int64_t n)
{
	if (!t->standing.quiet)
		change_at(&t->standing, s, facility_of(t, s, place))->n[k] += n;
}

void standing_facility(struct timeline *t, enum stream s, uint32_t code, enum standing k,
		       int64_t n)
{
	if (!t->standing.quiet)
		change_at(&t->standing, s, code)->n[k] += n;
}

uint32_t standing_code(const struct timeline *t, enum stream s, const struct row *r)
{
	return facility_of(t, s, r->place);
}

const struct standing_change *timeline_standing(const struct timeline *t, uint32_t *n)
{
	*n = t->standing.n;
	return t->standing.v;
}

void timeline_standing_clear(struct timeline *t)
{
	if (t->standing.n > 0)
		map64_clear(&t->standing.of);
	t->standing.n = t->standing.last = 0;
}

bool timeline_standing_quiet(struct timeline *t, bool quiet)
{
	bool was = t->standing.quiet;

	t->standing.quiet = quiet;
	return was;
}

void standing_fini(struct standing_book *b)
{
	map64_fini(&b->of);
	xfree(b->v);
}
