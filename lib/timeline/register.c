/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * register.c - effective-dated entries: which one was in force on a day.
 *
 * An entry holds from begndate to enddate, both included; a missing end is open. Of
 * several that hold, the one that began last.
 */
#include "lib/base/civil.h"
#include "lib/timeline/gather.h"

static const enum field begins[STREAM_STORED] = {
	[STREAM_PERSON] = FIELD_person_begndate,
	[STREAM_FACILITY] = FIELD_facility_begndate,
	[STREAM_PRACTITIONER] = FIELD_practitioner_begndate,
	[STREAM_ITEM] = FIELD_item_begndate,
};
static const enum field ends[STREAM_STORED] = {
	[STREAM_PERSON] = FIELD_person_enddate,
	[STREAM_FACILITY] = FIELD_facility_enddate,
	[STREAM_PRACTITIONER] = FIELD_practitioner_enddate,
	[STREAM_ITEM] = FIELD_item_enddate,
};

const struct row *register_on(const struct timeline *t, enum stream s, const struct list *l,
			      int32_t day)
{
	const struct store *st = &t->store[s];
	struct cell begin = layout_cell(&st->layout, begins[s]);
	struct cell end = layout_cell(&st->layout, ends[s]);
	const struct row *best = NULL;
	int64_t best_begin = 0;

	for (uint32_t b = l->tail; b; b = st->prev[b - 1]) {
		const struct row *r = store_row(st, (b - 1) << st->block_bits);
		int64_t from = store_value(st, r, begin), to = store_value(st, r, end);

		if (r->flags & (ROW_DEAD | ROW_HIDDEN | ROW_RETRACTED))
			continue;
		if (from > day || (to != MISSING_I64 && to < day))
			continue;
		if (!best || from > best_begin) {
			best = r;
			best_begin = from;
		}
	}
	return best;
}

const struct row *register_at(const struct timeline *t, enum stream s, uint32_t a, uint32_t b,
			      int32_t day)
{
	enum places_kind kind = stream_plan(s)->places;
	const struct place *place = t->places[kind].v;
	const struct row *r = NULL;
	uint32_t at;

	if (!a || !t->store[s].n)
		return NULL;
	at = places_find(t, kind, a, b);
	if (at != UINT32_MAX)
		r = register_on(t, s, &place[at].list, day);
	if (r || !b)
		return r;
	at = places_find(t, kind, a, 0);
	return at == UINT32_MAX ? NULL : register_on(t, s, &place[at].list, day);
}
