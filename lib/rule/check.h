/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - the checker's hands, shared by its files. From syntax to meaning: names looked
 * up, types found, constants folded, forms told apart, everything wrong reported.
 *
 *   check_name.c    what a name can be in a scope, and near names
 *   check_type.c    what arithmetic and comparisons give; folding
 *   check_expr.c    expressions          check_call.c   aggregates and functions
 *   check_rule.c    header, streams, keys, forms        check_shape.c  subject, bounds, limits
 *   check_file.c    lists, tables        check_local.c  overrides and exceptions
 *   check_example.c examples             check_warn.c   doubtful, not wrong
 *   check_absence.c what an unfinished stay cannot tell    check_related.c 关联
 *
 * An expression with an error has TYPE_ERROR, which fits everything: one slip, one message.
 */
#pragma once

#include "lib/base/near.h"
#include "lib/rule/ruleset.h"
#include "lib/rule/syntax.h"

struct checker {
	struct ruleset *rs;
	struct arena *a;               /* of the rule set */
	struct diag_list *d;
	const struct loader *loader;
	struct syn_block *blocks;
	struct syn_block **override;   /* those of them that override */
	uint32_t n_override;
	uint32_t cap_rule, cap_indicator, cap_knowledge;
	bool *knowledge_used, *indicator_used;
	struct syn_block **rule_block; /* [n_rule] until they are sorted */
	struct span (*rule_span)[2];
};

/* What names mean at some place. */
struct scope {
	struct checker *c;
	uint8_t n_role;
	enum stream stream[RULE_ROLES];
	struct str role_name[RULE_ROLES];
	uint8_t n_related, related; /* 关联; the one an aggregate is over, 0 = none */
	const struct knowledge *table;
	struct str table_var;
	uint32_t n_param, n_let, n_key;
	const struct named_expr *param, *let;
	uint8_t *param_used, *let_used; /* one byte each, or NULL */
	struct expr **key;
	const struct indicator *indicator;
	struct str indicator_var;
	bool group;       /* after 归并: fields have no single value */
	bool inside;      /* inside an aggregate: one record again */
	bool constant;    /* only numbers and parameters */
	bool say;         /* a sentence: a field of a group means its first record's */
	bool inline_lets; /* conditions are judged before lets: put their values in place */
	bool peers;       /* 中位, 中位差, … of the peers may stand here */
};

/* ---- check_name.c ---- */
const char *check_cstr(struct checker *c, struct str s);
const char *check_words(struct checker *c, const char *zh, const char *en);
const char *check_keyword(struct checker *c, enum keyword k); /* “触发” */
struct expr *check_new(struct checker *c, enum expr_op op, enum type type, struct span at);
struct expr *check_error(struct checker *c, struct span at);
void check_args(struct checker *c, struct expr *e, struct expr *const *arg, uint32_t n);

/* The record field of a plain name in stream `role`; FIELD_NONE. */
enum field check_field(const struct scope *s, unsigned role, struct str name);
/* A name, perhaps with a role or table before the dot. Reports what is unknown. */
struct expr *check_named(struct scope *s, const struct syn *n);
/* Whether the name is a parameter, a let, or begins with a role or the table's name. */
bool check_is_reference(const struct scope *s, struct str name);
/* Near names of a scope into a diagnostic. */
void check_hint(struct scope *s, struct diag *x, struct span at, struct str name);
/* Several candidates for a hint: offer all, then tell. `what` = "名单", … */
void check_near(struct checker *c, struct diag *x, struct span at, const struct near *near,
		const char *what);
/* The field whose codes a value belongs to; FIELD_NONE. */
enum field check_domain(const struct scope *s, const struct expr *e);

/* ---- check_type.c ---- */
bool check_is_text(enum type t);
bool check_is_number(enum type t);
bool check_is_ordered(enum type t);
bool check_plain(const struct expr *e); /* a constant number without unit */
struct expr *check_const(struct checker *c, struct rat r, enum type t, struct span at);
struct expr *check_number(struct scope *s, const struct syn *n);
/* Leaves of a span of digits and a unit the unit. */
void check_unit_span(const char *text, struct span *at);
struct expr *check_arith(struct scope *s, const struct syn *n, struct expr *a, struct expr *b);
/* Makes both sides comparable (units, dates, plain numbers) or reports; false when reported. */
bool check_unify(struct scope *s, struct expr **a, struct expr **b, struct span at);
/* A plain number as a value of type t; reports a missing unit. */
bool check_adapt(struct scope *s, struct expr **e, enum type t);

/* ---- check_expr.c, check_call.c ---- */
struct expr *check_expr(struct scope *s, const struct syn *n);
/* A value that is not in the field's code table, with what may stand there. */
void check_unknown_value(struct checker *c, const struct field_info *f, struct str text,
			 struct span at);
struct expr *check_flag(struct scope *s, const struct syn *n);
struct expr *check_call(struct scope *s, const struct syn *n);
struct expr *check_lookup(struct scope *s, const struct syn *n);
struct expr *check_inlist(struct scope *s, const struct syn *n);
struct expr *check_count(struct scope *s, struct span at);
/* A list or table by name, NULL when reported; find_file is for rules that use it. */
const struct knowledge *check_name_file(struct checker *c, struct str name, bool list,
					struct span at);
const struct knowledge *check_find_file(struct checker *c, struct str name, bool list,
					struct span at);
/* Whether a name is an aggregate's or function's, and all such names for hints. */
const char *check_function_word(unsigned i, bool english);
/* The fixed words of header clauses (高, 启用, …), all of them; false past the end. */
bool check_header_word(unsigned i, enum keyword *clause, const char **zh, const char **en);
bool check_is_function(struct str name);
enum agg check_aggregate(struct str name);
