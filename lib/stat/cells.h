/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells.h - sums per (rule or indicator, key) over all subjects, and the judging of them.
 *
 * A cell is a facility's month, a practitioner's quarter, ... Subjects replace their own
 * contribution; shards are merged; peers are compared by median, MAD, mean and percentile.
 * All sums exact; medians and MADs are of exact rationals. The order of contributions never
 * shows in a result. Belongs to one thread.
 * Knows contributions and rules; no batches, threads or time.
 */
#pragma once

#include "lib/rule/eval.h"

struct cells;

/* With `replaceable`, each subject's contributions are remembered so that they can be replaced. The
 * plan is borrowed. All contributions must come from one evaluator. */
struct cells *cells_new(const struct plan *p, bool replaceable);
void cells_free(struct cells *c);

/* A subject is about to give all its contributions: with `replaceable`, what it gave before is
 * taken back first. */
void cells_begin(struct cells *c, uint32_t subject);
void cells_add(struct cells *c, uint32_t subject, const struct contribution *k);

/* Fold the cells of `from` (another shard of the same plan) into `into`, which is not
 * replaceable. Keys stay borrowed from `from`, which must outlive `into`. */
void cells_merge(struct cells *into, const struct cells *from);

/* Cell of a source by its key as merged; false when there is none. */
bool cells_find(const struct cells *c, uint32_t source, uint32_t n_key, const struct value *key,
		uint32_t *cell);
uint32_t cells_count(const struct cells *c);

/* Subjects that gave to a cell for which wanted[cell of `merged`] is set; the caller frees the
 * list. */
uint32_t cells_subjects(const struct cells *c, const struct cells *merged, const uint8_t *wanted,
			uint32_t **subject);

/* Which periods are over, borrowed; NULL (as made): all. Cells of others are not judged, nor
 * compared with: they count as unknown. */
void cells_complete(struct cells *c, const struct complete *complete);

/* One cell that fires its rule. Borrowed for the call. */
struct cell_hit {
	const struct rule *rule;
	uint32_t rule_index, source, cell;
	uint32_t n_key, subject_key;
	const struct value *key;
	struct value observed, limit, amount;
	bool amount_is_fund;
	bool all_bear;                      /* no record is in the numerator: all stand behind it */
	uint32_t n_say;
	const struct value *say;
	uint32_t n_peer;                    /* cells compared with, itself among them */
	struct value median, mad;
	bool excepted;
	const struct exception *exception;
};
typedef void cell_hit_fn(void *ctx, const struct cell_hit *h);

/* Judge all cell rules and comparisons; hits come sorted by (rule, key). Per-rule accounts of
 * cells are added to `account` ([n_rule], may be NULL): records = cells, unknown = too few
 * records or peers. */
void cells_judge(const struct cells *c, cell_hit_fn *fn, void *ctx, struct account *account);
