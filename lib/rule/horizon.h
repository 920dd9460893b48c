/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * horizon.h - what is known of a rule before any record is seen: how far it looks back, and
 * what it costs in memory.
 *
 * The horizon is how many days before the newest record of a finding its other records may
 * lie: what must be kept, or read again, so that nothing is missed. Sliding windows that
 * share records join into one run, which reaches further by one window each.
 * Pure: the checked rule in, numbers out.
 */
#pragma once

#include "lib/rule/rule.h"

struct horizon {
	bool bounded;    /* false: by no number of days (refused by the checker) */
	bool visit;      /* the records of one visit or stay, however long it lasts, besides */
	bool run;        /* sliding windows may join into a longer run */
	int64_t days;
};

void rule_horizon(const struct rule *r, struct horizon *out);

/*
 * Bytes the timelines of one million persons keep for one year of records so that this rule
 * can be judged:
 *
 *   1,000,000 x sum over the streams it needs of
 *       records per person and year x (bytes of an empty row + 4 x fields kept)
 *
 * Rules share rows and fields: the sum over rules is more than what they take together.
 */
uint64_t rule_memory(const struct rule *r);

/* Records of a stream per person and year, in hundredths, that rule_memory reckons with; 0 for
 * streams that are no events of persons. */
uint32_t stream_yearly(enum stream s);
