/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * undone.c - what the last gather of each subject took out, added up over all subjects.
 *
 * Judging goes over a subject again and again; the accounting wants how the records stand now.
 * Few subjects have anything taken out, so only those are remembered.
 */
#include <string.h>

#include "lib/base/mem.h"
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

void undone_note(struct undone_book *b, uint32_t subject, const struct gather_stats *gs)
{
	struct undone *u = entry(b, subject, !nothing(gs));

	if (!u)
		return;
	for (int s = 0; s < STREAM_STORED; s++) {
		b->retracted[s] += gs->retracted[s] - u->retracted[s];
		b->reversed[s] += gs->reversed[s] - u->reversed[s];
		u->retracted[s] = (uint32_t)gs->retracted[s];
		u->reversed[s] = (uint32_t)gs->reversed[s];
	}
}

void undone_fini(struct undone_book *b)
{
	map64_fini(&b->of);
	xfree(b->v);
}
