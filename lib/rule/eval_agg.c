/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_agg.c - aggregates over the records of a group, each computed once per frame.
 *
 * Records whose filter or 若 is unknown are left out or counted in as the frame's choices say.
 * A missing summand makes the aggregate missing.
 */
#include "lib/rule/frame.h"
#include "lib/rule/order.h"

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

void agg_start(struct agg_walk *w, struct frame *f, const struct node *n)
{
	*w = (struct agg_walk){ .f = f, .n = n };
	if (n->role < ROLE_RELATED) {
		w->rows = f->rows[n->role];
		w->count = f->n[n->role];
		return;
	}
	w->kin = f->kin ? &f->kin[n->role - ROLE_RELATED] : NULL;
	w->rows = w->kin ? w->kin->row : NULL;
	w->count = w->kin ? w->kin->n : 0;
}

/* A record of the aggregate beside the records in hand. */
static void frame_beside(struct frame *f, struct frame *inner, const struct node *n, uint32_t row)
{
	frame_init(inner, f->e);
	for (unsigned i = 0; i < ROLE_RELATED; i++) {
		inner->at[i] = f->at[i];
		inner->stream[i] = f->stream[i];
	}
	inner->at[n->role] = row;
	inner->stream[n->role] = f->kin[n->role - ROLE_RELATED].stream;
	inner->table = f->table;
	inner->table_row = f->table_row;
	inner->day = frame_day(f);
}

static enum stream stream_of(const struct frame *f, const struct node *n)
{
	return n->role < ROLE_RELATED ? f->stream[n->role]
				      : f->kin[n->role - ROLE_RELATED].stream;
}

/* The frame that an aggregate's own words are read in. */
void agg_member(struct frame *f, struct frame *inner, const struct node *n, uint32_t row)
{
	if (n->mixed) {
		frame_beside(f, inner, n, row);
		return;
	}
	frame_row(inner, f->e, stream_of(f, n), row);
	inner->day = frame_day(f);
}

static uint8_t cond_truth(struct frame *f, const struct node *n, uint32_t row)
{
	struct frame inner;

	if (!n->cond->dated && !n->mixed)
		return slot_truth_at(f->e, n->cond, row);
	if (n->cond->way == WAY_DICT && !n->mixed && stream_of(f, n) == n->cond->stream)
		return dict_truth_on(f->e, n->cond, row, frame_day(f));
	agg_member(f, &inner, n, row);
	return (uint8_t)node_truth(&inner, n->cond);
}

static uint8_t row_truth(const struct agg_walk *w, uint32_t i, uint32_t row)
{
	if (w->kin)
		return w->kin->truth ? w->kin->truth[i] : TRUTH_TRUE;
	return w->f->filter ? w->f->filter[row] : TRUTH_TRUE;
}

