/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_sum.c - the sums of a joined cell, added over shards when somebody asks.
 */
#include <stdlib.h>

#include "lib/stat/joined.h"

/* Of one sum over all shards. */
struct total {
	__int128 sum;
	uint64_t count, unknown;
	struct rat more;
	bool overflow;
};

static const struct table *table_of(const struct judging *j, uint32_t shard)
{
	return &j->j->shard[shard]->table[j->rp->source];
}

struct brief joined_brief(const struct judging *j, const uint32_t *cell, uint32_t agg)
{
	struct brief b = { 0 };

	for (uint32_t s = 0; s < j->j->n; s++) {
		const struct table *t = table_of(j, s);
		const struct cell *x;

		if (!cell[s])
			continue;
		x = cell_at(t, cell[s] - 1);
		b.sure += x->sure;
		b.there |= cell_given(x) != 0;
		if (agg != NO_INDEX) {
			const struct sum *sum = (const void *)((const uint8_t *)x + t->sum_at);

			b.count += sum[agg].count;
			b.unknown |= sum[agg].unknown != 0;
		}
	}
	return b;
}

static void add_rest(struct total *t, const struct rest *r)
{
	t->sum += (__int128)r->carry * ((__int128)1 << 64);
	t->overflow |= r->overflow || !num_add(&t->more, t->more, r->more);
}

static struct total total_of(const struct judging *j, const uint32_t *cell, uint32_t agg)
{
	struct total t = { .more = { 0, 1 } };

	for (uint32_t s = 0; s < j->j->n; s++) {
		const struct sum *sum;
		const struct rest *rest;

		if (!cell[s])
			continue;
		sum = &cell_sums(table_of(j, s), cell[s] - 1)[agg];
		rest = cell_rest(j->j->shard[s], j->rp->source, cell[s] - 1, agg);
		t.sum += sum->total;
		t.count += sum->count;
		t.unknown += sum->unknown;
		if (rest)
			add_rest(&t, rest);
	}
	return t;
}

uint64_t joined_count(const struct judging *j, const uint32_t *cell, uint32_t agg, bool *unknown)
{
	uint64_t count = 0;

	*unknown = false;
	for (uint32_t s = 0; s < j->j->n; s++) {
		const struct sum *sum = cell[s] ? &cell_sums(table_of(j, s), cell[s] - 1)[agg]
						: NULL;

		count += sum ? sum->count : 0;
		*unknown |= sum && sum->unknown;
	}
	return count;
}

const struct value *joined_key(const struct judging *j, const uint32_t *cell, uint32_t i)
{
	uint32_t s = 0;

	while (!cell[s])
		s++;
	return &j->j->shard[s]->part[cell_at(table_of(j, s), cell[s] - 1)->key[i]].value;
}

/* ---- values kept ---- */

typedef void seen_fn(void *ctx, struct str text, uint64_t times);

static void each_seen(const struct judging *j, const uint32_t *cell, uint32_t agg, seen_fn *fn,
		      void *ctx)
{
	for (uint32_t s = 0; s < j->j->n; s++) {
		const struct dict *d = j->j->shard[s]->dict;
		const struct rest *rest;
		uint64_t code, times;
		size_t at = 0;
		int64_t one;

		if (!cell[s])
			continue;
		one = cell_sums(table_of(j, s), cell[s] - 1)[agg].total;
		if (one)
			fn(ctx, dict_text(d, KEPT_CODE(one)), KEPT_TIMES(one));
		rest = cell_rest(j->j->shard[s], j->rp->source, cell[s] - 1, agg);
		while (rest && map64_next(&rest->seen, &at, &code, &times))
			fn(ctx, dict_text(d, (uint32_t)code), times);
	}
}

struct seeing {
	enum type type;
	struct value *v;
	struct str *text;
	struct str best;         /* 首个, 末个 */
	int sign;
	uint64_t n, room;
};

static void count_text(void *ctx, struct str text, uint64_t times)
{
	(void)text;
	(void)times;
	++((struct seeing *)ctx)->n;
}

static void take_text(void *ctx, struct str text, uint64_t times)
{
	struct seeing *s = ctx;

	(void)times;
	s->text[s->n++] = text;
}

static void take_value(void *ctx, struct str text, uint64_t times)
{
	struct seeing *s = ctx;

	for (uint64_t i = 0; i < times && s->n < s->room; i++)
		s->v[s->n++] = partial_value(text, s->type, false);
}

static void take_best(void *ctx, struct str text, uint64_t times)
{
	struct seeing *s = ctx;

	(void)times;
	if (!s->best.p || str_cmp(text, s->best) * s->sign < 0)
		s->best = text;
}

