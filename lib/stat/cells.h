/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells.h - sums per (rule or indicator, key) over all subjects, and the judging of them.
 *
 * A cell is a facility's month, a practitioner's quarter, ... Each shard keeps its own: found
 * and summed by the numbers of its evaluator, so that adding costs a look-up and a few integer
 * sums. Subjects replace their own contribution. For judging, cells of one key in several shards
 * are joined, in as many partitions as there are shards; peers are compared by median, MAD, mean
 * and percentile. All sums exact; medians and MADs are of exact rationals. The order of
 * contributions never shows in a result.
 * Knows contributions and rules; no timelines, threads or time.
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

/* For the call of a contribution_fn of `e`. */
void cells_take(struct cells *c, struct eval *e, const struct contributions *k);

/* The cell of the i-th contribution, a number of its source; false when there is none. */
bool cells_find(const struct cells *c, const struct contributions *k, uint32_t i, uint32_t *cell);
uint32_t cells_count(const struct cells *c);

/* Subjects that gave to a wanted cell; the caller frees the list. */
typedef bool cell_wanted_fn(const void *ctx, uint32_t source, uint32_t cell);
uint32_t cells_subjects(struct cells *c, cell_wanted_fn *wanted, const void *ctx,
			uint32_t **subject);

/*
 * Cells of all shards joined by their keys, and judged.
 *
 *   one thread, cells at rest      joined_new
 *   thread of each shard s         joined_split(j, s)      its cells into partitions by key
 *   any thread, each partition s   joined_judge(j, s)      one partition of all shards
 *   one thread                     joined_tell             compares peers, hands out hits
 *
 * A step begins when all of the step before are done. The cells are borrowed and must not change
 * before joined_free.
 */
struct joined;
/* `complete` says which periods are over, borrowed; NULL: all. Cells of others are not judged, nor
 * compared with: they count as unknown. */
struct joined *joined_new(struct cells *const *shard, uint32_t n, const struct complete *complete);
void joined_free(struct joined *j);
void joined_split(struct joined *j, uint32_t shard);
void joined_judge(struct joined *j, uint32_t partition);

/* One cell that fires its rule. Borrowed for the call. */
struct cell_hit {
	const struct rule *rule;
	uint32_t rule_index, source;
	const uint32_t *cell;               /* [shards] number there + 1, 0 = not there */
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

/* Hits come sorted by (rule, key). Per-rule accounts of cells are added to `account` ([n_rule],
 * may be NULL): records = cells, unknown = too few records or peers. */
void joined_tell(struct joined *j, cell_hit_fn *fn, void *ctx, struct account *account);
