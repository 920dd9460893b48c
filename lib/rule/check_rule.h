/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_rule.h - one rule being checked: what its parts hand to each other.
 */
#pragma once

#include "lib/rule/check.h"

struct rule_check {
	struct checker *c;
	struct syn_block *b, *over;    /* the rule and the site's override of it, or NULL */
	struct rule *r;
	struct scope row;              /* names in 条件 */
	struct scope whole;            /* names in 令, 触发, 违规金额, 说明 */
	uint8_t *param_used, *let_used;
	uint32_t *let_terms;           /* of each let, earlier lets put in place */
	const char *missing;           /* clauses that are not there, for one message */
};

/* A rule block into *r; *k is kept for check_doubts. */
void check_rule(struct rule_check *k, struct checker *c, struct syn_block *b, struct rule *r);
/* check_indicator.c */
void check_indicator(struct checker *c, struct syn_block *b, struct indicator *x);

/* The clause in force: the override's where it has one. */
struct syn_clause *check_clause(const struct rule_check *k, enum keyword w);

/* An expression with its lets put in place stays within bounds; reports one that does not. */
void check_terms(struct rule_check *k, const struct expr *e);

/* 条件 that 除外 is taken out of; either may be NULL. */
struct expr *check_where(struct checker *c, struct expr *where, struct expr *unless);

/* check_output.c: after the conditions. */
void check_amount(struct rule_check *k);
void check_say(struct rule_check *k);
void check_excepted_by(struct rule_check *k);

/* check_head.c: version, words of the header, dates, parameters. */
void check_missing(struct rule_check *k, enum keyword w);
void check_head(struct rule_check *k);
bool check_scope_word(struct checker *c, const struct syn_clause *w, enum rule_scope *out);

/* check_shape.c: keys, windows, intervals, subject, bounds. */
enum stream check_stream(struct checker *c, const struct syn_item *x);
struct expr *check_key(struct checker *c, enum stream s, const struct syn_item *x);
void check_keys(struct rule_check *k);
void check_bounds(struct rule_check *k);
void check_subject(struct rule_check *k);
enum subject_kind check_entity(enum field f);

/* check_related.c: the clauses 关联; after the keys and the form are known. */
void check_related(struct rule_check *k);
void check_related_subject(struct rule_check *k); /* only persons' rules have them */
/* Whether a person or visit is among keys; whether something bounds their time. */
bool check_keys_person(struct expr *const *key, uint32_t n);
bool check_keys_bounded(struct expr *const *key, uint32_t n);
/* A window word into *out; reports what is none. */
void check_window(struct rule_check *k, const struct syn_window *w, struct window *out);

/* check_unless.c: 除外 split at 或, each part as it was written. */
void check_unless_parts(struct rule_check *k);

/* check_absence.c: no conclusion from what an unfinished stay or visit has not had yet. */
void check_absence(struct rule_check *k);

/* check_example.c */
void check_examples(struct rule_check *k);

/* check_warn.c: after everything else is known. */
void check_doubts(struct rule_check *k);
void check_condition_doubts(struct checker *c, const struct expr *e);
