/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * restore.h - what the database remembers, given back at start.
 *
 * Record versions become chunks again, exactly: typed values are read in binary, line, digest
 * and revision as they were. Alerts become findings again; their canonical line is made anew
 * and compared with the stored one. A difference is counted, never silent.
 * Knows tables, chunks and findings; not who takes them.
 */
#pragma once

#include "daemon/sink/epoch.h"
#include "daemon/sink/floor.h"
#include "daemon/source/ledger.h"

struct restored {
	int64_t last_epoch, last_intake;
	struct chain chain;
	uint64_t records, alerts;
	uint64_t differing;         /* alerts whose line is not what was stored */
};

struct restore_to {
	void (*chunk)(void *ctx, struct chunk_ref *take_chunk);
	void (*alert)(void *ctx, const struct finding *f, uint64_t id, uint32_t revision,
		      bool live);
	void (*progress)(void *ctx, uint64_t records); /* every million records */
	bool (*stop)(void *ctx);    /* asked now and then: give up? */
	/* Only visits with an event on or after this day; 0 and MISSING_I32: all */
	int32_t floor;
	/* Asked before records are read from the database, inside the snapshot: *done says that
	 * they came from elsewhere. NULL: they do not. */
	bool (*records)(void *ctx, struct db *db, struct restored *out, bool *done,
			struct err *e);
	void *ctx;
};

/* Who has or had a version of any record of these visits; `who` is borrowed for the call. */
bool restore_holders(struct db *db, const struct str *visit, uint32_t n,
		     void (*holder)(void *ctx, struct str who), void *ctx,
		     struct err *e) MUST_CHECK;

/* Visits that a floor leaves out; `visit` is borrowed for the call. */
bool restore_left_out(struct db *db, int32_t floor, void (*visit)(void *ctx, struct str visit),
		      void *ctx, struct err *e) MUST_CHECK;

/* More records after the start. */
bool restore_more(struct db *db, const struct floor_more *what, const struct restore_to *to,
		  uint64_t *records, struct err *e) MUST_CHECK;

/* Months closed by hand as they stand, into `c`. */
bool restore_periods(struct db *db, struct complete *c, struct err *e) MUST_CHECK;

/* Calls `rule` with id and digest of every rule that was live at the last epoch. */
bool restore_rules(struct db *db, void (*rule)(void *ctx, struct str id, struct str digest),
		   void *ctx, struct err *e) MUST_CHECK;

/* All of it from one snapshot. `rules` gives findings their rule numbers; `ledger` is filled. */
bool restore(struct db *db, const struct ruleset *rules, struct ledger *ledger,
	     const struct restore_to *to, struct restored *out, struct err *e) MUST_CHECK;
