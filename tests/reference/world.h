/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.h - what is left of a history once versions, refunds and scopes have been settled,
 * worked out row by row the slow way.
 *
 * Written from the manual (identity, revision, reversal, scope, visits and stays), not from
 * lib/timeline. Rows of one stream lie in order of (person, event time, identity).
 */
#pragma once

#include "lib/rule/value.h"
#include "tests/reference/history.h"

struct visit;

/* A row to be judged: a live record, or a derived stay or visit. */
struct row {
	enum stream stream;
	const struct record *rec;      /* NULL for stays and visits */
	struct visit *visit;
	const char *psn, *ident;       /* identity bytes */
	const char *facility, *mdtrt, *serial;
	int64_t time;                  /* MISSING_I64 */
	bool gone, reversed;
	bool scope;                    /* counts as 有效结算明细 */
	int64_t cnt, amount, inscp;    /* fee: what is left; MISSING_I64 */
	int64_t whole[3];              /* fee: what they were */
	uint32_t n;                    /* number in its stream */
};

struct visit {
	const char *psn, *facility, *mdtrt;
	struct row *encounter;
	struct row *setl[16];
	uint32_t n_setl;               /* all, cancelled ones too, in event order */
	const char *invalid[16];       /* names of settlements declared invalid */
	uint32_t n_invalid;
};

struct world {
	struct arena arena;
	const struct history *h;
	struct row **rows[STREAM_COUNT];
	uint32_t n[STREAM_COUNT];
	struct visit **visit;
	uint32_t n_visit;
};

void world_make(struct world *w, const struct history *h);
void world_fini(struct world *w);

/* A field of a row, derived ones too; times in seconds, dates in days, money in yuan. */
struct value world_value(const struct world *w, const struct row *r, enum field f);

/* Event day of a row; MISSING_I32. */
int32_t row_day(const struct row *r);
