/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame.h - a worker's evaluator from the inside. Inside lib/ only.
 *
 * Three layers, each knowing only those above it in this list:
 *   predicate*.c  truth, number and key vectors of a whole batch, by slot, on demand
 *   eval_*.c      one value for one record, pair, group or cell: a frame
 *   form_*.c      rules: which records make a hit
 * Belongs to one thread; memory grows to the largest batch and stays.
 */
#pragma once

#include "lib/base/sort.h"
#include "lib/rule/company.h"
#include "lib/rule/order.h"
#include "lib/rule/plan.h"

#define TRUTH_UNSET 0xFFu
#define TRUTH_VARIES 0xFEu /* with the day, of a code that was looked up */
#define KEY_MISSING UINT64_MAX
#define KEY_VARIES (UINT64_MAX - 1) /* likewise */

/* What a code comes to on the days from .. to, where the tables it is looked up in have dates. */
struct spell {
	int32_t from, to;
	uint64_t value;          /* truth or key */
};

/* What a slot holds of the batch in hand. Buffers belong to the slot, `v` may borrow a column. */
struct slot {
	uint64_t stamp;          /* batch number the content is of */
	void *buf;
	size_t cap;
	const void *v;           /* uint8_t truth[n], int64_t number[n] or uint64_t key[n] */
	uint8_t *code_truth;     /* WAY_LOOKUP: per dense number, TRUTH_UNSET = not computed */
	uint64_t *code_key;      /* computed keys: per dense number, 0 = not computed */
	int64_t *code_number;    /* WAY_LOOKUP: per dense number, known where code_truth is 0 */
	uint32_t n_code;         /* WAY_DICT: place among the tests of its field + 1 */
	struct spell *spell;     /* [n_spell] per dense number, where it varies: found last */
	uint32_t n_spell;
	struct map64 pair_truth; /* WAY_CODES: dense << 32 | dense2 */
	bool none;               /* truth: false in all rows */
	/* truth: not made yet in some rows; numbers: some do not fit; keysets: some are missing */
	bool open;
	/* WAY_CODE_CONST: codes of the constants, 0 = not in the dictionary yet */
	uint32_t code[FEW_CODES];
};

/* Dense numbers of the distinct codes a field ever had; 0 = missing. */
struct domain {
	uint32_t *dense_of;      /* [n_code] by dictionary code, 0 = none yet */
	uint32_t n_code;
	uint32_t *code_of;       /* [n] by dense number */
	uint32_t n, cap;
	uint64_t stamp;
	uint32_t *row;           /* dense number per row of the batch */
	uint32_t cap_row;
	bool constant;           /* one for all rows */
};

/* Codes of a field that all its tests asked for so far say the same of (predicate_code.c). */
struct classes {
	const struct node **node; /* [n_node] WAY_DICT */
	uint32_t n_node, cap_node;
	uint8_t *truth;          /* [n][cap_node] */
	uint32_t n, cap;
	uint32_t *of;            /* [n_of] by dense number */
	uint32_t n_of, cap_of;
	struct map64 by_truth;
	bool indexed;
	uint8_t *room;           /* [cap_node] */
	uint64_t stamp;
	uint32_t *start, *row;   /* rows by class */
	uint32_t cap_start, cap_row;
	uint32_t largest;
};

/* Rows of a table that fit a code, by dense number. */
struct fits {
	uint32_t *at, *n;        /* [n_dense] place in `row`; UINT32_MAX in at = not computed */
	uint32_t n_dense;
	uint32_t *row;
	uint32_t n_row, cap_row;
};

/* Sums of rows marked while a rule is judged; touched rows are listed to be wiped again. */
struct marks {
	uint8_t *mark;           /* per row of the stream: enum mark */
	bool still;              /* what is held back leaves none */
	uint32_t cap;
	uint32_t *list;
	uint32_t n, cap_list;
};
enum mark { MARK_NONE, MARK_UNKNOWN, MARK_EXCEPTED, MARK_HIT };

/* Truth of one side's condition per row, and how many rows are inside scope and dates. */
struct filter {
	uint64_t stamp;          /* of the scope's own: batch number */
	uint8_t *truth;
	uint32_t cap;
	uint64_t inside;
};

/* A bucket's text, kept in `computed`. */
struct shown_bucket {
	enum bucket bucket;
	int64_t number;
	struct str text;
};
enum { SHOWN_BUCKETS = 256, WIDTHS = 4 };

