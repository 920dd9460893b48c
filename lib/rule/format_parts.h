/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_parts.h - what the files of the formatter share: format.c finds blocks and
 * clauses, format_piece.c sets the words of a clause, format_example.c the tables of an
 * example, format_same.c proves that nothing else changed.
 */
#pragma once

#include "lib/rule/lex.h"
#include "lib/rule/marks.h"

#define BODY_COLUMN   12u
#define CLAUSE_INDENT 2u
#define LINE_INDENT   4u /* of an example */

/* One token with what stands around it. */
struct piece {
	struct token tok;
	enum keyword keyword; /* KW_NONE: not a keyword here */
	bool breaks;          /* begins a line */
	bool unary;
	struct str lead;      /* lines of comment before it, as written */
	struct str comment;   /* behind it on its line */
};

struct piece_list {
	struct piece *v;
	uint32_t n, cap;
};

struct formatter {
	struct diag_list *d; /* of its own: nothing is reported twice */
	uint32_t file;
	const char *text;
	const struct marks *marks;
	struct arena *arena;
	struct buf *out;
	bool english;        /* of the block in hand */
	bool expectation;    /* commas separate sentences */
};

/* The mark that begins at a byte, of one of the keyword kinds; NULL. */
const struct mark *format_mark(const struct formatter *f, uint32_t pos);

/* An ASCII blank or line end. */
bool format_blank(char c);

/* Comment from # to the end of its line, blanks at the end left out. */
struct str format_line(const struct formatter *f, uint32_t from, uint32_t to);

/* Tokens of [from, to) with their comments. */
void pieces_read(struct formatter *f, struct piece_list *l, uint32_t from, uint32_t to);

/* Writes pieces from `first`; lines after the first begin at `column`. */
void pieces_write(struct formatter *f, struct piece_list *l, uint32_t first, uint32_t column);

/* Comment lines, each at `column` unless it stands at the margin. */
void format_comments(struct formatter *f, struct str lines, uint32_t column);

/* The lines of an example behind its name: [from, to). */
void format_example(struct formatter *f, uint32_t from, uint32_t to);

/* The meaning-bearing syntax of a source as text, for comparing. */
void format_canon(struct diag_list *d, uint32_t file, struct buf *out);

/* format_text without its proof, for tests of the formatter itself. */
bool format_draft(struct str text, struct buf *out);

/* The proof: both texts parse, to the same syntax, with as many comments. */
bool format_same(struct str a, struct str b);
