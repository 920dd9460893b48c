/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_partial.c - per contribution and aggregate the part that can be merged.
 *
 * Counts and sums of a vector are integers: one loop over the rows of all contributions. The
 * other aggregates keep values as texts: distinct ones unless they cannot be shared with another
 * subject (persons, visits), all of them for 中位 and 百分位, one for 首个, 末个, 最大 and 最小.
 * A record that may or may not count makes the aggregate unknown: sums over thousands of persons
 * are not tried in every completion.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/rule/cells_pass.h"
#include "lib/rule/kernel.h"

static void member(const struct cells_pass *x, struct frame *f, uint32_t row)
{
	frame_row(f, x->e, x->s->side.stream, row);
	if (x->day != MISSING_I32)
		f->day = x->day;
}

static struct value member_value(const struct cells_pass *x, const struct node *n, uint32_t row)
{
	struct frame f;

	member(x, &f, row);
	return node_value(&f, n);
}

enum truth cell_counts(const struct cells_pass *x, const struct node *cond, uint32_t row)
{
	enum truth in = (enum truth)x->filter[row], c = TRUTH_TRUE;
	struct frame f;

	if (cond && cond->dated) {
		member(x, &f, row);
		c = node_truth(&f, cond);
	} else if (cond) {
		c = (enum truth)slot_truth_at(x->e, cond, row);
	}
	return in < c ? in : c;
}

int32_t cell_period(const struct cells_pass *x, const struct contribution *k)
{
	for (uint32_t i = 0; i < x->s->n_key; i++) {
		const struct node *n = x->s->key[i];
		uint64_t number;

		if (n->op != EXPR_BUCKET || n->bucket < BUCKET_DAY)
			continue;
		number = x->c.key[i][x->c.row[k->from]];
		return bucket_start(n->bucket, n->bucket == BUCKET_DAY
				    ? (int32_t)(uint32_t)number : (int64_t)number,
				    &x->e->p->rs->settings);
	}
	return MISSING_I32;
}

/* ---- one aggregate of all contributions ---- */

/* Which rows count in an aggregate: the filter itself, or with the 若 in it. */
static const uint8_t *truth_of(struct cells_pass *x, const struct node *cond)
{
	struct eval *e = x->e;

	if (!cond)
		return x->filter;
	GROW(e->rest, e->cap_rest, e->b->rows[x->s->side.stream].n + 1);
	if (cond->stream != STREAM_COUNT && !cond->dated) {
		const uint8_t *v = slot_start(e, cond);

		memcpy(e->rest, x->filter, e->b->rows[x->s->side.stream].n);
		if (!e->slot[cond->id].open) {
			kernel_and(e->rest, v, e->b->rows[x->s->side.stream].n);
			return e->rest;
		}
	}
	for (uint32_t i = 0; i < x->c.n; i++) {
		const struct contribution *k = &x->c.v[i];

		x->day = cell_period(x, k);
		for (uint32_t r = k->from; r < k->from + k->n; r++)
			e->rest[x->c.row[r]] = (uint8_t)cell_counts(x, cond, x->c.row[r]);
	}
	return e->rest;
}

static struct partial_kept *kept_at(struct cells_pass *x, size_t at)
{
	size_t n = (size_t)x->c.n * (x->s->n_agg + x->s->n_peer);

	if (!x->kept)
		x->kept = arena_array(&x->e->scratch, n, sizeof *x->kept);
	return &x->kept[at];
}

static struct partial *partial_at(struct cells_pass *x, uint32_t i, uint32_t agg)
{
	return &x->partial[(size_t)i * (x->s->n_agg + x->s->n_peer) + agg];
}

/* Truths without an unknown one are 0 and 2. */
static bool all_known(const struct cells_pass *x, const uint8_t *truth)
{
	return !(kernel_bits(truth, x->e->b->rows[x->s->side.stream].n) & TRUTH_UNKNOWN);
}

