/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval.h - judge a batch by a rule set: hits out, and what each rule made of every record.
 *
 * plan: what a rule set needs computed, every distinct predicate once, immutable and shared.
 * eval: one worker's scratch over one timeline's dictionary; steady state allocates nothing.
 * Rules whose subject is a person (person_local) hit at once. Others (facility, practitioner,
 * compare) give contributions to cells; their hits come from a second pass over the same
 * subjects once the cells have been judged (see lib/stat/cells.h).
 * A hit is a pure function of the batch, the rule and its knowledge: no order of subjects,
 * no batching and no thread count changes it.
 * Knows batches, rules and knowledge; not how findings are kept or told.
 */
#pragma once

#include "lib/batch/batch.h"
#include "lib/rule/complete.h"
#include "lib/rule/ruleset.h"
#include "lib/rule/value.h"

struct plan;
struct eval;

/* Role a record plays in a hit. */
enum hit_role {
	HIT_THIS,     /* 本次: the record itself, or 乙 of a pair */
	/* 对照: 甲 of a pair, the table's other side, the group's lines within the limit */
	HIT_AGAINST,
	HIT_EXCESS,   /* 超出部分: lines beyond the limit, in event order */
	HIT_PART,     /* a member of the group that carries a share of the amount */
};

struct hit_record {
	enum stream stream;
	uint32_t at;           /* row of the batch's stream */
	uint32_t row;          /* handle of the timeline */
	enum hit_role role;
	int64_t time;          /* event time in seconds, MISSING_I64 when it has none */
	/* its part in the amount: shares are weight / sum of weights; 0 = bears nothing */
	int64_t weight;
	/* fund money paid on it and its in-scope amount (10^-6 yuan); MISSING_I64 = not known */
	int64_t fund, base;
};

struct hit {
	const struct rule *rule;
	uint32_t rule_index;
	/* timeline subject (person rules) or the first contributing one */
	uint32_t subject;
	uint32_t n_key;
	const struct value *key;   /* codes as codes, buckets as shown ("2026-03") */
	uint32_t table_row;        /* 按表 row, KNOWLEDGE_NONE */
	int64_t begin, end;        /* seconds: first and last event time of the records */
	struct value observed, limit, amount;  /* amount in yuan */
	/* the amount is fund money itself, so its fund share is all of it */
	bool amount_is_fund;
	uint32_t n_say;
	/* one per say_part with an expression, in order; codes as codes */
	const struct value *say;
	uint32_t n_record;
	const struct hit_record *record;  /* sorted by (event time, stream, identity) */
	uint32_t n_except;
	const struct value *except;   /* values of 例外按 */
	bool excepted;             /* an exception row takes it: reported in the ledger only */
	const struct exception *exception;
	/* why the rule's own 除外 holds it back (then `excepted` as well), empty when it does not:
	 * the part of 除外 that holds, as written, and the row of the table it found */
	struct str held;
};

typedef void hit_fn(void *ctx, const struct hit *h);

/* Per rule over live records of its stream and role 乙 for pairs: scope_out + hit + excepted +
 * unknown + no_hit = records. */
struct account {
	uint64_t records, scope_out, hit, excepted, unknown, no_hit;
	uint64_t hits, excepted_hits;             /* findings; none that 除外 holds back */
	/* what could not be computed although nothing was missing: records (of `unknown`), groups
	 * and amounts whose numbers do not fit 128-bit fractions, or were divided by zero */
	uint64_t too_wide, by_zero;
	/* a field that was missing, for the report; FIELD_NONE = none seen */
	enum field unknown_field;
};

struct plan *plan_new(const struct ruleset *rs);
void plan_free(struct plan *p);
const struct ruleset *plan_ruleset(const struct plan *p);

/* Fields to gather for this plan (bitmap over enum field). */
const uint8_t *plan_wanted(const struct plan *p);

/* Number of cell sources. */
uint32_t plan_sources(const struct plan *p);

/* Whether any active rule needs cells: facility subjects, other keys, comparisons. */
bool plan_has_cells(const struct plan *p);

/* Scratch over one dictionary, which may grow between batches. Borrows both. */
struct eval *eval_new(const struct plan *p, const struct dict *dict);
void eval_free(struct eval *e);

