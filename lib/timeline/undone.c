/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * undone.c - what the last gather of each subject took out, added up over all subjects.
 *
 * Judging goes over a subject again and again; the accounting wants how the records stand now.
 * Few subjects have anything taken out, so only those are remembered.
 */
#include <string.h>

#include "lib/base/mem.h"
#include "lib/timeline/gather.h"
#include "lib/timeline/state.h"

static bool nothing(const struct gather_stats *gs)
{
	uint64_t any = 0;

	for (int s = 0; s < STREAM_STORED; s++)
		any |= gs->retracted[s] | gs->reversed[s];
	return any == 0;
}

/* The subject's entry, or NULL when it has none and needs none. */
static struct undone *entry(struct undone_book *b, uint32_t subject, bool needed)
{
	uint64_t at;

	if (map64_get(&b->of, subject, &at))
		return &b->v[at];
	if (!needed)
		return NULL;
	GROW(b->v, b->cap, b->n + 1);
	(void)map64_put(&b->of, subject, b->n);
	memset(&b->v[b->n], 0, sizeof b->v[b->n]);
	return &b->v[b->n++];
}

/* ---- by facility ---- */

struct noted {
	struct undone_at *at;
	uint32_t n, cap;
};

static void note(struct noted *l, uint32_t facility, enum stream s, enum standing k)
{
	for (uint32_t i = l->n; i-- > 0;)
		if (l->at[i].facility == facility && l->at[i].stream == (uint8_t)s &&
		    l->at[i].kind == (uint8_t)k) {
			l->at[i].n++;
			return;
		}
	GROW(l->at, l->cap, l->n + 1);
	l->at[l->n++] = (struct undone_at){ .facility = facility, .stream = (uint8_t)s,
					    .kind = (uint8_t)k, .n = 1 };
}

/* Rows said to be invalid; take_rows passed them over. */
static void note_retracted(struct gather *g, struct noted *l, enum stream s)
{
	const struct store *st = &g->t->store[s];
	const struct list *list = subject_list_const(&g->t->subject[g->subject], s);

	if (!list || !list->n)
		return;
	GROW(g->id, g->cap_id, list->n);
	for (uint32_t n = store_list(st, list, g->id), i = 0; i < n; i++) {
		struct row_room room;
		const struct row *r = store_see(st, g->id[i], &room);

		if ((r->flags & ROW_RETRACTED) && !(r->flags & ROW_HIDDEN))
			note(l, standing_code(g->t, s, r), s, STANDING_RETRACTED);
	}
}

/* Items taken out by a sweep or a reversal. */
static void note_items(const struct gather *g, struct noted *l, enum stream s)
{
	const struct items *items = &g->items[s];

	for (uint32_t i = 0; i < items->n; i++) {
		const struct row *r = items->v[i].row;

		if (items->v[i].state == ITEM_REVERSED)
			note(l, standing_code(g->t, s, r), s, STANDING_REVERSED);
		else if (items->v[i].state == ITEM_RETRACTED && !(r->flags & ROW_RETRACTED))
			note(l, standing_code(g->t, s, r), s, STANDING_RETRACTED);
	}
}

static void by_facility(struct gather *g, struct undone *u, const struct gather_stats *gs)
{
	struct noted l = { NULL, 0, 0 };

	for (enum stream s = 0; s < STREAM_STORED; s++) {
		if (gs->retracted[s])
			note_retracted(g, &l, s);
		if (gs->retracted[s] | gs->reversed[s])
			note_items(g, &l, s);
	}
	for (uint32_t i = 0; i < u->n_at; i++)
		standing_facility(g->t, u->at[i].stream, u->at[i].facility, u->at[i].kind,
				  -(int64_t)u->at[i].n);
	for (uint32_t i = 0; i < l.n; i++)
		standing_facility(g->t, l.at[i].stream, l.at[i].facility, l.at[i].kind,
				  l.at[i].n);
	xfree(u->at);
	u->at = l.at;
	u->n_at = l.n;
}

void undone_note(struct gather *g, uint32_t subject, const struct gather_stats *gs)
{
	struct undone_book *b = &g->t->undone;
	struct undone *u = entry(b, subject, !nothing(gs));

	if (!u)
		return;
	for (int s = 0; s < STREAM_STORED; s++) {
		b->retracted[s] += gs->retracted[s] - u->retracted[s];
		b->reversed[s] += gs->reversed[s] - u->reversed[s];
		u->retracted[s] = (uint32_t)gs->retracted[s];
		u->reversed[s] = (uint32_t)gs->reversed[s];
	}
	by_facility(g, u, gs);
}

void undone_fini(struct undone_book *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		xfree(b->v[i].at);
	map64_fini(&b->of);
	xfree(b->v);
}
