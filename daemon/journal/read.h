/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * read.h - all segments of a journal from the first to the last, each byte checked.
 *
 * For opening the journal, for `fundwatch journal`; a daemon may be writing meanwhile.
 * What stands before the synced position must be as it was written: else it is an error with
 * segment and offset. Behind it a torn entry may stand (a crash before the sync: nobody was
 * told that it is safe).
 */
#pragma once

#include "daemon/journal/segment.h"

struct journal_found {
	bool fresh;               /* nothing was ever written */
	struct position synced;   /* from the position file */
	struct position end;      /* behind the last whole entry */
	uint64_t first, segments; /* number of the oldest segment, how many */
	uint64_t next;            /* number the next item gets */
	uint64_t entries, bytes;
	uint64_t torn;            /* bytes behind the end that are no entry */
	uint64_t torn_segment;    /* the file they are in, when torn or torn_head */
	bool torn_head;           /* it has not even a head */
	const char *torn_why;
};

/* Told of each entry in order; the payload is borrowed for the call. False ends the reading. */
typedef bool (*journal_entry_fn)(void *ctx, uint64_t segment, const struct segment_entry *en,
				 struct err *e);

/* `dir` is the journal's folder, opened. `entry` may be NULL. */
bool journal_read(int dir, journal_entry_fn entry, void *ctx, struct journal_found *out,
		  struct err *e) MUST_CHECK;
