/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reference.h - the slow, obvious evaluator: what a checked rule says of a world.
 *
 * Row at a time, expression by expression, exact fractions, all completions of what is
 * unknown tried one by one (docs/decisions/0007-meaning-of-unknown.md). Written from the
 * manual; it shares the rule's tree with the engine and nothing else.
 */
#pragma once

#include "lib/rule/ruleset.h"
#include "tests/reference/world.h"

/* Findings as lines of text, one per finding. */
struct lines {
	struct arena arena;
	char **line;
	uint32_t n, cap;
	uint32_t hit, unknown; /* records, for rules that ref_counts() */
	bool too_wide;      /* more completions than can be tried: the case says nothing */
	int64_t amount;     /* of all findings that are not excepted, in fen */
	uint32_t excepted;
};

void lines_init(struct lines *l);
void lines_fini(struct lines *l);
void lines_add(struct lines *l, struct str text);
void lines_sort(struct lines *l);

/* One finding on its way to a line; records sorted by the line itself. */
struct found_record {
	const char *name;   /* stream, facility, visit and serial */
	const char *role;
};
struct found {
	struct str rule;
	uint32_t n_key;
	struct str key[16];
	struct str observed, limit;
	bool has_amount, excepted;
	struct str held;    /* the part of 除外 that holds it back, if any does */
	int64_t amount;     /* fen */
	int64_t begin, end; /* first and last event time */
	uint32_t n_record;
	struct found_record record[512];
};
void lines_found(struct lines *l, struct found *f);

/* ---- choices: what is unknown is tried both ways ---- */

enum { MAX_CHOICES = 9 };
struct oracle {
	bool counting;      /* false: nothing unknown counts */
	uint32_t n, asked;  /* choices given, choices asked for so far */
	bool bit[MAX_CHOICES];
	const void *about[MAX_CHOICES];
	const char *what[MAX_CHOICES];
	bool too_many;
};
bool oracle_choose(struct oracle *o, const void *about, const char *what);
/* The next completion; false when all have been tried. */
bool oracle_next(struct oracle *o);

/* ---- one value ---- */

/* Where an expression is read. */
struct scene {
	const struct world *w;
	const struct ruleset *rs;
	const struct rule *r;
	struct arena *a;
	struct oracle *o;
	const struct row *role[RULE_ROLES];
	const struct row **group;      /* in event order */
	uint32_t n_group;
	const struct row **doubt;      /* cells: records that may be in it; they are not tried */
	uint32_t n_doubt;
	const struct knowledge *table;
	uint32_t table_row;
	int32_t day;                   /* as of */
	uint32_t n_key;
	struct value *key;
	struct value indicator, amount;
	bool held;                     /* the rule without its 除外: what that held back */
	const bool *told;              /* held: rows the rule itself tells */
	bool *hit, *unknown;           /* per row of the stream: what became of it */
	struct value *peer;            /* values of the peers, the cell's own too */
	uint32_t n_peer;
};
struct value ref_value(struct scene *s, const struct expr *e);
enum truth ref_truth(struct scene *s, const struct expr *e);

/* The calendar bucket (or visit, stay) of a row, as it is shown; its first day. */
struct value ref_bucket(struct scene *s, const struct row *r, enum bucket b);
int32_t ref_bucket_start(const struct ruleset *rs, int32_t day, enum bucket b);

/* Whether a row of a table is in force on a day, and whether a key cell fits a text. */
bool ref_in_force(const struct knowledge *k, uint32_t row, int32_t day);
bool ref_key_fits(const struct knowledge *k, uint32_t key, uint32_t row, struct str text);

/* ---- 关联 ---- */

/* Records of a related role in the completion at hand: those there for sure, and chosen ones. */
uint32_t ref_related(struct scene *s, unsigned role, const struct row **out);
/* Whether a row counts in an aggregate; of one nothing is known of, a choice. */
bool ref_counts_row(struct scene *in, const struct expr *e);
/* What an unknown condition of an aggregate is remembered by. */
const char *ref_choice_name(struct scene *s, const struct expr *cond);
/* The trigger about one record or pair, decided when every completion agrees. */
enum truth ref_trigger(struct scene *s, struct lines *out);
/* Related records the trigger counts, each once, join the finding. */
void ref_found_related(struct scene *s, struct found *f);

/* ---- rules ---- */

/* What the rule finds, into `out`. */
void reference_judge(const struct world *w, const struct ruleset *rs, const struct rule *r,
		     struct lines *out);
void reference_cells(const struct world *w, const struct ruleset *rs, const struct rule *r,
		     struct lines *out);

/* Records of one key: of one person, or of all for other subjects. */
enum { REF_ROWS = 512 };
struct ref_group {
	const char *psn;
	struct value key[16];
	const struct row **row;
	bool *maybe;                   /* nobody knows whether it passes */
	uint32_t n;
};

/* Whether the reference also counts what became of each record under the rule. */
bool ref_counts(const struct rule *r);

/* The scene's rule about pairs; whether a row is in a rule's scope; its conditions. */
void ref_judge_pair(struct scene *s, struct lines *out);
bool ref_in_scope(const struct rule *r, const struct row *x);
enum truth ref_passes(struct scene *s);

/* Shared by the two above. Groups of the scene's rule, in the scene's arena. */
struct ref_group *ref_groups(struct scene *s, uint32_t *n);
/* The rows [lo, hi) of a group in the completion at hand, or those sure, become the scene's. */
void ref_complete(struct scene *s, const struct ref_group *g, uint32_t lo, uint32_t hi,
		  const struct row **row);
void ref_sure_rows(struct scene *s, const struct ref_group *g, uint32_t lo, uint32_t hi,
		   const struct row **row);
/* As of: the bucket's start, else the last record. */
int32_t ref_anchor(struct scene *s, const struct row *const *row, uint32_t n);
struct value ref_row_key(struct scene *s, const struct expr *key, const struct row *r);
void ref_found_row(struct scene *s, struct found *f, const struct row *r, const char *role);
void ref_give(struct scene *s, struct found *f, struct lines *out);
bool ref_rule_in_force(const struct rule *r, int32_t day);
