/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pending.h - streams that few rows fill wait until there are rows enough to go through columns.
 *
 * A window begins with a run and lasts for some; runs in it make the records of the other streams
 * at once. When one of those that wait cannot be made, the whole window is taken back, to be given
 * again and taken run by run: so records and rejects are those of one row at a time.
 * Knows rowers, not texts. For lib/record/row.c only.
 */
#pragma once

#include "lib/record/fill.h"

void pending_fini(struct rower *r);

/* Before a run: opens a window where that pays. */
void pending_begin(struct rower *r, const struct row_in *in, unsigned n);

/* Keeps the rows of a run that make a record of a waiting entry; the window is open. `full` as
 * pending_full told before the run. */
void pending_add(struct rower *r, const struct entry *en, const struct run *run, uint32_t full);

/* The row of the full stream that the next run's first row will be; UINT32_MAX: not known. */
uint32_t pending_full(const struct rower *r, bool for_all);

/* Forgets the last n rows of an entry. */
void pending_drop(struct rower *r, const struct entry *en, uint32_t n);

/* Rows of an entry that wait. */
uint32_t pending_rows(const struct rower *r, const struct entry *en);

/* Gives slots of keys back what they held before, down to n. */
void pending_unsee(struct rower *r, uint32_t n);

/* Makes what waits and closes the window. False: it is lost, and all its rows taken back. */
bool pending_make(struct rower *r);

/* The same before a run that is not taken as a whole: no other window opens for a while. */
void pending_end(struct rower *r);
