/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * knowledge.h - lists (名单) and tables (表) from CSV files that rules use.
 *
 * A row is a knowledge point: key cells (exact, prefix, or regular expression), value cells,
 * and optionally the dates it is in force. A list is a table without value columns. Loaded
 * once, immutable, shared by all threads. Look-ups of prefix keys give the longest prefix.
 * Knows CSV text, types and dates; no files, no rules.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/rat.h"
#include "lib/base/str.h"
#include "lib/record/field.h"
#include "lib/rule/diag.h"

enum key_kind { KEY_EXACT, KEY_PREFIX, KEY_REGEX };

/* Column types a table may declare: 笔数 数量 金额 比例 日期 天数 文本 代码 窗口. */
enum column_kind { COLUMN_NUMBER, COLUMN_TEXT, COLUMN_DATE, COLUMN_WINDOW };

struct knowledge_column {
	struct str name;
	enum type type;             /* TYPE_NONE for a window column */
	enum column_kind kind;
};

struct knowledge_key {
	struct str name;            /* column in the file */
	enum key_kind kind;
	enum field field;           /* the field it is about, FIELD_NONE when unknown */
};

/* A file of rows: the declaration's own first, then those that 增补 adds. */
struct knowledge_part {
	struct str path;
	uint32_t n_row;
};

struct knowledge {
	struct str name;
	bool list;
	uint32_t n_key, n_col, n_row;
	struct knowledge_key *key;
	struct knowledge_column *col;
	struct str *key_cell;       /* [n_row * n_key] */
	struct str *cell;           /* [n_row * n_col], empty = missing */
	struct str *note;           /* [n_row] of a list: its column 名称, told with what it exempts */
	uint32_t n_part;
	struct knowledge_part *part;
	int32_t *from, *until;      /* in force [from, until]; NULL undeclared, MISSING_I32 open */
	char digest[33];            /* of the meaning: rows sorted, file name left out */
	struct knowledge_index *index;
	struct span at;             /* its declaration */
};

#define KNOWLEDGE_NONE UINT32_MAX
#define KNOWLEDGE_MAX_KEY 8
#define KNOWLEDGE_MAX_COL 32

/* How a declaration names its dates in the file, and where its parts were written. */
struct knowledge_dates {
	struct str from, until;     /* column names, empty when not declared */
};

/* A CSV text and the file it came from. */
struct knowledge_text {
	struct str csv;
	const char *path;
};

/*
 * Fills rows, parts, digest and index of a declared list or table (name, list, key, col, at set)
 * from its n (>= 1) CSV texts, which have the same columns. What is wrong goes to `d`, with the
 * place in the file. False when there were errors. Names of coded key fields become codes; value
 * cells stay as written.
 */
bool knowledge_load(struct knowledge *k, const struct knowledge_text *text, uint32_t n,
		    const struct knowledge_dates *dates, struct arena *a, struct diag_list *d);

/* Releases what the arena does not own (compiled patterns). */
void knowledge_fini(struct knowledge *k);

/* Value of a number, date (days) or duration (whole days, in seconds) cell; false when missing. */
bool knowledge_number(const struct knowledge *k, uint32_t row, uint32_t col, struct rat *out);

/* Row for a full key as of `day` (MISSING_I32: any day); KNOWLEDGE_NONE when there is none. */
uint32_t knowledge_find(const struct knowledge *k, const struct str *key, int32_t day);

/* All rows whose key `which` (0-based) alone fits `cell`, as of `day`: calls `row` for each. */
void knowledge_each(const struct knowledge *k, uint32_t which, struct str cell, int32_t day,
		    void (*row)(void *ctx, uint32_t r), void *ctx);