static void count_known(struct cells_pass *x, uint32_t agg, const uint8_t *truth)
{
	for (uint32_t i = 0; i < x->c.n; i++) {
		const uint32_t *row = x->c.row + x->c.v[i].from;
		uint32_t twice = 0;

		for (uint32_t r = 0; r < x->c.v[i].n; r++)
			twice += truth[row[r]];
		*partial_at(x, i, agg) = (struct partial){ .count = twice / TRUTH_TRUE };
	}
}

static void count_rows(struct cells_pass *x, uint32_t agg, const uint8_t *truth)
{
	if (all_known(x, truth)) {
		count_known(x, agg, truth);
		return;
	}
	for (uint32_t i = 0; i < x->c.n; i++) {
		const uint32_t *row = x->c.row + x->c.v[i].from;
		struct partial p = { 0 };

		for (uint32_t r = 0; r < x->c.v[i].n; r++) {
			p.count += truth[row[r]] == TRUTH_TRUE;
			p.unknown |= truth[row[r]] == TRUTH_UNKNOWN;
		}
		*partial_at(x, i, agg) = p;
	}
}

/* A sum beyond 64 bits is kept as a fraction. */
static void put_sum(struct cells_pass *x, uint32_t i, uint32_t agg, __int128 sum)
{
	struct partial *p = partial_at(x, i, agg);
	struct rat unit = rat_scaled(1, x->s->agg[agg]->arg[0]->scale);

	if (sum >= -INT64_MAX && sum <= INT64_MAX)
		p->sum = (int64_t)sum;
	else
		kept_at(x, (size_t)(p - x->partial))->sum = (struct rat){ sum, unit.den };
}

/* Where it is known which rows count, and none of these is missing or large. */
static bool sum_known(struct cells_pass *x, uint32_t agg, const uint8_t *truth)
{
	struct eval *e = x->e;
	uint32_t rows = e->b->rows[x->s->side.stream].n;
	const int64_t *v = slot_number(e, x->s->agg[agg]->arg[0]);

	GROW(e->picked, e->cap_picked, rows + 1);
	if (x->s->agg[agg]->agg == AGG_RUNNING || !all_known(x, truth) ||
	    !kernel_pick(e->picked, v, truth, rows))
		return false;
	for (uint32_t i = 0; i < x->c.n; i++) {
		const uint32_t *row = x->c.row + x->c.v[i].from;
		uint32_t twice = 0;
		int64_t sum = 0;

		for (uint32_t r = 0; r < x->c.v[i].n; r++) {
			sum += e->picked[row[r]];
			twice += truth[row[r]];
		}
		*partial_at(x, i, agg) =
			(struct partial){ .sum = sum, .count = twice / TRUTH_TRUE };
	}
	return true;
}

static void sum_vector(struct cells_pass *x, uint32_t agg, const uint8_t *truth)
{
	const struct node *n = x->s->agg[agg];
	const int64_t *v = slot_number(x->e, n->arg[0]);

	if (sum_known(x, agg, truth))
		return;
	for (uint32_t i = 0; i < x->c.n; i++) {
		const uint32_t *row = x->c.row + x->c.v[i].from;
		struct partial p = { 0 };
		__int128 sum = 0;

		for (uint32_t r = 0; r < x->c.v[i].n; r++) {
			int64_t z = v[row[r]];
			uint8_t t = truth[row[r]];
			bool gone = z == MISSING_I64;

			/* a record that may count is harmless when it adds nothing */
			if (t == TRUTH_UNKNOWN)
				p.unknown |= z != 0 || n->agg != AGG_SUM;
			if (t != TRUTH_TRUE)
				continue;
			p.count++;
			p.unknown |= gone || (z < 0 && n->agg == AGG_RUNNING);
			sum += gone ? 0 : z;
		}
		*partial_at(x, i, agg) = p;
		put_sum(x, i, agg, sum);
	}
}

