/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joined.h - cells of several shards as one, for cells_join.c and cells_judge.c.
 *
 * A joined cell holds nothing but its numbers in the shards; sums are added when it is looked
 * at. Keys are compared as tuples of parts, which are made the same for all shards once.
 */
#pragma once

#include "lib/rule/frame.h"
#include "lib/stat/cell.h"

struct split_cell {
	uint64_t hash;           /* of the key, the same in all shards */
	uint32_t cell;
};

/* A shard's cells of one source that belong to one partition. */
struct split {
	struct split_cell *v;
	uint32_t n, cap;
};

/* Joined cells of one source in one partition. */
struct joint {
	uint32_t *cell;          /* [n * shards] number in the shard + 1, 0 = not there */
	uint32_t n;
};

/* A cell that is to be looked at again by one thread. */
struct found_cell {
	const uint32_t *cell;    /* [shards] */
	struct value x;          /* comparisons: its value, and what it must share with peers */
	struct str alike;
};

/* What judging a partition by one rule gave. */
struct outcome {
	struct account account;
	struct found_cell *found;
	uint32_t n, cap;
};

struct partition {
	struct joint *joint;     /* [n_source] */
	struct outcome *outcome; /* [n_rule of the plan] */
	struct arena arena;      /* texts of what was found */
};

struct joined {
	const struct plan *p;
	struct cells *const *shard;
	uint32_t n;
	const struct complete *complete; /* NULL: all periods are over */
	uint32_t **global;       /* [shard] part -> the part's number for all shards */
	struct split *split;     /* [shard][partition][source] */
	struct partition *partition; /* [n] */
};

/* One rule at work on cells. */
struct judging {
	struct joined *j;
	struct eval *e;          /* texts and scratch; it never sees a batch */
	const struct rule_plan *rp;
	const struct cell_source *s;
	struct account *account;
	cell_hit_fn *fn;
	void *ctx;
	struct value *agg;       /* [s->n_agg] of the cell in hand */
	struct value *key;       /* [s->n_key] of the cell in hand */
};

/* ---- cells_sum.c: a joined cell's values ---- */

/* Records and contributions of all shards. */
uint64_t joined_sure(const struct judging *j, const uint32_t *cell);
bool joined_there(const struct judging *j, const uint32_t *cell);
uint64_t joined_count(const struct judging *j, const uint32_t *cell, uint32_t agg, bool *unknown);
const struct value *joined_key(const struct judging *j, const uint32_t *cell, uint32_t i);
struct value joined_value(struct judging *j, const uint32_t *cell, uint32_t agg);
/* The least text of a peers' field; p NULL when there is none. */
struct str joined_peer(const struct judging *j, const uint32_t *cell, uint32_t peer);

/* ---- cells_judge.c ---- */
void outcome_judge(struct judging *j, struct partition *part, struct outcome *out);
