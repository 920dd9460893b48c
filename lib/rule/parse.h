/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse.h - the parser's hands, shared by its files: blocks (parse.c), clauses
 * (parse_clause.c), expressions (parse_expr.c), examples (parse_example.c).
 */
#pragma once

#include "lib/rule/lex.h"
#include "lib/rule/syntax.h"

#define PARSE_MAX_DEPTH 64
#define PARSE_MAX_VALUES 256   /* of one list in an expression */
#define PARSE_MAX_ITEMS 1000   /* of one clause; operators too */
#define PARSE_MAX_BLOCKS 20000 /* of one file */
#define PARSE_MAX_LINE 10000   /* bytes */

struct parser {
	struct lexer lex;
	struct token tok;      /* the token in hand */
	uint32_t last_end;     /* where the token before it ended */
	struct arena *arena;
	struct diag_list *d;
	unsigned depth, n_ops;
	bool failed;           /* this clause is broken: say nothing more about it */
};

/* A clause of the language: where it may stand and how it is read. */
struct clause_kind {
	enum keyword keyword;
	unsigned blocks;   /* bits of the blocks it belongs to */
	unsigned flags;
	void (*read)(struct parser *p, struct syn_clause *c);
};
#define CLAUSE_REPEATS 1u
#define CLAUSE_RAW 2u       /* free text: no token is read ahead */
#define CLAUSE_CONDITION 4u /* what trails may be another condition */

/* The clause a word begins in a block, NULL; and all rows, NULL past the end. */
const struct clause_kind *parse_clause_kind(struct str word, enum keyword block);
const struct clause_kind *parse_clause_row(unsigned i);

void parse_advance(struct parser *p);
bool parse_is(const struct parser *p, enum token_kind k);
bool parse_is_word(const struct parser *p, enum keyword k);

/* Passes over a token or word when it is there. */
bool parse_take(struct parser *p, enum token_kind k);
bool parse_take_word(struct parser *p, enum keyword k);

/* As above, but its absence breaks the clause ("expected …, found …"). */
bool parse_want(struct parser *p, enum token_kind k, const char *zh, const char *en);
bool parse_want_word(struct parser *p, enum keyword k);
bool parse_want_name(struct parser *p, const char *zh, const char *en); /* 「…」 or "…" */
void parse_too_long(struct parser *p, unsigned most);
void parse_fail(struct parser *p, const char *zh, const char *en);

/* Span from `start` to the end of the last token passed. */
struct span parse_span(const struct parser *p, uint32_t start);

/* A sentence in the language of the diagnostics. */
const char *parse_say(const struct parser *p, const char *zh, const char *en);

/* expression: never NULL; SYN_ERROR when it could not be read. */
struct syn *parse_expr(struct parser *p);

/* additive expression: no comparison. */
struct syn *parse_sum(struct parser *p);

/* Whether a word behind a number is its unit. */
bool parse_is_unit(struct str s);

/* A name with its dots. */
struct syn *parse_name(struct parser *p);

/* Reads the body of an example up to the lexer's limit. */
void parse_example(struct parser *p, struct syn_example *x);