/* Sums of numbers that have no vector. */
static void sum_values(struct cells_pass *x, uint32_t agg, const uint8_t *truth)
{
	const struct node *n = x->s->agg[agg];

	for (uint32_t i = 0; i < x->c.n; i++) {
		const uint32_t *row = x->c.row + x->c.v[i].from;
		struct partial *p = partial_at(x, i, agg);
		struct partial_kept *kept = kept_at(x, (size_t)(p - x->partial));

		kept->sum = (struct rat){ 0, 1 };
		x->day = cell_period(x, &x->c.v[i]);
		for (uint32_t r = 0; r < x->c.v[i].n; r++) {
			struct value v;

			p->unknown |= truth[row[r]] == TRUTH_UNKNOWN;
			if (truth[row[r]] != TRUTH_TRUE)
				continue;
			v = member_value(x, n->arg[0], row[r]);
			p->count++;
			p->unknown |= !v.known || !num_add(&kept->sum, kept->sum, v.rat) ||
				      (n->agg == AGG_RUNNING && rat_sign(v.rat) < 0);
		}
	}
}

/* ---- distinct persons and visits: told by number ---- */

static uint32_t unique_numbers(uint64_t *v, uint32_t n)
{
	uint32_t kept = 0;

	sort_u64(v, n, NULL);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || v[i] != v[kept - 1])
			v[kept++] = v[i];
	return kept;
}

static void count_distinct(struct cells_pass *x, uint32_t agg, const uint8_t *truth)
{
	const struct node *n = x->s->agg[agg]->arg[0];
	const uint64_t *key = slot_key(x->e, n, x->s->side.stream);
	struct eval *e = x->e;

	for (uint32_t i = 0; i < x->c.n; i++) {
		const uint32_t *row = x->c.row + x->c.v[i].from;
		struct partial p = { 0 };
		uint32_t m = 0;

		GROW(e->number, e->cap_number, x->c.v[i].n);
		for (uint32_t r = 0; r < x->c.v[i].n; r++) {
			uint64_t k = key[row[r]];

			p.unknown |= truth[row[r]] == TRUTH_UNKNOWN;
			if (truth[row[r]] != TRUTH_TRUE)
				continue;
			p.unknown |= k == KEY_MISSING;
			if (k != KEY_MISSING && (m == 0 || e->number[m - 1] != (uint32_t)k))
				e->number[m++] = (uint32_t)k; /* a visit's lower half is its text */
		}
		p.count = m > 1 ? unique_numbers(e->number, m) : m;
		*partial_at(x, i, agg) = p;
	}
}

/* ---- values kept as texts ---- */

static int compare_str(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str text_of(struct eval *e, const struct value *v)
{
	if (type_is_text(v->type))
		return v->text;
	buf_reset(&e->text);
	value_add(&e->text, v);
	return arena_str(&e->scratch, buf_str(&e->text));
}

/* The text a kept value goes by; false when it is missing or does not fit. */
static bool kept_text(struct cells_pass *x, const struct node *n, uint32_t row, struct str *out)
{
	bool timed = partial_timed(n->agg);
	struct value v = member_value(x, n->arg[0], row);
	struct buf *b = &x->e->text;

	if (n->agg == AGG_DISTINCT) {
		*out = v.known ? text_of(x->e, &v) : (struct str){ NULL, 0 };
		return v.known;
	}
	buf_reset(b);
	if (timed)
		partial_time(b, row_time(x->e, x->s->side.time, row));
	if (!partial_text(b, &v) || (!v.known && !timed))
		return false;
	*out = arena_str(&x->e->scratch, buf_str(b));
	return true;
}

static uint32_t unique(struct str *v, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || !str_eq(v[i], v[kept - 1]))
			v[kept++] = v[i];
	return kept;
}

/* The place of the one value an extreme aggregate needs. */
static uint32_t extreme(const struct str *v, uint32_t n, const struct node *agg)
{
	uint32_t best = agg->agg == AGG_LAST ? n - 1 : 0;
	struct value b;

	if (agg->agg == AGG_FIRST || agg->agg == AGG_LAST)
		return best;
	b = partial_value(v[0], agg->type, false);
	for (uint32_t i = 1; i < n; i++) {
		struct value x = partial_value(v[i], agg->type, false);
		int c = value_cmp(&x, &b);

		if (agg->agg == AGG_MIN ? c < 0 : c > 0) {
			best = i;
			b = x;
		}
	}
	return best;
}