/* Which periods are over, borrowed until the next call; NULL (as made): all. */
void eval_complete(struct eval *e, const struct complete *c);

/* Judge all person-local active rules over the batch; `only` (bitmap over rule index) restricts,
 * NULL = all. */
void eval_batch(struct eval *e, const struct batch *b, const uint8_t *only, hit_fn *fn, void *ctx);

/* Per-rule accounts since eval_new, [n_rule]. */
const struct account *eval_accounts(const struct eval *e);

/*
 * What the subjects of a batch give to the cells of one source. A contribution is what one
 * subject has in one cell; all its records have the cell's key, as numbers of this evaluator.
 * Sums are integers at the scale of the aggregate's argument, or, where there is none, kept as
 * fractions. Everything lives for the call.
 */
struct contribution {
	uint64_t hash;           /* of its key; another key may have the same */
	uint32_t subject;        /* of the timeline */
	uint32_t from, n;        /* its records: row[from .. from + n) */
	uint32_t sure;           /* records that are in the cell for sure */
	uint64_t digest;         /* of all that evidence shows of them; 0 without eval_digests */
};

/* Of one aggregate, or of a peers' field: then `sum` is the number of its least value among the
 * records, and `count` tells whether there is one. */
struct partial {
	int64_t sum;
	uint32_t count;
	uint32_t unknown;        /* 1: a summand is missing, or a record may or may not count */
};

/* What is no integer: a sum without a scale, values that cannot be counted by themselves. */
struct partial_kept {
	struct rat sum;
	uint32_t n;
	const struct str *value;
};

struct contributions {
	uint32_t source, n;
	const struct contribution *v;
	const uint32_t *row;
	const uint64_t *const *key;      /* [n_key] numbers, by row */
	const struct partial *partial;   /* [n][aggregates, then peers' fields] */
	const struct partial_kept *kept;         /* of the same shape, NULL when nothing is kept */
};
typedef void contribution_fn(void *ctx, const struct contributions *c);
/* The hash that contributions with this key have. */
uint64_t eval_key_hash(const uint64_t *number, uint32_t n_key);
/* The next eval_contributions is of the batch that eval_batch had last, unchanged since: what was
 * made of it is used. */
void eval_same_batch(struct eval *e);
void eval_contributions(struct eval *e, const struct batch *b, contribution_fn *fn, void *ctx);

/* Contributions get a digest of their records from now on: what evidence would show of one changes
 * only with its version, or with what was computed for it. */
void eval_digests(struct eval *e);

/* A source's i-th key, then its peers' fields, of a row of the batch in hand. Texts are borrowed:
 * copy what shall outlive the call. */
struct value eval_key_value(struct eval *e, uint32_t source, uint32_t i, uint32_t row);

/* The number of a peers' field of a row; UINT64_MAX when it is missing. */
uint64_t eval_peer_number(struct eval *e, uint32_t source, uint32_t peer, uint32_t row);

/* Texts of values that are kept one by one: they sort and come back exactly. False when a value
 * does not fit. `timed` values have the time of their record before them. */
void partial_time(struct buf *out, int64_t time);
bool partial_text(struct buf *out, const struct value *v);
struct value partial_value(struct str text, enum type t, bool timed);
/* Whether an aggregate keeps the times of its values, and the time before one. */
bool partial_timed(enum agg agg);
int64_t partial_time_of(struct str text);

/*
 * Second pass, for fired cells: eval_evidence calls `fn` with every record of the batch that
 * stands behind one. `fired` gives the hits of the cell of the i-th contribution one after another,
 * false behind the last: which it is (UINT32_MAX asks for the first), what it measures, and whether
 * all records bear it; otherwise, of a quotient, those the numerator counts.
 */
struct measure;
struct fired_hit {
	uint32_t hit;
	const struct measure *measure;
	bool all_bear;
};
typedef bool fired_fn(void *ctx, const struct contributions *c, uint32_t i, struct fired_hit *h);
typedef void evidence_fn(void *ctx, uint32_t hit, const struct batch *b,
			 const struct hit_record *r);
void eval_evidence(struct eval *e, const struct batch *b, fired_fn *fired, void *fired_ctx,
		   evidence_fn *fn, void *ctx);