/* Related records of the record or group in hand, in event order. */
struct kin_rows {
	enum stream stream;
	uint32_t n;
	const uint32_t *row;
	const uint8_t *truth;    /* per place; NULL = all sure */
	const struct node *tag;
};

/* One 关联 of the rule in hand: a subject's records by key, and those found last. */
struct kin {
	uint32_t subject;        /* NO_INDEX: none listed yet */
	struct sort_pair *pair;  /* (key, row), sorted */
	uint32_t n, cap;
	uint32_t *loose;         /* rows with a missing key */
	uint32_t n_loose, cap_loose;
	uint32_t *row;
	uint8_t *truth;
	uint32_t cap_row, cap_truth;
};

/* The rows of a stream by key within their subject (runs.c). */
struct run {
	uint32_t subject;        /* of the batch */
	uint32_t from, n;        /* row[from .. from + n) */
	uint64_t hash;
};
struct runs {
	uint64_t stamp;
	struct run *run;
	uint32_t *row;
	uint32_t n, n_row, cap_run, cap_row;
};

/* What evidence shows of each row of a stream, in one number. */
struct digests {
	uint64_t stamp;
	uint64_t *v;
	uint32_t cap;
};

/* What subjects give to a source. */
struct taken {
	struct contribution *v;
	uint32_t *row;
	uint32_t n, n_row, cap, cap_row;
	struct filter filter;
	bool none;
};

/* Stretches of a subject's rows brought together by their keys: of each group the first and the
 * last, and of each stretch the next of its group. */
struct alike {
	struct stretch_group {
		uint32_t first, last;
	} *v;
	uint32_t *next;          /* by stretch; NO_INDEX behind the last */
	uint32_t n, cap, cap_next;
	uint64_t *slot;          /* whose turn << 32 | group */
	uint32_t slots, turn;
};

/* How much of a column of the batch is missing. */
enum gaps { GAPS_NONE, GAPS_SOME, GAPS_ALL };
struct gaps_of {
	uint64_t stamp;
	enum gaps gaps;
};

struct eval {
	const struct plan *p;
	const struct dict *dict;
	const struct complete *complete; /* NULL: all periods are over */
	const struct batch *b;
	uint64_t stamp;
	uint32_t dict_count;     /* when constants were last looked up */
	struct slot *slot;       /* [n_node] */
	struct slot *key;        /* [n_node] key vectors */
	struct slot *keyset;     /* [n_keyset] hashes */
	struct slot *breaks;     /* [n_keyset] 1 where the keys are not those of the row before */
	struct slot *day;        /* [STREAM_COUNT] event date per row */
	struct slot *clock;      /* [FIELD_COUNT] dates as times */
	struct runs *runs;       /* [n_keyset] */
	struct digests digest[STREAM_COUNT];
	struct slot absent[WIDTHS + 1]; /* missing values by width, as long as the longest stream;
				    room to find them */
	struct domain *domain;   /* [FIELD_COUNT] */
	struct classes *classes; /* [FIELD_COUNT] */
	struct fits *fits;       /* [n_memo] */
	struct slot *join;       /* [n_memo] rows with a code that fits */
	struct account *account; /* [rs->n_rule] */
	struct dict *computed;   /* texts of computed keys */
	struct marks marks;
	/* of the rule in hand: whether records of the batch can be in trouble, or lack a field
	 * that can be told of; asked once */
	enum answer { NOT_ASKED, ANSWER_NO, ANSWER_YES } trouble, lacking;
	uint32_t unknown;        /* rows of the rule in hand that are unknown and not marked */
	struct gaps_of *gaps;    /* [FIELD_COUNT] */
	struct arena scratch;    /* values of one hit */
	struct taken *taken;     /* [n_source] */
	uint64_t *said;          /* per row: what a source says of it */
	int64_t *picked;         /* per row: what it adds to a sum */
	uint32_t cap_said, cap_picked;
	const struct batch *judged; /* whose vectors serve once more (eval_same_batch) */
	bool digests;            /* asked for: batches then have versions */
	struct filter scope[STREAM_COUNT][SCOPE_UNSETTLED + 1];
	struct filter filter[2]; /* of the sides of the rule in hand, per row */
	uint8_t *rest;           /* filter with the table row's conditions in it */
	uint8_t *excess, *beyond;/* per row of a group: of one window, of a run */
	uint32_t cap_rest, cap_excess, cap_beyond;
	struct alike alike;
	struct sort_pair *pair[2], *room;
	uint32_t cap_pair[2], cap_room;
	struct shown_bucket *shown; /* [SHOWN_BUCKETS] texts of buckets shown lately */
	uint32_t *rows, cap_rows;
	struct buf text;
	struct kin kin[RULE_RELATED];
	struct kin_rows kin_rows[RULE_RELATED];
	hit_fn *fn;
	void *fn_ctx;
	/* what an aggregate is being computed with */
	struct value *list;
	uint64_t *number;
	uint32_t cap_list, cap_number;
	uint32_t *quick_rows, cap_quick_rows;
	void *match;             /* PCRE2 match data */
};

