/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.h - what a rule set needs computed, laid out for the evaluator. Inside lib/ only.
 *
 * Expressions become nodes: lets put in their places, parameters folded, each distinct node of
 * the whole rule set kept once. A row-level node over one role has a way to be computed
 * for all rows of a stream at once (enum way); its number is its slot in every eval.
 * Conditions are split at 且: conjuncts over one role are slots shared by all rules that
 * have them, conjuncts that join a table's key drive the look-up, the rest is tried per pair.
 * Immutable after plan_new, shared by all threads.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/map.h"
#include "lib/rule/eval.h"

#define NO_INDEX UINT32_MAX

enum way {
	WAY_NONE,        /* only for one group or pair at a time */
	/* truth bytes per row */
	WAY_CONST,       /* the same for all rows */
	WAY_FLAG,        /* a flag column as it is */
	WAY_CMP_CONST,   /* numbers against a constant */
	WAY_CMP,         /* numbers against numbers */
	WAY_CODE_CONST,  /* code is (not) one of a few constants */
	WAY_CODE,        /* code is (not) another code */
	WAY_NULL,
	WAY_AND, WAY_OR, WAY_NOT,
	WAY_DICT,        /* anything that depends on one code: once per distinct value */
	WAY_CODES,       /* on two codes: once per pair of values that is asked for */
	WAY_ROW,         /* anything else: row by row, remembered */
	/* 64-bit numbers per row, at 10^-scale */
	WAY_COLUMN,      /* a column as it is, or widened */
	WAY_ADD, WAY_SUB, WAY_MUL, WAY_NEG,
	WAY_DAY,         /* the date of a time */
	WAY_FIRST,       /* the first that is not missing */
	WAY_LOOKUP,      /* a table's number for one code, as of the record's day */
};

enum { FEW_CODES = 4 };

/* lo <= v <= hi, or the opposite. */
struct range {
	int64_t lo, hi;
	bool outside;
};

struct node {
	enum expr_op op;
	enum type type;
	uint8_t roles;            /* bit per role read */
	uint8_t role;             /* FIELD, BUCKET, AGG */
	bool group;               /* needs a group: aggregates, keys, peers, table row */
	bool mixed;               /* AGG of related records: reads the record in hand as well */
	bool dated;               /* looks something up as of a day */
	enum stream stream;       /* of the role read, STREAM_COUNT when none or several */
	enum field field;         /* FIELD; BUCKET: the event time */
	enum bucket bucket;
	enum agg agg;
	enum func func;
	uint32_t index, n_arg;
	struct node **arg;
	struct node *cond;
	struct rat rat;
	struct str text;
	const struct knowledge *table;
	void *regex;

	uint32_t id;              /* slot */
	enum way way;             /* truth or numbers for all rows at once */
	int scale;                /* numbers: value * 10^scale lies in the vector */
	/* WAY_DICT and computed keys: the one field whose codes it depends on; WAY_CODES: two */
	enum field domain, domain2;
	struct range range;       /* WAY_CMP_CONST: where it is true */
	const struct rat *number; /* LOOKUP of a number column: [n_row], den 0 = missing */
	const int64_t *scaled;    /* WAY_LOOKUP: the same at `scale` */
	/* LOOKUP, INLIST over one code: number of its table memo, else NO_INDEX */
	uint32_t memo;
};

/* Whether an aggregate may take its argument from a vector: those are as of the record's day. */
static inline bool takes_vector(const struct node *agg)
{
	return agg->arg[0]->way >= WAY_COLUMN && !agg->arg[0]->dated && !agg->mixed;
}

/* Keys of a group or pair side: hashed together once per batch. */
struct keyset {
	uint32_t id, n;
	uint32_t n_user;          /* sides that have it */
	enum stream stream;
	struct node **node;       /* row level, role 0, each with a WAY_KEY_* or code column */
};

/* `field 是 r.key`: rows of the table that fit a record. */
struct join {
	const struct knowledge *table;
	uint32_t key;             /* which key of the table */
	struct node *field;       /* role's code field; NULL = no such conjunct */
	uint32_t memo;            /* memo of fits per code */
};

