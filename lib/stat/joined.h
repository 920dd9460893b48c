/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joined.h - cells of several shards as one, for cells_join.c and cells_judge.c.
 *
 * A joined cell holds nothing but its numbers in the shards; sums are added when it is looked
 * at. Keys are compared as tuples of parts, which are made the same for all shards once. What was
 * decided stays until a shard's cell changes: a round looks at the changed cells and, of
 * comparisons, at the peers of these.
 */
#pragma once

#include "lib/rule/frame.h"
#include "lib/stat/cell.h"

struct split_cell {
	uint64_t hash;           /* of the key, the same in all shards */
	uint32_t cell;
	uint32_t count;          /* cells_lot.c: what the source counts first, or COUNT_UNTOLD */
};
#define COUNT_UNTOLD UINT32_MAX

/* A shard's changed cells of one source that belong to one lot of a partition. */
struct split {
	struct split_cell *v;
	uint32_t n, cap;
};

/* Joined cells of one source in one partition. */
struct joint {
	uint32_t *cell;          /* [n][shards] number in the shard + 1, 0 = not there */
	uint32_t n, cap;
	uint64_t *slot;          /* upper half of the hash << 32 | joined cell + 1 */
	size_t slots;
	uint32_t *changed;       /* since the last round, each once; or all are */
	uint32_t n_changed, cap_changed;
	uint8_t *marked;         /* [cap] among the changed; NULL in the first round of lots */
	uint32_t *count;         /* [cap] of aggregate `counted` over all shards, in the first
				    round of lots; else NULL */
	uint32_t counted;
	bool all;
};

/* A shard's cell. */
struct joint_at {
	uint32_t shard, cell;
};

/* What a rule makes of a cell. */
enum cell_state {
	CELL_ABSENT, CELL_UNKNOWN, CELL_NO_HIT, CELL_SCOPE_OUT,
	CELL_FOUND,              /* by its partition, to be looked at by one thread */
	CELL_HIT, CELL_EXCEPTED,
};

/* A rule's cells of one partition. */
struct outcome {
	uint8_t *state;          /* [cap] enum cell_state by joined cell, up to CELL_FOUND */
	uint32_t cap;
	/* Of all but those found, and of compared cells looked at here. One that goes is taken
	 * off where it goes: only the sum over partitions counts. */
	struct account account;
	struct map64 value;      /* comparisons: found cell -> place in compared */
	struct compared *compared;
	uint32_t n, cap_compared;
	struct mention *mention; /* of the round: cells found now or before */
	uint32_t n_mention, cap_mention;
};

struct mention {
	uint32_t cell, at;       /* its place in compared, when it has one */
};

/* A cell that may be compared: its value, and what it must share with peers. */
struct compared {
	struct value x;
	uint32_t alike;          /* code in the partition's dictionary */
	uint32_t group, place;   /* that has it as a member there, or NO_INDEX */
};

struct partition {
	struct joint *joint;     /* [n_source] */
	struct outcome *outcome; /* [n_rule of the plan] */
	struct dict *alike;
};

/* A joined cell among all: partition << 32 | number there. */
typedef uint64_t cell_ref;

struct peer {
	cell_ref ref;
	uint32_t at;             /* its place in compared */
	uint8_t state, before;   /* enum cell_state; before: as told */
};

/* Cells to be compared with each other. */
struct peer_group {
	struct peer *member;
	uint32_t n, cap;
	bool touched;
	bool tells;              /* a hit, or takes one back */
	struct peers peers;      /* while it has hits to be told */
	struct value *sorted;    /* what peers points at */
};

/* Groups by the codes of a partition's dictionary. */
struct group_codes {
	uint32_t *group;         /* [n] number + 1, 0 = not asked for yet */
	uint32_t n;
};

/* What has been told of a rule. */
struct told {
	struct account account;  /* of found cells; of comparisons, those that fire */
	struct map64 state;      /* found cell -> enum cell_state; not of comparisons */
	struct dict *alike;      /* its code is the number of the group */
	struct group_codes *codes; /* [n] by partition */
	struct peer_group *group;
	uint32_t n_group, cap_group;
	uint32_t *touched;       /* groups */
	uint32_t n_touched, cap_touched;
};

struct shard_part {
	uint32_t shard, part;
};

struct joined {
	const struct plan *p;
	struct cells *const *shard;
	uint32_t n;
	const struct complete *complete; /* NULL: all periods are over */
	uint64_t version;        /* of it, when cells were last judged */
	uint32_t **global;       /* [shard] part -> the part's number for all shards */
	uint32_t *n_global, *cap_global;
	struct map64 part_of;    /* hash of a part -> number, stepped on when hashes meet */
	struct shard_part *part; /* by number: one that has it */
	uint32_t n_part, cap_part;
	uint32_t lots;           /* of a partition; later rounds have all in its first */
	struct split *split;     /* [shard][partition, lot][source] */
	bool *dealt;             /* [shard] into lots, in the first round */
	struct partition *partition; /* [n] */
	struct told *told;       /* [n_rule of the plan] */
};