bool agg_next(struct agg_walk *w, uint32_t *row)
{
	struct frame *f = w->f;

	while (w->i < w->count) {
		uint32_t r = w->rows[w->i];
		uint8_t t = row_truth(w, w->i++, r);

		if (t == TRUTH_UNKNOWN && !choose(f, r, w->kin ? w->kin->tag : NULL))
			continue;
		if (w->n->cond) {
			t = cond_truth(f, w->n, r);
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

	agg_member(f, &inner, n, row);
	return node_value(&inner, n->arg[0]);
}

static struct value agg_count(struct frame *f, const struct node *n)
{
	struct agg_walk w;
	uint32_t row;
	int64_t count = 0;

	agg_start(&w, f, n);
	if (!n->cond && (w.kin ? !w.kin->truth : !f->filter))
		return value_int(n->type, w.count);
	while (agg_next(&w, &row))
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
	struct agg_walk w;
	__int128 sum = 0;
	uint32_t row;

	agg_start(&w, f, n);
	while (agg_next(&w, &row)) {
		if (v[row] == MISSING_I64)
			return value_missing(n->type);
		sum += v[row];
		++*count;
	}
	return value_rat(n->type, at_scale(sum, n->arg[0]->scale));
}

static struct value sum_values(struct frame *f, const struct node *n, uint64_t *count)
{
	struct agg_walk w;
	struct rat sum = { 0, 1 };
	uint32_t row;

	agg_start(&w, f, n);
	while (agg_next(&w, &row)) {
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
	return takes_vector(n) ? sum_vector(f, n, count) : sum_values(f, n, count);
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
	struct agg_walk w;
	struct rat sum = { 0, 1 }, best = { 0, 1 };
	uint32_t row;

	agg_start(&w, f, n);
	while (agg_next(&w, &row)) {
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
	struct agg_walk w;
	struct value best = value_missing(n->type);
	uint32_t row;

	agg_start(&w, f, n);
	while (agg_next(&w, &row)) {
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
	struct agg_walk w;
	uint32_t row;

	agg_start(&w, f, n);
	return agg_next(&w, &row) ? row_value(f, n, row) : value_missing(n->type);
}

static struct value agg_last(struct frame *f, const struct node *n)
{
	struct agg_walk w;
	uint32_t row = 0;
	bool any = false;

	agg_start(&w, f, n);
	while (agg_next(&w, &row))
		any = true;
	return any ? row_value(f, n, row) : value_missing(n->type);
}

static uint64_t distinct_key(struct frame *f, const struct node *n, uint32_t row)
{
	struct frame inner;

	if (!n->arg[0]->dated && !n->mixed)
		return slot_key(f->e, n->arg[0], stream_of(f, n))[row];
	agg_member(f, &inner, n, row);
	return key_number(f->e, &inner, n->arg[0]);
}

static struct value agg_distinct(struct frame *f, const struct node *n)
{
	struct agg_walk w;
	struct eval *e = f->e;
	uint32_t row, m = 0;
	int64_t count = 0;

	agg_start(&w, f, n);
	GROW(e->number, e->cap_number, w.count + 1);
	while (agg_next(&w, &row)) {
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
	struct agg_walk w;
	struct eval *e = f->e;
	uint32_t row;

	*m = 0;
	agg_start(&w, f, n);
	GROW(e->list, e->cap_list, w.count + 1);
	while (agg_next(&w, &row)) {
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

struct value company_value(struct frame *f, const struct node *n, struct meeting *m, uint32_t k)
{
	struct value gap = node_value(f, n->arg[1]), days = node_value(f, n->arg[2]);
	struct company_terms t;
	struct str *who;
	uint32_t size;

	if (!gap.known || !days.known)
		return value_missing(n->type);
	t.gap = (int64_t)(gap.rat.num / gap.rat.den);
	t.days = (int64_t)(days.rat.num / days.rat.den);
	if (!company_find(&f->e->scratch, m, k, &t, &who, &size))
		return value_missing(n->type);
	if (n->agg == AGG_COMPANY)
		return value_int(n->type, size);
	return value_str(n->type, company_names(&f->e->scratch, who, size));
}

static struct value agg_company(struct frame *f, const struct node *n)
{
	enum field when = stream_time(stream_of(f, n));
	struct meeting *m;
	struct agg_walk w;
	uint32_t row, k = 0;

	agg_start(&w, f, n);
	m = arena_array(&f->e->scratch, w.count + 1, sizeof *m);
	while (agg_next(&w, &row)) {
		struct value v = row_value(f, n, row);

		if (!v.known)
			return value_missing(n->type);
		m[k++] = (struct meeting){ when == FIELD_NONE ? MISSING_I64 :
					   row_time(f->e, when, row), v.text };
	}
	return company_value(f, n, m, k);
}

typedef struct value agg_fn(struct frame *f, const struct node *n);

static agg_fn *const aggs[] = {
	[AGG_COUNT] = agg_count, [AGG_SUM] = agg_sum, [AGG_DISTINCT] = agg_distinct,
	[AGG_MAX] = agg_max, [AGG_MIN] = agg_min, [AGG_MEAN] = agg_mean,
	[AGG_MEDIAN] = agg_median, [AGG_PERCENTILE] = agg_percentile,
	[AGG_FIRST] = agg_first, [AGG_LAST] = agg_last, [AGG_RUNNING] = agg_running,
	[AGG_COMPANY] = agg_company, [AGG_BAND] = agg_company,
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
