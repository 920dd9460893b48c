/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * book.h - the alerts of all shards together, and who must be compared after a judging.
 *
 * Private to the pool. Alerts of rules over one subject's timeline and alerts of cells are
 * kept apart: the first are compared for the subjects that were judged, the second for
 * every subject that has or had one, since cells are always judged whole. Changes come out
 * by subject (kind, then key bytes), so the number of shards never shows.
 */
#pragma once

#include "lib/finding/diff.h"
#include "lib/rule/ruleset.h"

struct book;

struct book *book_new(void);
void book_free(struct book *b);

/* An alert as stored; `rs` tells which half it belongs to. Copied. */
void book_load(struct book *b, const struct ruleset *rs, const struct finding *f, uint64_t id,
	       uint32_t revision, bool live);

/* Note a judged subject (key borrowed until book_tell_subjects); note findings (borrowed until
 * the next tell). Excepted findings are kept like the others and marked. */
void book_judged(struct book *b, enum subject_kind kind, struct str key);
void book_found(struct book *b, const struct findings *found);

/* Whether a subject has or had an alert of its own timeline: judged subjects without one and
 * without a finding need not be noted. */
bool book_knows(const struct book *b, enum subject_kind kind, struct str key);

/* Alerts and findings that are left as they are, of either half; NULL: none. */
void book_freeze(struct book *b, frozen_fn *subjects, frozen_fn *cells, void *ctx);

/* On which alerts people have acted; NULL: none. */
void book_handled(struct book *b, handled_fn *fn, void *ctx);

/* Compare, tell, and forget what was noted. */
void book_tell_subjects(struct book *b, change_fn *fn, void *ctx);
void book_tell_cells(struct book *b, change_fn *fn, void *ctx);

uint64_t book_live(const struct book *b);
