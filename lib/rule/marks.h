/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * marks.h - what each word of a rule file turned out to mean, for tools that show or
 * rewrite files: formatter, translator, editor.
 *
 * Parser and checker drop a mark where they understand a word; without a collector in
 * the diag_list that costs one test. A mark outlives the rule set, for an editor wants it
 * most when the file is wrong. Texts belong to the diag_list. Decides nothing.
 */
#pragma once

#include "lib/record/field.h"
#include "lib/rule/diag.h"
#include "lib/rule/keyword.h"

enum mark_kind {
	MARK_BLOCK,     /* .keyword that begins a block */
	MARK_CLAUSE,    /* .keyword that begins a clause */
	MARK_KEYWORD,   /* .keyword inside a clause */
	MARK_TERM,      /* another fixed word: .zh, .en */
	MARK_FUNCTION,  /* function or aggregate: .zh, .en */
	MARK_STREAM,    /* .stream, .zh, .en */
	MARK_FIELD,     /* .field */
	MARK_CODE,      /* a value of .field, alone (a cell) */
	MARK_VALUES,    /* operator and all its values: .keyword, .field, their codes */
	MARK_FILE,      /* name of a list or table: .decl, .note */
	MARK_INDICATOR, /* name of an indicator: .decl, .note */
	MARK_LOCAL,     /* parameter, let or role: .decl */
};

struct mark {
	struct span at, decl;
	enum mark_kind kind;
	enum keyword keyword;
	enum stream stream;
	enum field field;
	const char *zh, *en, *note;
	struct str *code;  /* MARK_VALUES */
	uint32_t n_code;
	bool many;         /* the values were, or would have to be, in brackets */
};

struct marks {
	struct mark *v;
	uint32_t n, cap;
};

/* One collector may be hung into d->marks; it is the caller's. */
void marks_init(struct marks *m);
void marks_fini(struct marks *m);

/* By place, repeats dropped. */
void marks_sort(struct marks *m);

/* The narrowest mark over a byte of a source, NULL when there is none. */
const struct mark *marks_at(const struct marks *m, uint32_t file, uint32_t pos);

/* For parser and checker; nothing happens when nobody collects or the span is empty. */
void mark_keyword(struct diag_list *d, struct span at, enum mark_kind kind, enum keyword k);
void mark_term(struct diag_list *d, struct span at, const char *zh, const char *en);
void mark_function(struct diag_list *d, struct span at, const char *zh, const char *en);
void mark_stream(struct diag_list *d, struct span at, enum stream s);
/* The part behind the last dot. */
void mark_field(struct diag_list *d, struct span at, enum field f);
void mark_code(struct diag_list *d, struct span at, enum field f);
void mark_name(struct diag_list *d, struct span at, enum mark_kind kind, struct span decl,
	       const char *note);

/* The new mark to be filled, or NULL. */
struct mark *mark_add(struct diag_list *d, struct span at, enum mark_kind kind);
