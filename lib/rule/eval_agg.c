/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_agg.c - aggregates over the records of a group, each computed once per frame.
 *
 * Records whose filter or 若 is unknown are left out or counted in as the frame's choices say.
 * A missing summand makes the aggregate missing.
 */
#include "lib/rule/frame.h"
#include "lib/rule/order.h"

/* Calls of one aggregate: the rows that count, in event order. */
struct walk {
	struct frame *f;
	const struct node *n;
	uint32_t i;
};

bool choose(struct frame *f, uint32_t row, const struct node *cond)
{
	struct choices *c = f->choices;

	if (!c || c->all)
		return c != NULL;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->of[i].row == row && c->of[i].cond == cond)
			return c->bits >> i & 1;
	if (c->n == MOST_CHOICES) {
		c->many = true;
		return false;
	}
	c->of[c->n].row = row;
	c->of[c->n].cond = cond;
	return c->bits >> c->n++ & 1;
}

/* The next row that counts; false at the end. */
static bool walk_next(struct walk *w, uint32_t *row)
{
	struct frame *f = w->f;
	uint32_t role = w->n->role;

	while (w->i < f->n[role]) {
		uint32_t r = f->rows[role][w->i++];
		uint8_t t = f->filter ? f->filter[r] : TRUTH_TRUE;

		if (t == TRUTH_UNKNOWN && !choose(f, r, NULL))
			continue;
		if (w->n->cond) {
			t = frame_cond(f, w->n->cond, role, r);
			if (t == TRUTH_FALSE || (t == TRUTH_UNKNOWN && !choose(f, r, w->n->cond)))
				continue;
		}
		*row = r;
		return true;
	}
	return false;
}

static struct value row_value(struct frame *f, const struct node *n, uint32_t row)
{
	struct frame inner;

	frame_member(f, &inner, n->role, row);
	return node_value(&inner, n->arg[0]);
}

static struct value agg_count(struct frame *f, const struct node *n)
{
	struct walk w = { f, n, 0 };
	uint32_t row;
	int64_t count = 0;

	if (!n->cond && !f->filter)
		return value_int(n->type, f->n[n->role]);
	while (walk_next(&w, &row))
		count++;
	return value_int(n->type, count);
}

static struct rat at_scale(__int128 v, int scale)
{
	struct rat r = rat_scaled(1, scale);

	r.num = v;
	return r;
}

/* Sum of a vector; 64-bit summands cannot overflow 128 bits. */
static struct value sum_vector(struct frame *f, const struct node *n, uint64_t *count)
{
	const int64_t *v = slot_number(f->e, n->arg[0]);
	struct walk w = { f, n, 0 };
	__int128 sum = 0;
	uint32_t row;

	while (walk_next(&w, &row)) {
		if (v[row] == MISSING_I64)
			return value_missing(n->type);
		sum += v[row];
		++*count;
	}
	return value_rat(n->type, at_scale(sum, n->arg[0]->scale));
}

static struct value sum_values(struct frame *f, const struct node *n, uint64_t *count)
{
	struct walk w = { f, n, 0 };
	struct rat sum = { 0, 1 };
	uint32_t row;

	while (walk_next(&w, &row)) {
		struct value v = row_value(f, n, row);

		if (!v.known || !num_add(&sum, sum, v.rat))
			return value_missing(n->type);
		++*count;
	}
	return value_rat(n->type, sum);
}

static struct value sum_of(struct frame *f, const struct node *n, uint64_t *count)
{
	*count = 0;
	return n->arg[0]->way >= WAY_COLUMN ? sum_vector(f, n, count) : sum_values(f, n, count);
}

static struct value agg_sum(struct frame *f, const struct node *n)
{
	uint64_t count;

	return sum_of(f, n, &count);
}

static struct value agg_mean(struct frame *f, const struct node *n)
{
	uint64_t count;
	struct value v = sum_of(f, n, &count);

	if (!v.known || count == 0 || !rat_div(&v.rat, v.rat, rat_int((int64_t)count)))
		return value_missing(n->type);
	return v;
}

static struct value agg_running(struct frame *f, const struct node *n)
{
	struct walk w = { f, n, 0 };
	struct rat sum = { 0, 1 }, best = { 0, 1 };
	uint32_t row;

	while (walk_next(&w, &row)) {
		struct value v = row_value(f, n, row);

		if (!v.known || !num_add(&sum, sum, v.rat))
			return value_missing(n->type);
		if (num_cmp(sum, best) > 0)
			best = sum;
	}
	return value_rat(n->type, best);
}

static struct value extreme(struct frame *f, const struct node *n, int sign)
{
	struct walk w = { f, n, 0 };
	struct value best = value_missing(n->type);
	uint32_t row;

	while (walk_next(&w, &row)) {
		struct value v = row_value(f, n, row);

		if (!v.known)
			return value_missing(n->type);
		if (!best.known || value_cmp(&v, &best) * sign > 0)
			best = v;
	}
	return best;
}

