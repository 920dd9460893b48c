/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells.h - sums per (rule or indicator, key) over all subjects, and the judging of them.
 *
 * A cell is a facility's month, a practitioner's quarter, ... Subjects replace their own
 * contribution; shards are merged; peers are compared by median, MAD, mean and percentile.
 * All sums exact; medians and MADs are of exact rationals. The order of contributions never
 * shows in a result.
 * Knows contributions and rules; no batches, threads or time.
 */
#pragma once

#include "lib/rule/eval.h"

struct cells;

struct cells *cells_new(const struct plan *p, bool replaceable);
void cells_free(struct cells *c);

/* Take in all contributions of one subject. With `replaceable`, what the subject gave before is
 * taken back first; cells_begin must be called before its contributions come. */
void cells_begin(struct cells *c, uint32_t subject);
void cells_add(struct cells *c, uint32_t subject, const struct contribution *k);

/* Fold the cells of `from` into `into` (other shard of the same plan). */
void cells_merge(struct cells *into, const struct cells *from);
void cells_clear(struct cells *c);

/* One cell that fires its rule. */
struct cell_hit {
	const struct rule *rule;
	uint32_t rule_index, source, cell;
	uint32_t n_key;
	const struct value *key;
	struct value observed, limit, amount;
	uint32_t n_say;
	const struct value *say;
	uint32_t n_peer;
	struct value median, mad;
};
typedef void cell_hit_fn(void *ctx, const struct cell_hit *h);

/* Judge all cell rules and comparisons; hits come sorted by (rule, key). Per-rule accounts of cells are
 * added to `account` ([n_rule]): records = cells, unknown = too few lines or peers. */
void cells_judge(const struct cells *c, cell_hit_fn *fn, void *ctx, struct account *account);
