/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * order.c - order statistics on sorted exact values.
 */
#include "lib/rule/order.h"

struct value order_median(const struct value *sorted, uint32_t n, enum type t)
{
	struct rat sum;

	if (n == 0)
		return value_missing(t);
	if (n % 2)
		return value_rat(t, sorted[n / 2].rat);
	if (!num_add(&sum, sorted[n / 2 - 1].rat, sorted[n / 2].rat) ||
	    !rat_div(&sum, sum, rat_int(2)))
		return value_missing(t);
	return value_rat(t, sum);
}

/* p as a share of 1: 0.9 and 90 are the same. */
static bool as_share(struct rat *p)
{
	if (num_cmp(*p, rat_int(1)) <= 0)
		return rat_sign(*p) >= 0;
	return num_cmp(*p, rat_int(100)) <= 0 && rat_div(p, *p, rat_int(100));
}

struct value order_percentile(const struct value *sorted, uint32_t n, struct rat p, enum type t)
{
	struct rat rank;
	__int128 at;

	if (n == 0 || !as_share(&p) || !rat_mul(&rank, p, rat_int(n)))
		return value_missing(t);
	at = rank.num / rank.den + (rank.num % rank.den != 0);
	return value_rat(t, sorted[at < 1 ? 0 : at > n ? n - 1 : (uint32_t)at - 1].rat);
}

struct value order_mean(const struct value *v, uint32_t n, enum type t)
{
	struct rat sum = { 0, 1 };

	if (n == 0)
		return value_missing(t);
	for (uint32_t i = 0; i < n; i++)
		if (!num_add(&sum, sum, v[i].rat))
			return value_missing(t);
	return rat_div(&sum, sum, rat_int(n)) ? value_rat(t, sum) : value_missing(t);
}

struct value order_mad(const struct value *v, uint32_t n, struct value middle, struct value *room)
{
	if (!middle.known)
		return value_missing(middle.type);
	for (uint32_t i = 0; i < n; i++) {
		struct rat d;

		if (!rat_sub(&d, v[i].rat, middle.rat) ||
		    (rat_sign(d) < 0 && !rat_sub(&d, rat_int(0), d)))
			return value_missing(middle.type);
		room[i] = value_rat(middle.type, d);
	}
	value_sort(room, n);
	return order_median(room, n, middle.type);
}

void peers_prepare(struct peers *p, enum type t, struct value *room)
{
	p->median = order_median(p->v, p->n, t);
	p->mad = order_mad(p->v, p->n, p->median, room);
	p->mean = order_mean(p->v, p->n, t);
}