enum { FRAME_MEMO = 12 };
#define DAY_OF_RECORD (INT32_MIN + 1)

/*
 * One completion of what is unknown about a group: a record is in or out, a 若 holds or not.
 * Choices are found while evaluating; all completions of up to MOST_CHOICES are tried.
 */
enum { MOST_CHOICES = 9 };
struct choices {
	uint32_t n, bits;
	bool many;               /* out: there were more; those count as out */
	bool all;                /* everything counts as in */
	struct {
		uint32_t row;
		const struct node *cond; /* NULL: the record itself */
	} of[MOST_CHOICES];
};

/* Where an expression is evaluated. frame_init sets it to nothing; the caller fills what it has.
 * Kept small up to `n_memo`: one is made for each record that is looked at alone. */
struct frame {
	struct eval *e;
	uint32_t at[RULE_ROLES]; /* record of each role for row-level reading */
	enum stream stream[RULE_ROLES];
	const struct kin_rows *kin; /* [n_related], when the rule has any */
	const uint32_t *rows[2]; /* records of the group in event order */
	uint32_t n[2];
	/* truth of the group's rows when some may be unknown; NULL = all sure */
	const uint8_t *filter;
	const struct knowledge *table;
	const struct value *key; /* a cell's key and aggregates */
	struct node *const *given_node;
	const struct value *given;
	const struct peers *peers; /* of the cell */
	uint32_t n_given;
	uint32_t table_row;
	int32_t day;             /* as of; MISSING_I32 = not known, DAY_OF_RECORD = that of at[0] */
	enum field code_field;   /* WAY_DICT: this field reads ... */
	uint32_t code;           /* ... this code */
	bool has_indicator, has_amount;
	struct choices *choices; /* what to make of unknown records; NULL = leave them out */
	uint32_t n_memo;
	struct value indicator, amount; /* when has_... */
	const struct node *memo_node[FRAME_MEMO];
	struct value memo[FRAME_MEMO];
};
/* A frame of one record of the group in f, as of the group's day; 若 of that record. */
void frame_member(struct frame *f, struct frame *inner, unsigned role, uint32_t row);
uint8_t frame_cond(struct frame *f, const struct node *cond, unsigned role, uint32_t row);

/* Whether an unknown record, or an unknown 若 of it, counts in the completion at hand. */
bool choose(struct frame *f, uint32_t row, const struct node *cond);

/* The rows an aggregate counts, in event order. */
struct agg_walk {
	struct frame *f;
	const struct node *n;
	const uint32_t *rows;
	const struct kin_rows *kin; /* related records, else NULL */
	uint32_t count, i;
};
void agg_start(struct agg_walk *w, struct frame *f, const struct node *n);
bool agg_next(struct agg_walk *w, uint32_t *row);

void agg_member(struct frame *f, struct frame *inner, const struct node *n, uint32_t row);

/* eval_trouble.c: why a value is unknown although all it is made of is known. */
enum trouble { TROUBLE_NONE, TROUBLE_WIDE, TROUBLE_ZERO };
enum trouble trouble_of(struct frame *f, const struct node *n);
/* Whether anything in it can fail so; most conditions compute nothing. */
bool trouble_computes(const struct node *n);
void trouble_of_row(struct eval *e, const struct rule_plan *rp, uint32_t row);
/* Whether any record of the batch can be in trouble: where a number of an expression is missing in
 * all of them none can. */
bool trouble_possible(struct eval *e, const struct rule_plan *rp);
void trouble_count(struct account *a, enum trouble t);

/* related.c: the related records of a row of the subject, for this frame until the next call. */
void related_find(struct frame *f, const struct rule_plan *rp, uint32_t subject, uint32_t row);
void related_reset(struct eval *e);
void related_free(struct eval *e);

/* The day look-ups are as of. */
int32_t frame_day(struct frame *f);
void frame_init(struct frame *f, struct eval *e);
void frame_row(struct frame *f, struct eval *e, enum stream s, uint32_t row);

/* eval_node.c: one value. */
struct value node_value(struct frame *f, const struct node *n);
enum truth node_truth(struct frame *f, const struct node *n);

