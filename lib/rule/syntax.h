/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * syntax.h - what was written, before anything is looked up: blocks, clauses, expressions.
 *
 * Made by the parser in an arena of its own, read by the checker, then dropped. Every node
 * knows its span. A clause that could not be read is there with .broken set, so that
 * nobody complains about its absence.
 */
#pragma once

#include "lib/rule/diag.h"
#include "lib/rule/expr.h"
#include "lib/rule/keyword.h"

enum syn_kind {
	SYN_ERROR,     /* reported already */
	SYN_NUMBER,    /* .value, .unit (may be empty), .text as written */
	SYN_DATE,      /* .day */
	SYN_TEXT,      /* .text of a quoted text */
	SYN_NAME,      /* .text, perhaps with a dot: 项目, 甲.项目, I10.x00 */
	SYN_NOT,       /* arg 0 */
	SYN_NEG,       /* arg 0 */
	SYN_BINARY,    /* .op: comparison, and/or, arithmetic; arg 0, arg 1 */
	SYN_BELONGS,   /* arg 0, then the values */
	SYN_IN,        /* arg 0, then the values */
	SYN_INLIST,    /* .text the list, args the keys */
	SYN_BETWEEN,   /* arg 0, low, high */
	SYN_STARTS,    /* arg 0, then the beginnings */
	SYN_MATCH,     /* arg 0, .text the pattern at .text_at */
	SYN_NULL,      /* arg 0 */
	SYN_CALL,      /* .text the function or aggregate, args, .cond = 若 */
	SYN_LOOKUP,    /* .text the table, args the keys, .part the column at .part_at */
};

struct syn {
	enum syn_kind kind;
	struct span at, op_at, text_at, part_at;
	enum expr_op op;
	bool negated;        /* 不是, 不在, … */
	bool bracketed;
	struct str text, part, unit;
	struct rat value;
	bool number_ok;
	int32_t day;
	uint32_t n_arg;
	struct syn **arg;
	struct syn *cond;
};

/* A named thing in a clause: parameter, let, key, stream with its role, column, word. */
struct syn_item {
	struct str name;
	struct span at;
	struct syn *expr;    /* value; for keys the key itself */
	struct str extra;    /* role name, column type, key kind */
	struct span extra_at;
};

struct syn_window {
	struct span at;
	struct str text;     /* as written, blanks taken out: 7天, 自然月, r.窗口 */
};

struct syn_row {
	struct span at;
	uint32_t n_cell;
	struct str *cell;
	struct span *cell_at;
};

struct syn_example_table {
	struct span at;
	struct str stream;
	struct syn_row head;
	uint32_t n_row;
	struct syn_row *row;
};

struct syn_example {
	struct str name;
	struct span at, name_at, expect_at, amount_at;
	uint32_t n_table;
	struct syn_example_table *table;
	bool expects, expects_amount, expects_unknown;
	int64_t hits, unknown;
	struct str amount;
};

struct syn_clause {
	enum keyword keyword;
	struct span key, at; /* the keyword; the whole clause, blanks at the end left out */
	bool broken;
	struct str text;     /* rest of line (依据, 说明, 来自), name of a table */
	struct span text_at;
	uint32_t n_item;
	struct syn_item *item;
	struct syn *expr, *expr2;
	struct syn_window *window;
	struct str var;      /* name given to a table row or an indicator; 取 word */
	struct span var_at;
	int64_t number;      /* 版本, 至少 */
	int32_t from, until; /* 生效 */
	struct syn_clause *next; /* the same keyword again, where that is allowed */
};

/* A block of any kind: its clauses by keyword. */
struct syn_block {
	enum keyword keyword;
	struct span key, at; /* the keyword; the header */
	struct str id, title;
	struct span id_at, title_at;
	enum keyword extends; /* of 增补: KW_LIST or KW_TABLE */
	struct syn_clause *clause[KW_COUNT];
	uint32_t n_example;
	struct syn_example *example;
	const char *folder;  /* of the rule file, for the paths of the block */
	bool broken;         /* header or a line unreadable: say nothing of what is absent */
	struct syn_block *next;
};

/* Reads one registered source; blocks in order are appended to *tail (the last `next`).
 * Texts and nodes live in `a`. */
void syntax_parse(uint32_t file, struct arena *a, struct diag_list *d, struct syn_block ***tail);