struct side {
	enum stream stream;
	uint32_t n_conj;
	struct node **conj;       /* role 0 form, cheap ones first */
	struct keyset *keys;      /* NULL = none */
	struct join join;
	enum field time, end;     /* event time; end of a stay or visit, else the time */
	enum field weight, base, fund, settled;
	int32_t from, until;      /* the rule's own dates, MISSING_I32 = open */
};

/* 关联: records found by keys that `mine` has of the record in hand and `theirs` of them. */
struct related_plan {
	struct side side;         /* of the related stream */
	struct keyset *mine, *theirs;
	struct window window;
	struct node tag;          /* what choices about its records are remembered by */
};

/* A sum the trigger asks to be at least so much: below it the trigger is false. */
struct bound {
	const struct node *of;    /* what is summed, a vector; NULL when there is no such sum */
	int64_t least;            /* at its scale */
};

/* A condition over both records of a pair that is read from vectors (plan_pair.c). */
enum pair_op {
	PAIR_SIDE,               /* of[0]: a test of one record */
	PAIR_CODES,              /* two code fields are the same */
	PAIR_NUMBERS,            /* of[0] - of[1] lies in a range */
	PAIR_AND, PAIR_OR,
};
struct pair_test {
	enum pair_op op;
	bool negated;
	uint8_t role[2];         /* whose records */
	const struct node *of[2];
	struct range range;
	uint32_t n_arg;
	struct pair_test *arg;
};

struct rule_plan {
	const struct rule *rule;
	uint32_t index;           /* whose account; of `held` one that nobody reads */
	/* The same rule over what its 除外 takes out, NULL when it has none: of one record or pair
	 * where it holds, of a person's group with the records it holds for counted in. What that
	 * finds without a record the rule itself tells was held back. Of cells, a plan of its own
	 * behind the rule's: those that the records taken out make by themselves. */
	struct rule_plan *held;
	bool is_held;
	struct str held_by;       /* held cells: the parts of 除外, joined */
	struct node **reason;     /* held: [rule->n_unless] */
	struct node *unless;      /* held group: row level, NULL when it needs the table's row */
	uint32_t n_side;
	struct side side[2];
	struct window *table_window; /* WINDOW_TABLE: [table->n_row] */
	uint32_t n_rest;
	/* conjuncts of both roles, of the table row, or as of the pair's day */
	struct node **rest;
	/* of a pair the same once more: those that need no frame, and the others */
	uint32_t n_quick, n_slow;
	const struct pair_test **quick;
	struct node **slow;
	struct node **key;        /* [rule->n_key], may hold EXPR_KEY's meaning */
	struct node *when, *amount, *observed, *limit;
	struct node **say;        /* [n_say], parts with an expression only */
	uint32_t n_say;
	uint32_t n_related;
	struct related_plan *related;
	bool alone;               /* each: no table, no other records; `when` is one of the tests */
	bool quick_when;          /* group: quick.c can tell of the trigger */
	bool rising;              /* more records can only make `when` truer */
	uint32_t least;           /* with fewer records, unknown ones counted in, it is false */
	/* the same where no value of the column `distinct` is missing; FIELD_NONE: none */
	uint32_t least_distinct;
	enum field distinct;
	struct bound bound;
	bool amount_is_fund;
	bool bears[2];            /* pair: which records carry the amount */
	/* the calendar bucket a group is as of the start of, NULL = its last record */
	struct node *anchor;
	uint32_t source;          /* compare and cell rules: cell source, else NO_INDEX */
	struct measure *measure;  /* the same rules', else NULL */
	uint32_t *peer;           /* compare: [n_peer_key] places among the source's peer nodes */
	uint32_t subject_key;     /* cells: key that names the subject */
};

/* What is summed up per cell for all measures that take the same records by the same keys. */
struct cell_source {
	struct side side;
	uint32_t n_key;
	struct node **key;        /* row level */
	uint32_t n_agg;
	struct node **agg;        /* aggregates of all measures */
	bool *counted;            /* [n_agg] distinct of persons or visits: counts add up */
	uint32_t n_peer;          /* row-level nodes of 同类, kept per cell as least text */
	struct node **peer;
	uint32_t n_bear;          /* conditions of all measures' numerators, each once */
	struct node **bear;
	enum rule_scope scope;
};