/* One rule at work on cells. */
struct judging {
	struct joined *j;
	struct eval *e;          /* texts and scratch; it never sees a batch */
	const struct rule_plan *rp;
	const struct cell_source *s;
	const struct measure *m;
	struct value *agg;       /* [m->n_agg] of the cell in hand */
	struct value *key;       /* [s->n_key] of the cell in hand */
	uint32_t few;            /* aggregate that is a plain count to be at least `least`, or
				    NO_INDEX */
	struct rat least;
	uint32_t below;          /* `least` as a number of records, rounded up */
	struct told *told;
	const struct cell_sink *sink;
};

static inline const uint32_t *joint_cell(const struct joined *j, const struct joint *t, uint32_t i)
{
	return t->cell + (size_t)i * j->n;
}

static inline struct split *split_at(struct joined *j, uint32_t shard, uint32_t lot,
				     uint32_t source)
{
	return &j->split[((size_t)shard * j->n * j->lots + lot) * j->p->n_source + source];
}

/* ---- cells_join.c ---- */

/* Of a key, the same in all shards; of a single one 0, since nothing needs joining. */
uint64_t joined_hash(const struct joined *j, uint32_t shard, const struct cell *x, uint32_t n_key);
/* Whether no two keys have the same hash. */
bool joined_tells(const struct joined *j, uint32_t n_key);
/* Whether `of` has the key of the joined cell. */
bool joint_is(const struct joined *j, uint32_t source, const uint32_t *cell, struct joint_at of);
static inline uint32_t joined_lot(const struct joined *j, uint64_t hash)
{
	return (uint32_t)((uint64_t)(uint32_t)hash * (j->n * j->lots) >> 32);
}

/* ---- cells_lot.c: the first round, of more than one shard ---- */

/* How many lots a partition should have: one for a single shard. */
uint32_t lots_wanted(struct cells *const *shard, uint32_t n);
/* All cells, none of which counts as changed then. */
void lots_deal(struct joined *j, uint32_t shard);
void lots_join(struct joined *j, uint32_t partition, uint32_t source);

/* Fetches a joined cell's cells, which lie anywhere. Always in line: gcc takes a function that only
 * fetches for one without effect, and leaves its calls out. */
static inline __attribute__((always_inline)) void
joined_fetch(const struct judging *j, const uint32_t *cell)
{
	for (uint32_t s = 0; s < j->j->n; s++) {
		const struct table *t = &j->j->shard[s]->table[j->rp->source];
		const uint8_t *x = cell[s] ? (const uint8_t *)cell_at(t, cell[s] - 1) : NULL;

		if (x) {
			__builtin_prefetch(x);
			__builtin_prefetch(x + t->stride - 1);
		}
	}
}

/* ---- cells_sum.c: a joined cell's values ---- */

/* Records of all shards, whether any subject gives, and what `agg` counts (NO_INDEX: nothing). */
struct brief {
	uint64_t sure, count;
	bool there, unknown;
};
struct brief joined_brief(const struct judging *j, const uint32_t *cell, uint32_t agg);
uint64_t joined_count(const struct judging *j, const uint32_t *cell, uint32_t agg, bool *unknown);
const struct value *joined_key(const struct judging *j, const uint32_t *cell, uint32_t i);
struct value joined_value(struct judging *j, const uint32_t *cell, uint32_t agg);
/* The least text of a peers' field; p NULL when there is none. */
struct str joined_peer(const struct judging *j, const uint32_t *cell, uint32_t peer);

/* ---- cells_judge.c: what a cell says ---- */

void judging_init(struct judging *x, struct joined *j, struct dict *none);
void judging_fini(struct judging *x);
/* False when the rule is not about cells. */
bool judging_rule(struct judging *x, const struct rule_plan *rp);
void cell_frame(struct judging *j, struct frame *f, const uint32_t *cell);
enum cell_state cell_fires(struct judging *j, struct frame *f, const uint32_t *cell);
/* Tells the hit; CELL_HIT or CELL_EXCEPTED. */
enum cell_state cell_give(struct judging *j, struct frame *f, const uint32_t *cell, uint64_t id);
void state_count(struct account *a, enum cell_state state, int64_t times);
/* All changed cells of a partition by one rule. */
void outcome_judge(struct judging *j, struct partition *part, struct outcome *out);