/* eval_func.c, eval_agg.c, eval_lookup.c: parts of node_value. */
struct value func_value(struct frame *f, const struct node *n);
struct value agg_value(struct frame *f, const struct node *n);
struct value agg_peers(struct frame *f, const struct node *n);
struct value lookup_value(struct frame *f, const struct node *n);
enum truth inlist_truth(struct frame *f, const struct node *n);
/* The row a LOOKUP or INLIST finds, KNOWLEDGE_NONE when it finds none. */
uint32_t lookup_row(struct frame *f, const struct node *n);
/* Rows of a memo's table that fit a dense code on any day, ascending. */
bool table_fits(struct eval *e, uint32_t memo, uint32_t dense, uint32_t row);
const uint32_t *table_rows(struct eval *e, uint32_t memo, uint32_t dense, uint32_t *n);
bool table_in_force(const struct knowledge *k, uint32_t row, int32_t day);
bool table_undated(const struct knowledge *k, uint32_t row);

/* Open ends are MISSING_I32; what has no day is in force on any. */
static inline bool in_force(int32_t from, int32_t until, int32_t day)
{
	return day == MISSING_I32 || ((from == MISSING_I32 || from <= day) &&
				      (until == MISSING_I32 || day <= until));
}
/* Whether what `n` looks up is the same on any day for these codes, dense numbers of its own domain
 * and domain2; `of` is the node that has these. */
bool codes_steady(struct eval *e, const struct node *n, const struct node *of,
		  const uint32_t *dense);
/* Narrows a spell to the days around `day` on which what `n` looks up by its one code stays. */
void code_spell(struct eval *e, const struct node *n, uint32_t dense, int32_t day,
		struct spell *spell);
/* The place of a code's spell, made without any day in it. */
struct spell *spell_at(struct slot *s, uint32_t dense);
bool key_matches(const struct knowledge *k, uint32_t key, struct str text, uint32_t row);
bool regex_matches(struct eval *e, void *regex, struct str s);
struct value cell_value(const struct knowledge *k, uint32_t row, uint32_t col);

/* predicate*.c: vectors over all rows of the node's stream in the batch. */
const uint8_t *slot_truth(struct eval *e, const struct node *n);
const int32_t *slot_day(struct eval *e, enum stream s);
/* What makes them, once a batch; asked for by those below. */
const uint8_t *make_start(struct eval *e, const struct node *n);
uint8_t make_truth_at(struct eval *e, const struct node *n, uint32_t row);
const int64_t *make_number(struct eval *e, const struct node *n);
const uint64_t *make_key(struct eval *e, const struct node *n, enum stream s);
const uint64_t *make_keyset(struct eval *e, const struct keyset *k, enum stream s);
const uint32_t *make_domain_rows(struct eval *e, enum field f);

/* As slot_truth, but where it is made row by row TRUTH_UNSET until somebody asks. */
static inline const uint8_t *slot_start(struct eval *e, const struct node *n)
{
	return e->slot[n->id].stamp == e->stamp ? e->slot[n->id].v : make_start(e, n);
}

static inline uint8_t slot_truth_at(struct eval *e, const struct node *n, uint32_t row)
{
	uint8_t t = n->stream == STREAM_COUNT ? TRUTH_UNSET : slot_start(e, n)[row];

	return t != TRUTH_UNSET ? t : make_truth_at(e, n, row);
}

static inline const int64_t *slot_number(struct eval *e, const struct node *n)
{
	return e->slot[n->id].stamp == e->stamp ? e->slot[n->id].v : make_number(e, n);
}

static inline const uint64_t *slot_key(struct eval *e, const struct node *n, enum stream s)
{
	return e->key[n->id].stamp == e->stamp ? e->key[n->id].v : make_key(e, n, s);
}

static inline const uint64_t *slot_keyset(struct eval *e, const struct keyset *k, enum stream s)
{
	return e->keyset[k->id].stamp == e->stamp ? e->keyset[k->id].v : make_keyset(e, k, s);
}

static inline const uint32_t *domain_rows(struct eval *e, enum field f)
{
	return e->domain[f].stamp == e->stamp ? e->domain[f].row : make_domain_rows(e, f);
}
uint32_t domain_dense(struct eval *e, enum field f, uint32_t code);
void *slot_room(struct slot *s, size_t bytes);

enum gaps column_gaps(struct eval *e, enum field f);