static struct value agg_max(struct frame *f, const struct node *n)
{
	return extreme(f, n, 1);
}

static struct value agg_min(struct frame *f, const struct node *n)
{
	return extreme(f, n, -1);
}

static struct value agg_first(struct frame *f, const struct node *n)
{
	struct walk w = { f, n, 0 };
	uint32_t row;

	return walk_next(&w, &row) ? row_value(f, n, row) : value_missing(n->type);
}

static struct value agg_last(struct frame *f, const struct node *n)
{
	struct walk w = { f, n, 0 };
	uint32_t row = 0;
	bool any = false;

	while (walk_next(&w, &row))
		any = true;
	return any ? row_value(f, n, row) : value_missing(n->type);
}

static uint64_t distinct_key(struct frame *f, const struct node *n, uint32_t row)
{
	struct frame inner;

	if (!n->arg[0]->dated)
		return slot_key(f->e, n->arg[0], f->stream[n->role])[row];
	frame_member(f, &inner, n->role, row);
	return key_number(f->e, &inner, n->arg[0]);
}

static struct value agg_distinct(struct frame *f, const struct node *n)
{
	struct walk w = { f, n, 0 };
	struct eval *e = f->e;
	uint32_t row, m = 0;
	int64_t count = 0;

	GROW(e->number, e->cap_number, f->n[n->role] + 1);
	while (walk_next(&w, &row)) {
		e->number[m] = distinct_key(f, n, row);
		if (e->number[m++] == KEY_MISSING)
			return value_missing(n->type);
	}
	sort_u64(e->number, m, NULL);
	for (uint32_t i = 0; i < m; i++)
		count += i == 0 || e->number[i] != e->number[i - 1];
	return value_int(n->type, count);
}

/* Values of the aggregate's argument, sorted; false when one is missing. */
static bool sorted_values(struct frame *f, const struct node *n, uint32_t *m)
{
	struct walk w = { f, n, 0 };
	struct eval *e = f->e;
	uint32_t row;

	*m = 0;
	GROW(e->list, e->cap_list, f->n[n->role] + 1);
	while (walk_next(&w, &row)) {
		struct value v = row_value(f, n, row);

		if (!v.known)
			return false;
		e->list[(*m)++] = v;
	}
	value_sort(e->list, *m);
	return true;
}

static struct value agg_median(struct frame *f, const struct node *n)
{
	uint32_t m;

	return sorted_values(f, n, &m) ? order_median(f->e->list, m, n->type)
				       : value_missing(n->type);
}

static struct value agg_percentile(struct frame *f, const struct node *n)
{
	struct value p = n->n_arg > 1 ? node_value(f, n->arg[1]) : value_missing(n->type);
	uint32_t m;

	if (!p.known || !sorted_values(f, n, &m))
		return value_missing(n->type);
	return order_percentile(f->e->list, m, p.rat, n->type);
}

typedef struct value agg_fn(struct frame *f, const struct node *n);

static agg_fn *const aggs[] = {
	[AGG_COUNT] = agg_count, [AGG_SUM] = agg_sum, [AGG_DISTINCT] = agg_distinct,
	[AGG_MAX] = agg_max, [AGG_MIN] = agg_min, [AGG_MEAN] = agg_mean,
	[AGG_MEDIAN] = agg_median, [AGG_PERCENTILE] = agg_percentile,
	[AGG_FIRST] = agg_first, [AGG_LAST] = agg_last, [AGG_RUNNING] = agg_running,
};

struct value agg_value(struct frame *f, const struct node *n)
{
	struct value v;

	for (uint32_t i = 0; i < f->n_memo; i++)
		if (f->memo_node[i] == n)
			return f->memo[i];
	for (uint32_t i = 0; i < f->n_given; i++)
		if (f->given_node[i] == n)
			return f->given[i];
	/* a cell has only what was summed for it */
	if (f->key || n->agg >= sizeof aggs / sizeof *aggs)
		return value_missing(n->type);
	v = aggs[n->agg](f, n);
	if (f->n_memo < FRAME_MEMO) {
		f->memo_node[f->n_memo] = n;
		f->memo[f->n_memo++] = v;
	}
	return v;
}

struct value agg_peers(struct frame *f, const struct node *n)
{
	const struct peers *p = f->peers;
	struct value arg;

	if (!p)
		return value_missing(n->type);
	switch (n->agg) {
	case AGG_MEDIAN: return p->median;
	case AGG_MAD: return p->mad;
	case AGG_MEAN: return p->mean;
	case AGG_COUNT: return value_int(TYPE_COUNT, p->n);
	case AGG_MAX: return p->n ? p->v[p->n - 1] : value_missing(n->type);
	case AGG_MIN: return p->n ? p->v[0] : value_missing(n->type);
	case AGG_PERCENTILE:
		arg = n->n_arg ? node_value(f, n->arg[0]) : value_missing(n->type);
		return arg.known ? order_percentile(p->v, p->n, arg.rat, n->type)
				 : value_missing(n->type);
	default: return value_missing(n->type);
	}
}