static void keep_values(struct partial_kept *kept, struct partial *p, const struct node *agg,
			struct str *v, uint32_t n)
{
	if (n > 1)
		qsort(v, n, sizeof *v, compare_str);
	if (agg->agg == AGG_DISTINCT) {
		p->count = n = unique(v, n);
	} else if (agg->agg == AGG_COMPANY || agg->agg == AGG_BAND) {
		n = unique(v, n);
	} else if (n && agg->agg != AGG_MEDIAN && agg->agg != AGG_PERCENTILE) {
		v += extreme(v, n, agg);
		n = 1;
	}
	kept->n = n;
	kept->value = v;
}

static void keep_texts(struct cells_pass *x, uint32_t agg, const uint8_t *truth)
{
	const struct node *n = x->s->agg[agg];

	for (uint32_t i = 0; i < x->c.n; i++) {
		const struct contribution *k = &x->c.v[i];
		struct partial *p = partial_at(x, i, agg);
		struct str *v = arena_array(&x->e->scratch, k->n, sizeof *v);
		uint32_t m = 0;

		x->day = cell_period(x, k);
		for (uint32_t r = k->from; r < k->from + k->n; r++) {
			uint8_t t = truth[x->c.row[r]];

			p->unknown |= t == TRUTH_UNKNOWN;
			if (t != TRUTH_TRUE)
				continue;
			p->count++;
			if (kept_text(x, n, x->c.row[r], &v[m]))
				m++;
			else
				p->unknown = 1;
		}
		keep_values(kept_at(x, (size_t)(p - x->partial)), p, n, v, m);
	}
}

/* ---- peers' fields ---- */

/* The least text among the rows, so that the order of subjects does not show. */
static void take_peers(struct cells_pass *x, uint32_t peer)
{
	const struct node *n = x->s->peer[peer];
	enum stream s = x->s->side.stream;
	const uint64_t *key = slot_key(x->e, n, s);

	for (uint32_t i = 0; i < x->c.n; i++) {
		const uint32_t *row = x->c.row + x->c.v[i].from;
		uint32_t best = UINT32_MAX;

		for (uint32_t r = 0; r < x->c.v[i].n; r++) {
			struct value a, b;

			if (key[row[r]] == KEY_MISSING || (best != UINT32_MAX &&
							   key[row[r]] == key[best]))
				continue; /* nearly always the same as the row before */
			if (best != UINT32_MAX) {
				a = eval_key_value(x->e, x->c.source, x->s->n_key + peer, row[r]);
				b = eval_key_value(x->e, x->c.source, x->s->n_key + peer, best);
				if (str_cmp(text_of(x->e, &a), text_of(x->e, &b)) >= 0)
					continue;
			}
			best = row[r];
		}
		if (best != UINT32_MAX)
			*partial_at(x, i, x->s->n_agg + peer) =
				(struct partial){ .sum = (int64_t)key[best], .count = 1 };
	}
}

static bool is_sum(const struct node *n)
{
	return n->agg == AGG_SUM || n->agg == AGG_MEAN || n->agg == AGG_RUNNING;
}

static void make_aggregate(struct cells_pass *x, uint32_t agg)
{
	const struct node *n = x->s->agg[agg];
	const uint8_t *truth = truth_of(x, n->cond);

	if (x->s->counted[agg])
		count_distinct(x, agg, truth);
	else if (n->agg == AGG_COUNT)
		count_rows(x, agg, truth);
	else if (!is_sum(n))
		keep_texts(x, agg, truth);
	else if (takes_vector(n))
		sum_vector(x, agg, truth);
	else
		sum_values(x, agg, truth);
}

void partials_make(struct cells_pass *x)
{
	uint32_t width = x->s->n_agg + x->s->n_peer;

	x->kept = NULL;
	x->partial = arena_array(&x->e->scratch, (size_t)x->c.n * width, sizeof *x->partial);
	for (uint32_t k = 0; k < x->s->n_agg; k++)
		make_aggregate(x, k);
	for (uint32_t k = 0; k < x->s->n_peer; k++)
		take_peers(x, k);
	x->c.partial = x->partial;
	x->c.kept = x->kept;
}
