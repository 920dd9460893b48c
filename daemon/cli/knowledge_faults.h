/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * knowledge_faults.h - what may be wrong with compiled lists and tables, row by row.
 *
 * What makes a table unusable is told when it is compiled; here is what only a person can
 * judge: codes nobody has, days without a limit, two tables that contradict each other, rows
 * a newer batch left behind. Knows the tables and their files; no rules, no data.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/rule/knowledge.h"

enum fault_kind {
	FAULT_CODE,     /* no such code, or not the shape of one */
	FAULT_GAP,      /* days between two rows of one key */
	FAULT_CONFLICT, /* another table says otherwise of the same key and days */
	FAULT_OVERLAP,  /* a longer prefix says otherwise: it counts */
	FAULT_STALE,    /* a newer batch speaks of the same thing and leaves this row out */
	FAULT_SAMPLE,   /* only sample rows, or none in force */
	FAULT_KINDS
};

struct known_fault {
	enum fault_kind kind;
	const struct knowledge *k;
	const char *path;
	uint32_t line;          /* 1-based; 0 = the whole file */
	struct str key;
	struct str text;        /* what about it, in the user's language */
};

/* What of a row no rule reads: read again from its file. */
struct known_row {
	const char *path;
	uint32_t line;
	struct str name, batch, replaced;
	bool sample;
};

struct known {
	const struct knowledge *k;
	struct known_row *row;  /* [k->n_row] */
	uint32_t in_force, samples;
};

struct faults {
	struct arena arena;
	bool english;
	int32_t today;
	struct known *known;
	uint32_t n_known;
	struct str *item;       /* codes of --items, sorted; empty = not given */
	uint32_t n_item;
	struct known_fault *v;
	uint32_t n, cap;
};

/* Reads the rows' files again; false with a reason when one changed or is gone. */
bool faults_init(struct faults *f, struct knowledge *const *k, uint32_t n,
		 struct err *e) MUST_CHECK;
void faults_fini(struct faults *f);

/* The items a bureau has: a CSV with a column med_list_codg, read before faults_find. */
bool faults_items(struct faults *f, const char *path, struct err *e) MUST_CHECK;

/* Fills f->v, by table, kind and line. */
void faults_find(struct faults *f);

/* Word of a kind, for people and for machines. */
const char *fault_word(enum fault_kind kind, bool english);
const char *fault_id(enum fault_kind kind);

/* Whether it should be mended before the table is trusted. */
bool fault_serious(enum fault_kind kind);
