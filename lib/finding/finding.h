/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * finding.h - a hit made into something that can be told, compared and kept: all text.
 *
 * A finding names its rule and the rule's own digest, its subject and key, all records with
 * role and share of the amount (largest remainder: shares add up to the amount), what was
 * observed, the limit, the amount, the fund's share and the sentence. The canonical form is
 * one NDJSON line; equal lines mean equal findings.
 * Knows hits and timelines' row names; no files, threads or database.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/rule/eval.h"
#include "lib/stat/cells.h"
#include "lib/timeline/timeline.h"

struct finding_record {
	enum stream stream;
	struct str fixmedins_code, mdtrt_id, id;
	int64_t revision;
	enum hit_role role;
	int64_t amount;          /* fen */
};

struct finding {
	uint32_t rule_index;
	struct str rule, digest;
	enum subject_kind subject_kind;
	struct str subject;
	uint32_t n_key;
	struct str *key_name, *key_value;   /* in the rule's order; the 按表 row's keys last */
	int64_t begin, end;
	struct str observed, limit;         /* as text, empty when the rule has none */
	bool has_amount;
	/* fen; the fund's share is 0 where nothing is known of it */
	int64_t amount, fund_amount;
	uint32_t n_record;
	struct finding_record *record;
	struct str sentence;
	bool trial;                         /* the rule is 试行 */
	/* an exception takes it, or the rule's own 除外 held it back: then there is no owner, and
	 * the reason is the part of 除外 that holds, with the row it found */
	bool excepted;
	struct str except_owner, except_reason;
	struct str except_cells;            /* the exception's fields, joined by commas */
	int32_t except_from, except_until;  /* MISSING_I32 = open */
	/* for lists of alerts; facility of the first bearing record */
	struct str psn_no, fixmedins_code;
};

/* A growing list; texts live in its arena. */
struct findings {
	struct arena arena;
	struct finding *item;
	uint32_t n, cap;
};

void findings_init(struct findings *f);
void findings_fini(struct findings *f);
void findings_clear(struct findings *f);

/* A record on its way into a finding: its texts, and what it carries of the amount. */
struct bearing {
	struct finding_record record;
	int64_t time;
	int64_t weight;          /* shares are weight / sum of weights */
	int64_t fund, base;      /* fund money and in-scope amount, MISSING_I64 = not known */
};

/* The record of a hit by its name in `t`; texts go to `a`. */
struct bearing bearing_of(const struct timeline *t, const struct hit_record *r, struct arena *a);

/* Give a finding its records: sorts b[0..n) by (time, stream, identity), shares the amount by
 * largest remainder, derives the fund's share, begin, end and the facility. */
void finding_seal(struct findings *out, struct finding *f, struct bearing *b, uint32_t n,
		  bool amount_is_fund);

/* Ready-made hit_fn context: turns hits over `t` into findings of `out`. */
struct finding_maker {
	struct findings *out;    /* NULL: hits are dropped */
	const struct timeline *t;
	struct bearing *bearing; /* scratch, owned by the maker */
	uint32_t cap;
};
void finding_maker_init(struct finding_maker *m, struct findings *out, const struct timeline *t);
void finding_maker_fini(struct finding_maker *m);
void finding_take_hit(void *maker, const struct hit *h);

/* A finding of a judged cell, without records yet. */
struct finding *finding_from_cell(struct findings *out, const struct cell_hit *h);

/* "this", "against", ...; "person", "facility", ... */
const char *role_word(enum hit_role r);
const char *subject_word(enum subject_kind k);

/* Copy a finding into another list (texts too). */
struct finding *finding_copy(struct findings *out, const struct finding *f);

/* A copy in one block of its own, released with xfree(). */
struct finding *finding_dup(const struct finding *f);

/* The canonical NDJSON line without newline. Findings are ordered by rule, subject, key, time,
 * records: only equal findings compare equal. CSV has one row a finding, records told as "role
 * stream visit/id". */
void finding_json(const struct finding *f, struct buf *out);
void finding_csv_header(struct buf *out);
void finding_csv(const struct finding *f, struct buf *out);
int finding_cmp(const void *a, const void *b);
void findings_sort(struct findings *f);

/* Digest (64 bit) of the canonical line and the exception that takes it, if any: cheap equality
 * between before and now. */
uint64_t finding_digest(const struct finding *f);
