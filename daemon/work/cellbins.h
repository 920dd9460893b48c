/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cellbins.h - cells of rules on disk, where timelines come one part after another.
 *
 *   cellbins_new -> cellbins_add* -> cellbins_judge -> cellbins_add* ... -> cellbins_free
 *
 * Shards add what their cells are, or with sign -1 what they were; each addition is cut by bin
 * of the keys (lib/stat/cells.h) and put at the end of one temporary file. To judge, neighbouring
 * bins that fit into the memory come back as a range, are added up, judged and forgotten. Where
 * additions have piled up, the sums of a range take their place on the way.
 *
 * Memory: a range; the greatest one where a single bin is more, since all that is compared
 * must be there. One thread.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/finding/judge.h"

struct cellbins;

/* A temporary file in `dir`; about so many bytes of memory for a range. NULL with a sentence. */
struct cellbins *cellbins_new(const struct plan *p, const char *dir, uint64_t memory,
			      struct err *e);
void cellbins_free(struct cellbins *b); /* NULL is fine */

/* A failure is told by cellbins_judge. */
void cellbins_add(struct cellbins *b, const struct judge *j, int sign);
/* Nothing in it, for cells of this plan. */
void cellbins_clear(struct cellbins *b, const struct plan *p);

/* All cells into a verdict by range; accounts are added to `account` [n_rule]. */
bool cellbins_judge(struct cellbins *b, struct verdict *v, struct account *account,
		    struct err *e);

uint64_t cellbins_bytes(const struct cellbins *b); /* on disk */
uint32_t cellbins_ranges(const struct cellbins *b); /* of the last judging */