static int compare_str(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Shards may have seen the same values. */
static uint64_t count_distinct(struct judging *j, const uint32_t *cell, uint32_t agg)
{
	struct seeing s = { .n = 0 };
	uint64_t n = 0;

	each_seen(j, cell, agg, count_text, &s);
	if (j->j->n == 1 || s.n < 2)
		return s.n;
	s.text = arena_array(&j->e->scratch, s.n, sizeof *s.text);
	s.n = 0;
	each_seen(j, cell, agg, take_text, &s);
	qsort(s.text, s.n, sizeof *s.text, compare_str);
	for (uint64_t i = 0; i < s.n; i++)
		n += i == 0 || !str_eq(s.text[i], s.text[i - 1]);
	return n;
}

/* All values kept of a cell, sorted. */
static const struct value *kept_values(struct judging *j, const uint32_t *cell, uint32_t agg,
				       uint64_t room, uint32_t *n)
{
	struct seeing s = { .type = j->s->agg[agg]->type, .room = room };

	s.v = arena_array(&j->e->scratch, room, sizeof *s.v);
	each_seen(j, cell, agg, take_value, &s);
	value_sort(s.v, (uint32_t)s.n);
	*n = (uint32_t)s.n;
	return s.v;
}

static struct value rank_value(struct judging *j, const uint32_t *cell, uint32_t agg,
			       uint64_t room)
{
	const struct node *n = j->s->agg[agg];
	uint32_t count;
	const struct value *v = kept_values(j, cell, agg, room, &count);
	struct value p;
	struct frame f;

	if (n->agg == AGG_MEDIAN)
		return order_median(v, count, n->type);
	frame_init(&f, j->e);
	p = n->n_arg > 1 ? node_value(&f, n->arg[1]) : value_missing(n->type);
	return p.known ? order_percentile(v, count, p.rat, n->type) : value_missing(n->type);
}

/* Each subject kept one; of these the extreme is sought. */
static struct value extreme_value(struct judging *j, const uint32_t *cell, uint32_t agg,
				  uint64_t room)
{
	uint32_t n;
	const struct value *v = kept_values(j, cell, agg, room, &n);

	if (!n)
		return value_missing(j->s->agg[agg]->type);
	return j->s->agg[agg]->agg == AGG_MIN ? v[0] : v[n - 1];
}

static struct value timed_value(struct judging *j, const uint32_t *cell, uint32_t agg)
{
	const struct node *n = j->s->agg[agg];
	struct seeing s = { .sign = n->agg == AGG_LAST ? -1 : 1 };

	each_seen(j, cell, agg, take_best, &s);
	return s.best.p ? partial_value(s.best, n->type, true) : value_missing(n->type);
}

struct coming {
	struct meeting *v;
	uint32_t n;
};

static void take_coming(void *ctx, struct str text, uint64_t times)
{
	struct coming *c = ctx;

	(void)times;
	c->v[c->n++] = (struct meeting){ partial_time_of(text),
					 partial_value(text, TYPE_TEXT, true).text };
}

static struct value band_value(struct judging *j, const uint32_t *cell, uint32_t agg)
{
	struct seeing s = { .n = 0 };
	struct coming c = { .n = 0 };
	struct frame f;

	each_seen(j, cell, agg, count_text, &s);
	c.v = arena_array(&j->e->scratch, s.n + 1, sizeof *c.v);
	each_seen(j, cell, agg, take_coming, &c);
	frame_init(&f, j->e);
	return company_value(&f, j->s->agg[agg], c.v, c.n);
}

/* ---- aggregates ---- */

static struct value sum_value(const struct node *n, const struct total *t)
{
	struct rat r = rat_scaled(1, takes_vector(n) ? n->arg[0]->scale : 0);

	r.num = t->sum;
	if (!num_add(&r, r, t->more))
		return value_missing(n->type);
	if (n->agg == AGG_MEAN &&
	    (!t->count || !rat_div(&r, r, rat_int((int64_t)t->count))))
		return value_missing(n->type);
	return value_rat(n->type, r);
}

struct value joined_value(struct judging *j, const uint32_t *cell, uint32_t agg)
{
	const struct node *n = j->s->agg[agg];
	struct total t = total_of(j, cell, agg);

	if (t.unknown || t.overflow)
		return value_missing(n->type);
	switch (n->agg) {
	case AGG_COUNT: return value_int(n->type, (int64_t)t.count);
	case AGG_SUM: case AGG_RUNNING: case AGG_MEAN: return sum_value(n, &t);
	case AGG_DISTINCT:
		if (!j->s->counted[agg])
			t.count = count_distinct(j, cell, agg);
		return value_int(n->type, (int64_t)t.count);
	case AGG_MIN: case AGG_MAX: return extreme_value(j, cell, agg, t.count);
	case AGG_MEDIAN: case AGG_PERCENTILE: return rank_value(j, cell, agg, t.count);
	case AGG_COMPANY: case AGG_BAND: return band_value(j, cell, agg);
	case AGG_FIRST: case AGG_LAST: return timed_value(j, cell, agg);
	default: return value_missing(n->type);
	}
}

/* ---- peers' fields ---- */

static void least_part(const struct cells *c, uint64_t part, struct str *least)
{
	struct str text = c->part[part].text;

	if (!least->p || str_cmp(text, *least) < 0)
		*least = text;
}

struct str joined_peer(const struct judging *j, const uint32_t *cell, uint32_t peer)
{
	uint32_t sum = j->s->n_agg + peer;
	struct str least = { NULL, 0 };

	for (uint32_t s = 0; s < j->j->n; s++) {
		const struct cells *c = j->j->shard[s];
		const struct rest *rest;
		const struct sum *x;
		uint64_t part, times;
		size_t at = 0;

		if (!cell[s])
			continue;
		x = &cell_sums(table_of(j, s), cell[s] - 1)[sum];
		if (x->count)
			least_part(c, (uint64_t)x->total, &least);
		rest = cell_rest(c, j->rp->source, cell[s] - 1, sum);
		while (rest && map64_next(&rest->seen, &at, &part, &times))
			least_part(c, part, &least);
	}
	return least;
}
