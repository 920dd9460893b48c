/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diag.h - what is wrong or doubtful in rule files, said so that an administrator can mend it.
 *
 * A diagnostic has a code (a word from diag.def), a span in a source, a sentence, and where
 * possible what was expected, near names and the repaired line. Diagnostics are collected,
 * sorted by place and printed once, as text with a caret or as JSON; nothing else formats errors.
 * Knows sources and spans, not the language.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes [start, end) of source number `file`. */
struct span {
	uint32_t file, start, end;
};

enum diag_code {
#define DIAG(code, word, severity, zh, en, explain_zh, explain_en) DIAG_##code,
#include "lib/rule/diag.def"
#undef DIAG
	DIAG_COUNT
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct diag {
	struct span at;
	enum diag_code code;
	const char *text;     /* the sentence */
	const char *expected; /* what may stand here, or NULL */
	const char *near;     /* near names with what they are, or NULL */
	const char *fixed;    /* the repaired line, or NULL */
	bool sure;            /* the repair is what was meant: it may be made unasked */
	struct span also;     /* second label (first declared here); end == 0: none */
	const char *also_text;
};

struct source_file {
	char *name;       /* as shown */
	struct str text;
	uint32_t *line;   /* offset of each line start */
	uint32_t n_lines;
};

/* What a repaired line is made by: the bytes of the span are replaced. */
struct repair {
	const char *line;     /* as returned by diag_repair */
	struct span at;
	struct str instead;
};

struct marks; /* marks.h */

struct diag_list {
	struct arena arena;
	struct source_file *file;
	uint32_t n_files, cap_files;
	struct diag *diag;
	uint32_t n, cap;
	uint32_t errors, warnings;
	uint32_t lost;     /* errors past DIAG_MAX, counted but not kept */
	struct diag spill; /* where they go */
	struct repair *repair;
	uint32_t n_repair, cap_repair;
	struct marks *marks; /* what words mean, when somebody collects it; else NULL */
	bool english;     /* language of the sentences */
	int32_t today;    /* for warnings about what has run out; 0: not known, nothing is said */
};

#define DIAG_MAX 2000

void diag_init(struct diag_list *d, bool english);
void diag_fini(struct diag_list *d);

/* Register a source text (copied); returns its number. */
uint32_t diag_source(struct diag_list *d, const char *name, struct str text);

/* Add one; the sentence is the code's own (zh or en by the list's language), its %s filled with the
 * `const char *` arguments. Returns it, valid until the next add, so that expected, near, fixed and
 * also may be set (memory from d->arena). Past DIAG_MAX (half of it for warnings) one too-many
 * stands for the rest; errors are counted all the same. */
struct diag *diag_add(struct diag_list *d, struct span at, enum diag_code code, ...);

/* Line and column (1-based, columns in characters) of an offset. */
void diag_place(const struct diag_list *d, struct span at, uint32_t *line, uint32_t *col);

/* Sort by file and place, drop exact repeats. */
void diag_sort(struct diag_list *d);

/* All of them as text with source line and caret (right under CJK width), or as a JSON array. */
void diag_print(const struct diag_list *d, struct buf *out);
void diag_json(const struct diag_list *d, struct buf *out);

/* The line of the source that holds an offset, without its line end; borrowed. */
struct str diag_line(const struct diag_list *d, struct span at);

/* A copy of the line at `at` with the bytes of the span replaced: a repaired line. NULL when the
 * line is too long to be read. */
char *diag_repair(struct diag_list *d, struct span at, struct str instead);

/* What x->fixed does, NULL when there is no repair. */
const struct repair *diag_edit(const struct diag_list *d, const struct diag *x);

/* The word of a code ("unknown-list"), its explanation, and the code of a word (DIAG_COUNT when
 * unknown). */
const char *diag_word(enum diag_code c);
enum severity diag_severity(enum diag_code c);
const char *diag_explain(enum diag_code c, bool english);
enum diag_code diag_find(struct str word);
