/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * order.h - order statistics of exact values: median, deviation, percentile, mean.
 *
 * Nothing is rounded: the median of an even number of values is the exact mean of the middle
 * two, the percentile is the least value with at least p of all values not above it.
 * Knows values, not where they come from.
 */
#pragma once

#include "lib/rule/value.h"

/* Peers of a cell, prepared once for all cells of the same kind. */
struct peers {
	const struct value *v;   /* sorted, all known */
	uint32_t n;
	struct value median, mad, mean;
};

/* Of n sorted known values; missing when n is 0 or a number does not fit. */
struct value order_median(const struct value *sorted, uint32_t n, enum type t);
struct value order_percentile(const struct value *sorted, uint32_t n, struct rat p, enum type t);
struct value order_mean(const struct value *v, uint32_t n, enum type t);

/* Median distance from `middle`; `room` holds n values, contents lost. */
struct value order_mad(const struct value *v, uint32_t n, struct value middle, struct value *room);

/* Fills median, mad and mean from v and n; `room` holds n values. */
void peers_prepare(struct peers *p, enum type t, struct value *room);
