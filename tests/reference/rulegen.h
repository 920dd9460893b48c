/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulegen.h - random rules as an administrator would write them, with their lists and tables.
 *
 * A rule is kept in clauses, each a piece of text, so that a failing one can be made smaller
 * clause by clause. Chinese or English keywords, field names by code, title or alias.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/rule/ruleset.h"
#include "tests/reference/random.h"

enum { MAX_CONDS = 4, N_FILES = 7 };

struct gen_rule {
	char id[16];
	bool english;
	const char *on, *scope, *by_table, *keys, *first, *window, *unless, *effective;
	const char *related;       /* 关联: a stream named 丙 */
	const char *cond[MAX_CONDS];
	uint32_t n_cond;
	const char *let[2];        /* value of a let named 甲量, 乙量 */
	uint32_t n_let;
	const char *when, *when_less;  /* and a simpler trigger */
	const char *amount;
	const char *except, *except_csv;    /* 例外按, and rows of exceptions */
	bool group;                /* keys follow 归并, else 同 */
	const char *narrow;        /* 条件 of the rule that compares */
	const char *value, *enough, *peers; /* of an indicator: the rule compares it */
};

/* The texts of the lists and tables, by path. */
struct gen_files {
	struct { const char *path; char *text; } file[N_FILES];
	const char *head;          /* their declarations */
	struct rule_settings settings;
};

void files_make(struct gen_files *f, struct arena *a, struct rng *r);
bool files_load(const struct gen_files *f, const char *path, struct buf *out, struct err *e);

/* A text that was built, moved to the arena. */
char *text_done(struct buf *b, struct arena *a);

/* Texts live in the arena. */
void rule_make(struct gen_rule *g, struct arena *a, struct rng *r, uint32_t number);
void rule_text(const struct gen_rule *g, struct buf *out);

/* Smaller rules, one after the other; false when there are no more. */
bool rule_smaller(const struct gen_rule *g, uint32_t step, struct gen_rule *out);
