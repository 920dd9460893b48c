/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.h - rule text in, findings out: the whole library over the tables of an example.
 *
 * A test writes a rule file as text, its CSV files as texts, and its data as the 试例 of a
 * rule; world_judge() puts that example's records into judges (as many shards as asked) and
 * gives back the sorted findings. Fails the test with the diagnostics when the text is wrong.
 */
#pragma once

#include "lib/finding/example.h"
#include "lib/finding/judge.h"

struct world_file {
	const char *name, *text;
};

struct world {
	struct diag_list diag;
	struct ruleset *rules;
	struct plan *plan;
	struct findings found;
	struct account account;   /* of the rule judged last */
	/* cells remember who gave what, and all subjects are judged twice */
	bool replaceable;
	bool keep;                /* columns, and look at these again */
	bool stepwise;           /* after each row what it touched is judged, cells too */
	/* cells are cut into so many bins, judged one after another; half of them added, taken out
	 * and added again. Records of an odd number of bins are put off, too */
	uint32_t bins;
	const struct complete *complete; /* which periods are over; NULL: all */
	struct verdict *verdict; /* kept over such steps */
	uint32_t told_anew;      /* hits of cells in the last round */
	struct buf line;
};

/* Compiles `text` with the CSV files up to a NULL name. All rules take part whatever their state.
 * */
void world_init(struct world *w, const char *text, const struct world_file *file);
void world_fini(struct world *w);

/* The rule's number; fails the test when there is none. */
uint32_t world_rule(const struct world *w, const char *id);

/* Judges the records of a rule's n-th example by that rule, split over `shards`, in batches of
 * about `batch_rows` rows. Findings, excepted ones too, are in w->found, sorted. */
void world_judge(struct world *w, const char *id, uint32_t n, uint32_t shards, uint32_t batch_rows);

/* Canonical line of the i-th finding, valid until the next call. */
const char *world_line(struct world *w, uint32_t i);

/* Runs all examples of all rules; prints what failed and returns their number. */
int world_examples(struct world *w);
