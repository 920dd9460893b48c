/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * form.h - what the group forms share. Inside lib/rule only.
 */
#pragma once

#include "lib/rule/frame.h"

/* A group rule at work. */
struct group {
	struct eval *e;
	const struct rule_plan *rp;
	uint32_t subject;
	uint32_t table_row;
	const uint8_t *base;     /* truth of the conjuncts per row */
	const uint8_t *filter;   /* with the table row's conditions */
	const uint8_t *unless;   /* of what 除外 holds back: which rows it takes out; else NULL */
	uint32_t least;          /* with fewer rows the trigger is false, whatever they are */
	const int64_t *summed;   /* of rp->bound, NULL when it does not tell */
	bool quick;              /* the trigger may be told false without a frame */
	bool maybe;              /* the group in hand has unknown rows */
};

/* A frame over rows of one group, as of the group's day. */
void group_frame(const struct group *g, struct frame *f, const uint32_t *row, uint32_t n);

/* Whether the rule and the table row are in force on the frame's day. */
bool group_in_force(const struct group *g, const struct frame *f);
void group_settle(const struct group *g, struct frame *f);

/* The trigger, decided only when no completion of the unknown records would change it. */
enum truth group_trigger(struct frame *f, const struct rule_plan *rp);

/* Marks the rows of the frame; unknown ones stay unknown. */
void group_mark(const struct group *g, const struct frame *f, enum mark m);

/* form_window.c: sliding windows over the rows of one key. */
void window_judge(struct group *g, uint32_t *row, uint32_t n);

/* The day a group is as of: its bucket's start, else its last record's. */
int32_t group_day(const struct group *g, const uint32_t *row, uint32_t n);

/* quick.c: whether the trigger is false for rows that are all sure; only of plans with quick_when.
 * False: a frame must say. */
bool quick_false(const struct group *g, const uint32_t *row, uint32_t n);

/* Which rows a table may have something for: false where no row of it fits the code, true where one
 * does or the code is missing. */
const uint8_t *join_truth(struct eval *e, const struct join *j);

/* pair_test.c: conditions over two records without a frame. Not ready: a number of the batch does
 * not fit its vector. */
struct pair_ready {
	const struct pair_test *test;
	const void *col[2];      /* of codes, of numbers: by role */
};
bool pair_test_ready(struct eval *e, const struct pair_test *t, struct pair_ready *out);
/* Tests of one side, and joined ones. */
enum truth pair_test_other(struct eval *e, const struct pair_test *t, const uint32_t *at);

static inline enum truth pair_codes(const struct pair_ready *r, uint32_t a, uint32_t b)
{
	uint32_t x = ((const uint32_t *)r->col[0])[a], y = ((const uint32_t *)r->col[1])[b];

	return !x || !y ? TRUTH_UNKNOWN : x == y ? TRUTH_TRUE : TRUTH_FALSE;
}

static inline enum truth pair_numbers(const struct pair_ready *r, uint32_t a, uint32_t b)
{
	int64_t x = ((const int64_t *)r->col[0])[a], y = ((const int64_t *)r->col[1])[b];
	__int128 apart = r->test->role[0] ? (__int128)y - x : (__int128)x - y;
	const struct range *in = &r->test->range;

	if (x == MISSING_I64 || y == MISSING_I64)
		return TRUTH_UNKNOWN;
	return (apart >= in->lo && apart <= in->hi) != in->outside ? TRUTH_TRUE : TRUTH_FALSE;
}

static inline enum truth pair_test_truth(struct eval *e, const struct pair_ready *r, uint32_t a,
					 uint32_t b)
{
	enum truth t;

	switch (r->test->op) {
	case PAIR_CODES: t = pair_codes(r, a, b); break;
	case PAIR_NUMBERS: t = pair_numbers(r, a, b); break;
	default: t = pair_test_other(e, r->test, (const uint32_t[]){ a, b }); break;
	}
	return r->test->negated ? (enum truth)(TRUTH_TRUE - t) : t;
}

/* Whether two times lie within a sliding window of each other. */
enum truth window_apart(const struct window *w, int64_t a, int64_t b);

/* Small sorts in place, and lists that grow. */
void pairs_sort(struct eval *e, unsigned list, uint32_t n);
/* The rows of a range that pass, with their keys; all keys are known. */
uint32_t pairs_passing(struct eval *e, unsigned list, const uint64_t *key, const uint8_t *truth,
		       const uint32_t range[2]);
uint32_t pairs_add(struct eval *e, unsigned list, uint32_t n, uint64_t key, uint64_t value);
