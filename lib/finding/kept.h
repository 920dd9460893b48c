/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kept.h - gathered batches of everybody, kept in columns for the next judging of everybody.
 *
 * A rule that changed reads a few columns of a year; bringing a year of rows together costs many
 * times that. So whoever has the memory keeps the batches. A batch is gathered again when one of
 * its subjects changed or when rules read a column it does not have. One owner, like a judge.
 * Knows timelines and batches; no rules, no findings.
 */
#pragma once

#include "lib/timeline/timeline.h"

struct kept;

struct kept *kept_new(void);
void kept_free(struct kept *k);

/* These subjects changed: their batches will be gathered again. */
void kept_stale(struct kept *k, const uint32_t *subject, uint32_t n);

/* What gathers: the timeline's batch of some subjects into `b`, sums into `gs`. */
typedef void kept_fill(void *ctx, const uint32_t *subject, uint32_t n, struct batch *b,
		       struct gather_stats *gs);

/*
 * The batch that begins with subject `from`, gathered now if it is not there, of at most `step`
 * subjects of 0 .. total - 1. Its columns are at least `fields`, gathered under `map` (an address
 * that stands for whatever else batches depend on). Sums of what is in it are added to `gs`. Valid
 * until the next call of kept_stale or with the same `from`.
 */
struct kept_ask {
	uint32_t from, step, total;
	const uint8_t *fields;
	const void *map;
};
struct batch *kept_batch(struct kept *k, const struct kept_ask *ask, kept_fill *fill, void *ctx,
			 struct gather_stats *gs);

/* Whether a subject's rows are there as they are now, with at least these columns; `from` is the
 * subject. */
bool kept_has(const struct kept *k, const struct kept_ask *ask);
/* Rows of n subjects that are there, brought together as one gathering would: these columns. */
void kept_pick(const struct kept *k, const uint32_t *subject, uint32_t n, const uint8_t *fields,
	       struct batch *out);

size_t kept_bytes(const struct kept *k);