/* What is read from the cells of a source: an indicator, or a rule whose subject is no person. */
struct measure {
	const struct indicator *indicator;   /* NULL: a rule's own */
	uint32_t source;
	uint32_t n_agg;
	struct node **agg;        /* aggregates of all rules that read it */
	uint32_t *place;          /* of each among the source's */
	struct node *value, *enough;
	uint32_t n_bear;
	/* conditions of the numerator's aggregates; a record bears if any holds; 0 = all do */
	struct node **bear;
};

/* The numbers of one column of a table, read once. */
struct table_numbers {
	const struct knowledge *table;
	uint32_t col;
	struct rat *number;
};

struct table_memo {
	const struct knowledge *table;
	enum field field;         /* whose codes */
	uint32_t key;             /* joins: which key; NO_INDEX: whole-key look-up */
};

struct plan {
	const struct ruleset *rs;
	struct arena arena;
	uint8_t *wanted;
	struct map64 seen;        /* hash of node -> index of chain */
	struct node **node;
	uint32_t n_node, cap_node;
	struct keyset **keyset;
	uint32_t n_keyset, cap_keyset;
	struct table_memo *memo;
	uint32_t n_memo, cap_memo;
	struct table_numbers *numbers;
	uint32_t n_numbers, cap_numbers;
	struct rule_plan **rule;  /* active rules, by rule index order, and cells held back */
	uint32_t n_rule;
	struct cell_source *source;
	uint32_t n_source;
	bool domain[FIELD_COUNT]; /* code fields that get dense numbers */
	struct visit_fields {
		enum field visit, facility, kind;
	} visit[STREAM_COUNT];    /* what tells visits apart, of the streams rules look at */
};

/* plan_node.c: where an expression stands decides what its names mean. */
struct scope {
	const struct rule *rule;      /* whose lets, or NULL */
	enum stream stream[RULE_ROLES]; /* of the roles */
	struct node **key;            /* what EXPR_KEY means, or NULL */
	uint32_t n_key;
	bool flat;                    /* read role 1 as role 0: the slot of one side */
	bool cell;                    /* keys come from a cell, so fields that are keys do too */
};
struct node *plan_node(struct plan *p, const struct expr *e, const struct scope *sc);
struct node *plan_node_not(struct plan *p, struct node *a);
struct node *plan_node_bucket(struct plan *p, enum bucket bucket, enum stream s);
uint32_t plan_memo(struct plan *p, const struct knowledge *t, enum field f, uint32_t key);
const struct rat *plan_numbers(struct plan *p, const struct knowledge *t, uint32_t col);
struct keyset *plan_keyset(struct plan *p, enum stream s, struct node **node, uint32_t n);
void plan_want(struct plan *p, enum field f);
void plan_want_visit(struct plan *p, enum stream s); /* what tells one visit from another */

/* plan_way.c: how a row-level node is computed for all rows. */
void plan_way(struct plan *p, struct node *n);
/* plan_bound.c: the bound of a trigger's first 合计 without 若 that has one. */
struct bound plan_bound(const struct node *when);

/* value * 10^scale op c * 10^scale as a range of integers; false when it does not fit. */
bool plan_range(struct range *out, struct rat c, int scale, enum expr_op op);
enum expr_op plan_mirrored(enum expr_op op);

/* plan_pair.c: a condition over a pair as a quick test, NULL when it needs a frame. */
struct pair_test *plan_pair_test(struct plan *p, const struct expr *e, const struct scope *sc);

/* Event time, money and settlement fields of a stream. */
void plan_side(struct plan *p, struct side *side, enum stream s);

/* plan_related.c */
void plan_related(struct plan *p, struct rule_plan *rp);
/* Whether an expression inside an aggregate reads records of one related role and nothing else. */
bool plan_reads_only(const struct expr *e, unsigned role);

/* quick.c: whether a group's trigger is made of what it knows. */
bool quick_fits(const struct node *when);

/* plan_cell.c */
void plan_cells(struct plan *p);
