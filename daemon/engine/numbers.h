/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * numbers.h - what the engine knows about rules and streams, handed to the main thread.
 *
 * The engine fills a new set after each judging and leaves it in a box; the main thread takes
 * the latest. Neither ever waits for the other.
 */
#pragma once

#include "daemon/work/pool.h"

/* Judgings of records since the rule set is live: records = the five outcomes. */
struct rule_number {
	char *id;
	uint64_t records, scope_out, hit, excepted, unknown, no_hit;
	int64_t live;              /* alerts that stand, those of earlier runs included */
};

/* How a stream stands: records = resent + superseded + retracted + reversed + live. */
struct stream_number {
	uint64_t records, resent, superseded, retracted, reversed;
};

struct numbers {
	struct rule_number *rule;
	uint32_t n_rule;
	struct stream_number stream[STREAM_STORED];
	uint64_t alerts_live, subjects;
	uint64_t bytes, cells;     /* of timelines and of cells, in memory */
	uint64_t on_disk;          /* of both */
};

struct number_box;

struct number_box *number_box_new(void);
void number_box_free(struct number_box *b); /* NULL is fine */

/* The engine: an alert of this rule began (+1) or ceased (-1) to stand; then, after a judging. */
void number_box_forget(struct number_box *b); /* alerts are counted anew, by the engine */
void number_box_alert(struct number_box *b, struct str rule, int change);
void number_box_fill(struct number_box *b, struct pool *p, const struct ruleset *rules);

/* The main thread: the latest set, valid until the next call; NULL when there is none yet. */
const struct numbers *number_box_take(struct number_box *b);
