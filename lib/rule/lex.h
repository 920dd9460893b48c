/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lex.h - rule text to tokens, on demand.
 *
 * Full-width punctuation, letters and digits are their ASCII twins. Every token carries
 * its byte span; the first on a line also its indent, for blocks are made by
 * indentation. The parser narrows `limit` to the block or clause it is in: beyond
 * it there is only TOKEN_END. Knows characters, not keywords.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/rat.h"
#include "lib/rule/diag.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,    /* letters, digits, _ and CJK; a hyphen between ASCII letters counts */
	TOKEN_NUMBER,  /* 12, 0.5; .text as written */
	TOKEN_DATE,    /* 2026-03-01 */
	TOKEN_STRING,  /* "…" or “…”, .text without the quotes */
	TOKEN_NAME,    /* 「…」, .text without the brackets */
	TOKEN_REGEX,   /* only from lex_regex() */
	TOKEN_BAD,     /* reported already */
	/* punctuation; several signs may stand for one */
	TOKEN_LPAREN, TOKEN_RPAREN, TOKEN_LBRACKET, TOKEN_RBRACKET, TOKEN_COMMA, TOKEN_COLON,
	TOKEN_DOT, TOKEN_PLUS, TOKEN_MINUS, TOKEN_STAR, TOKEN_SLASH, TOKEN_PERCENT, TOKEN_BAR,
	TOKEN_ASSIGN, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE, TOKEN_NE,
};

struct token {
	enum token_kind kind;
	struct span at;
	struct str text;
	struct rat value;     /* numbers */
	bool number_ok;       /* false: digits that fit no number (a long code) */
	int32_t day;          /* dates */
	bool first;           /* first on its line */
	bool tight;           /* no blank before it */
	uint32_t indent;      /* cells before it, when first */
};

struct lexer {
	const char *text;
	uint32_t n, pos, limit, line_start;
	bool fresh;           /* nothing read on this line yet */
	uint32_t file;
	struct arena *arena;  /* for texts */
	struct diag_list *d;
};

/* Reads source `file` of the list; the text must be valid UTF-8. */
void lex_init(struct lexer *l, uint32_t file, struct arena *arena, struct diag_list *d);

struct token lex_next(struct lexer *l);

/* A pattern /…/ from the present position; \/ stands for a slash. */
struct token lex_regex(struct lexer *l);

/* Continue at `pos`, which is the start of a line or of a token. */
void lex_seek(struct lexer *l, uint32_t pos);

/* Where the block ends whose first token is `t`: the start of the next line that is
 * indented no deeper, within the limit. Comments before that line are not in the block. */
uint32_t lex_block_end(const struct lexer *l, const struct token *t);

/* Where the line of an offset ends, its line end left out. */
uint32_t lex_line_end(const struct lexer *l, uint32_t pos);

/* Text of a span, as written. */
struct str lex_text(const struct lexer *l, struct span at);

/* "end of line", or the token as written, for "expected x, found y". */
const char *lex_shown(const struct lexer *l, const struct token *t);