/* predicate_code.c: a test of one code, for all rows. */
void test_dict(struct eval *e, const struct node *n, uint8_t *out);
void classes_free(struct eval *e);
/* The same for one row, as of a day. */
uint8_t dict_truth_on(struct eval *e, const struct node *n, uint32_t row, int32_t day);

/* A gathered column, or one of missing values when nobody gathered it. */
const void *slot_column(struct eval *e, enum field f);

/* The number of a computed value, KEY_MISSING when it is missing. */
uint64_t key_number(struct eval *e, struct frame *f, const struct node *n);

/* Same keys in two rows, hashes being equal. */
bool keyset_same(struct eval *e, const struct keyset *a, uint32_t row_a, enum stream sa,
		 const struct keyset *b, uint32_t row_b, enum stream sb);

/* runs.c: all rows by a keyset of their own stream, brought together once per batch. */
const struct runs *key_runs(struct eval *e, const struct keyset *k);
/* runs.c: stretches of neighbours with the same keys, of a subject's rows, into e->pair[0]: first
 * row << 32 | how many. With a filter of those that pass. Returns their number. */
uint32_t key_stretches(struct eval *e, const struct keyset *k, const uint8_t *filter,
		       uint32_t subject);
/* These n stretches by groups, in the order in which each began. */
const struct alike *stretches_alike(struct eval *e, const struct keyset *k, uint32_t n);
/* Whether so many rows pass that they are better picked from the runs than taken by themselves. */
bool runs_pay(struct eval *e, const struct keyset *k, const uint8_t *truth);
void runs_free(struct eval *e);

/* predicate.c: the filter of one side of a rule: scope, the rule's dates and conjuncts. NULL when
 * no row can pass. */
const uint8_t *side_filter(struct eval *e, const struct side *s, enum rule_scope scope,
			   struct filter *out);

/* A row-level test, folded into `out`; false when nothing is left. */
bool filter_fold(struct eval *e, const struct node *n, uint8_t *out);

/* Truth bytes folded into `out`; false when nothing is left. */
bool filter_and(uint8_t *out, const uint8_t *truth, uint32_t n);

/* The first row in [from, to) that is true; `to` when there is none. */
uint32_t filter_true(const uint8_t *truth, uint32_t from, uint32_t to);
/* The first row in [from, to) that is not false; `to` when there is none. */
uint32_t filter_next(const uint8_t *truth, uint32_t from, uint32_t to);

/* Calendar. */
int64_t bucket_number(enum bucket b, int64_t time, bool is_date, const struct rule_settings *set);
struct value bucket_value(struct eval *e, enum bucket b, int64_t number);
int32_t bucket_start(enum bucket b, int64_t number, const struct rule_settings *set);
int64_t row_time(struct eval *e, enum field f, uint32_t row);
/* 结伴, 结伴名单 of who came when; sorts `m`. */
struct value company_value(struct frame *f, const struct node *n, struct meeting *m, uint32_t k);
/* The same of all rows; a date is its midnight. */
const int64_t *slot_time(struct eval *e, enum field f);
uint64_t visit_key(struct eval *e, enum bucket bucket, enum stream s, uint32_t row);

/* eval_hit.c: hand a hit to the caller. */
struct hit_group {
	const struct rule_plan *rp;
	struct frame *frame;     /* the records, and where values are evaluated */
	uint32_t subject;        /* batch subject */
	/* per row of the group: beyond the limit; NULL = by the rule's own trigger */
	const uint8_t *excess;
	const struct value *observed, *limit; /* NULL = the expressions' values */
};
struct hit_record hit_record_of(struct eval *e, const struct side *s, uint32_t at);
/* True when an exception took it. */
bool hit_give(const struct hit_group *g);

/* eval_held.c: whether 除外 held back a hit of a plan that is_held, and why (for the call). */
bool held_back(const struct hit_group *g, struct str *reason);

/* Rows of the group beyond `limit` in event order, or'ed into `excess`; false when the trigger
 * has no such shape. */
bool hit_excess(struct frame *f, const struct rule_plan *rp, const struct value *limit,
		uint8_t *excess);

/* eval.c: take up a batch; every slot is stale from now on. */
void eval_start(struct eval *e, const struct batch *b);

/* form_*.c: one rule over the batch. */
void form_each(struct eval *e, const struct rule_plan *rp);
void form_group(struct eval *e, const struct rule_plan *rp);
void form_pair(struct eval *e, const struct rule_plan *rp);
void mark_row(struct eval *e, uint32_t row, enum mark m);
void note_unknown(struct eval *e, const struct rule_plan *rp, uint32_t row);
