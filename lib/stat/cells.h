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

/* Subjects, each once, give all their contributions anew: begin, any number of takes, end. With
 * `replaceable` only what differs from before changes a cell. */
void cells_begin(struct cells *c, const uint32_t *subject, uint32_t n);
/* For the call of a contribution_fn of `e`. */
void cells_take(struct cells *c, struct eval *e, const struct contributions *k);
void cells_end(struct cells *c);

/* The cell of the i-th contribution, a number of its source; false when there is none. */
bool cells_find(const struct cells *c, const struct contributions *k, uint32_t i, uint32_t *cell);
/* The hash of contributions to a cell. */
uint64_t cells_hash(const struct cells *c, uint32_t source, uint32_t cell);
uint32_t cells_count(const struct cells *c);

/* Cells of a source, and the hash of a key by its texts: the same in every set of the plan. */
uint32_t cells_of(const struct cells *c, uint32_t source);
uint64_t cells_key_hash(const struct cells *c, uint32_t source, uint32_t cell);
uint64_t cell_key_hash(const struct value *key, uint32_t n);

/*
 * Cells as bytes that stand alone, where all together are more than memory. Cut by a hash of
 * their keys into bins, numbered from 0: cells of one key, and all a cell is compared with, lie
 * in one bin, so bins may be judged one after another. The bytes are borrowed for the call, and
 * for this process only. cells_join adds them to a set that no evaluator feeds, or with sign -1
 * takes them out; false when they do not hold together, and then the set is of no more use.
 */
typedef void cells_piece_fn(void *ctx, uint32_t bin, struct str piece);
void cells_cut(const struct cells *c, uint32_t bins, cells_piece_fn *fn, void *ctx);
bool cells_join(struct cells *into, struct str piece, int sign, struct err *e);

/* Memory held, about. */
size_t cells_bytes(const struct cells *c);

/* Subjects that gave to any of the wanted cells (source << 32 | cell); the caller frees the
 * list. */
uint32_t cells_subjects(const struct cells *c, const uint64_t *wanted, uint32_t n,
			uint32_t **subject);

/*
 * Cells of all shards joined by their keys, and judged. What was decided is kept: a round looks
 * at cells that changed since the last one, and at the peers these are compared with.
 *
 *   once                           joined_new
 *   one thread, cells at rest      joined_begin            a round; `complete` as then given
 *   thread of each shard s         joined_split(j, s)      its changed cells into partitions
 *   any thread, each partition s   joined_judge(j, s)      these, of all shards
 *   one thread                     joined_group            who is compared with whom; false: nobody
 *   any thread, each partition s   joined_compare(j, s)    a share of the groups of peers
 *   one thread                     joined_tell             tells what changed
 *
 * A step begins when all of the step before are done. The cells are borrowed; between rounds
 * they may change, and all changes of a set that is not replaceable must be made before the first.
 */
struct joined;
struct joined *joined_new(struct cells *const *shard, uint32_t n);
void joined_free(struct joined *j);

/* `complete` says which periods are over, borrowed for the round; NULL: all. Cells of others are
 * not judged, nor compared with: they count as unknown. */
void joined_begin(struct joined *j, const struct complete *complete);
void joined_split(struct joined *j, uint32_t shard);
void joined_judge(struct joined *j, uint32_t partition);

/* One cell that fires its rule. Borrowed for the call. */
struct cell_hit {
	uint64_t id;                        /* of this rule and cell in all rounds */
	const struct rule *rule;
	uint32_t rule_index, source;
	const struct measure *measure;      /* of the plan */
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
	struct str held;                    /* as of a hit: the parts of 除外 */
};

/* `gone` takes back an earlier hit, which may be told anew after it. */
struct cell_sink {
	void (*hit)(void *ctx, const struct cell_hit *h);
	void (*gone)(void *ctx, uint64_t id);
	void *ctx;
};
bool joined_group(struct joined *j, const struct cell_sink *sink);
void joined_compare(struct joined *j, uint32_t partition);
void joined_tell(struct joined *j, const struct cell_sink *sink);

/* Adds the per-rule accounts of all cells as they stand to `account` [n_rule]: records = cells,
 * unknown = too few records or peers, or a period that is not over. */
void joined_accounts(const struct joined *j, struct account *account);
