/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * excepted.h - what exceptions and exclusions keep from being reported: findings and money by
 * exception row, or by the part of 除外 and the row of its table.
 *
 * Scan adds findings up as they come; the ledger of the database comes summed already. Both
 * are shown by the same words.
 */
#pragma once

#include "daemon/cli/cli.h"
#include "lib/base/map.h"
#include "lib/finding/finding.h"

/* One row of exceptions; dates are texts, empty when open. */
struct excepted_row {
	struct str rule, owner, reason, cells, from, until;
	uint64_t findings;
	int64_t amount; /* fen */
};

/* Rows in the order they came first. */
struct excepted {
	struct arena arena;
	struct map64 at;
	struct excepted_row *row;
	uint32_t n, cap;
};

void excepted_init(struct excepted *x);
void excepted_fini(struct excepted *x);

/* A finding that an exception takes, or the rule's own 除外 (it has no owner). */
void excepted_add(struct excepted *x, const struct finding *f);

/* By rule, the most money first. No excepted_add afterwards. */
void excepted_sort(struct excepted *x);

/* "dup.same_day  312 findings, ¥48,200.00 not reported because of ..." and a newline;
 * `when` ("this month", "") stands before "because". */
void excepted_line(const struct cli *c, const struct excepted_row *r, const char *when,
		   struct buf *b);

/* {"rule":...,"owner":...,...,"findings":n,"amount":"0.00"} */
void excepted_json(const struct excepted_row *r, struct buf *b);
