/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * find.c - the row of an identity, by the store's index or because there cannot be one yet.
 *
 * Lines of a visit mostly come in the order of their serials: one behind the greatest so far is
 * new, and need neither be looked for nor be told to the index. The first that comes otherwise
 * puts all lines of its person into the index, where the person's lines are from then on.
 * A visit that gets lines of a second person has both in the index. The first encounter and the
 * first settlement of a visit are known to the visit.
 */
#include "lib/base/mem.h"
#include "lib/timeline/intake.h"

static void index_row(struct store *st, uint32_t at)
{
	struct row_room see;
	const struct row *r = store_see(st, at, &see);
	char room[SERIAL_ROOM];
	struct str serial = store_serial(st, r, room);
	uint64_t hash = identity_of(r->place, serial);
	size_t slot;

	if (store_find(st, hash, r->place, serial, &slot) == ROW_NONE)
		store_index_set(st, slot, hash, at);
}

static void index_person(struct timeline *t, uint32_t subject)
{
	struct subject *s = &t->subject[subject];
	struct store *st = &t->store[STREAM_FEE];
	const struct list *list = subject_list(s, STREAM_FEE);
	uint32_t *row, n;

	if (s->flags & SUBJECT_INDEXED || !list)
		return;
	s->flags |= SUBJECT_INDEXED;
	store_index_reserve(st, list->n);
	store_rest(st);
	row = xcalloc(list->n, sizeof *row);
	n = store_list(st, list, row);
	for (uint32_t i = 0; i < n; i++)
		index_row(st, row[i]);
	xfree(row);
}

/* Where a visit keeps its first row of a stream + 1; NULL when it does not. */
static inline uint32_t *first_row(struct timeline *t, enum stream s, uint32_t place)
{
	struct place *v = t->places[PLACES_VISIT].v;

	return s == STREAM_ENCOUNTER ? &v[place].row[PLACE_ENCOUNTER] :
	       s == STREAM_SETTLEMENT ? &v[place].row[PLACE_SETTLEMENT] : NULL;
}

static bool has_serial(const struct store *st, uint32_t row, struct str serial)
{
	struct row_room see;
	char room[SERIAL_ROOM];

	return str_eq(store_serial(st, store_see(st, row, &see), room), serial);
}

uint32_t row_find(struct timeline *t, enum stream s, uint32_t place, struct str serial)
{
	const struct place *p = &t->places[stream_plan(s)->places].v[place];
	const uint32_t *first = first_row(t, s, place);
	size_t slot;

	if (s == STREAM_FEE && p->subject != UINT32_MAX)
		index_person(t, p->subject);
	if (first && *first && has_serial(&t->store[s], *first - 1, serial))
		return *first - 1;
	return store_find(&t->store[s], identity_of(place, serial), place, serial, &slot);
}

/* Whether a line is the first of its visit, or behind all that are there. */
static bool is_next(const struct intake *in, const struct pending *p)
{
	const struct place *v = &in->t->places[PLACES_VISIT].v[p->place];
	struct row_room room;

	if (in->t->subject[p->subject].flags & SUBJECT_INDEXED ||
	    (v->subject != UINT32_MAX && v->subject != p->subject))
		return false;
	return !v->top || serials_after(&in->st->serials, p->serial, p->packed,
					row_serial_kept(store_see(in->st, v->top - 1, &room)));
}

uint32_t intake_find(struct intake *in, struct pending *p, size_t *slot)
{
	const uint32_t *known = first_row(in->t, in->stream, p->place);

	*slot = SIZE_MAX;
	if (known) {
		if (!*known)
			return ROW_NONE;
		p->hash = identity_of(p->place, p->serial);
		if (has_serial(in->st, *known - 1, p->serial))
			return *known - 1;
	}
	if (in->stream == STREAM_FEE) {
		uint32_t first = in->t->places[PLACES_VISIT].v[p->place].subject;

		if (is_next(in, p))
			return ROW_NONE;
		index_person(in->t, p->subject);
		if (first != UINT32_MAX)
			index_person(in->t, first);
		p->hash = identity_of(p->place, p->serial);
	}
	store_index_reserve(in->st, 1);
	return store_find(in->st, p->hash, p->place, p->serial, slot);
}

void intake_found(struct intake *in, const struct pending *p, size_t slot, uint32_t at)
{
	uint32_t *known = first_row(in->t, in->stream, p->place);

	if (slot != SIZE_MAX)
		store_index_set(in->st, slot, p->hash, at);
	else if (known)
		*known = at + 1;
	else
		in->t->places[PLACES_VISIT].v[p->place].top = at + 1;
}
