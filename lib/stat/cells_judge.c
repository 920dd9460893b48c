/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_judge.c - which cells fire: by their own sums, or by comparison with their peers.
 *
 * Peers are the cells of the same indicator that agree in everything but the subject: the
 * same month, the same level and kind of facility. Only cells with enough behind them, a
 * known value and nothing of the likeness missing count as peers; too few peers means that
 * nothing can be said.
 */
#define _GNU_SOURCE /* qsort_r */
#include <stdlib.h>
#include <string.h>

#include "lib/rule/frame.h"
#include "lib/stat/cell.h"

/* One rule over the cells of its source. */
struct judging {
	const struct cells *c;
	struct eval *e;          /* texts and scratch; it never sees a batch */
	const struct rule_plan *rp;
	const struct cell_source *s;
	struct account *account;
	cell_hit_fn *fn;
	void *ctx;
	struct value *agg;       /* [s->n_agg] of the cell in hand */
};

/* A cell that may be compared: its value, and what it must share with peers. */
struct compared {
	uint32_t cell;
	struct value x;
	struct str alike;
};

static struct value mean_of(const struct sum *s, enum type t)
{
	struct value v = value_rat(t, s->total);

	if (!s->count || !rat_div(&v.rat, v.rat, rat_int((int64_t)s->count)))
		return value_missing(t);
	return v;
}

/* All values kept of a cell, sorted. */
static const struct value *kept_values(struct judging *j, const struct sum *s, enum type t,
				       uint32_t *n)
{
	struct value *v = arena_array(&j->e->scratch, s->count, sizeof *v);
	uint64_t code, times;
	size_t at = 0;

	*n = 0;
	while (s->seen && map64_next(s->seen, &at, &code, &times))
		for (uint64_t i = 0; i < times && *n < s->count; i++)
			v[(*n)++] = partial_value(dict_text(j->c->dict, (uint32_t)code), t, false);
	value_sort(v, *n);
	return v;
}

static struct value rank_value(struct judging *j, const struct sum *s, const struct node *n)
{
	uint32_t count;
	const struct value *v = kept_values(j, s, n->type, &count);
	struct value p;
	struct frame f;

	if (n->agg == AGG_MEDIAN)
		return order_median(v, count, n->type);
	frame_init(&f, j->e);
	p = n->n_arg > 1 ? node_value(&f, n->arg[1]) : value_missing(n->type);
	return p.known ? order_percentile(v, count, p.rat, n->type) : value_missing(n->type);
}

static struct value sum_value(struct judging *j, const struct sum *s, const struct node *n,
			      bool counted)
{
	if (s->unknown || s->overflow)
		return value_missing(n->type);
	switch (n->agg) {
	case AGG_COUNT: return value_int(n->type, (int64_t)s->count);
	case AGG_SUM: case AGG_RUNNING: return value_rat(n->type, s->total);
	case AGG_MEAN: return mean_of(s, n->type);
	case AGG_MAX: return s->ends ? value_rat(n->type, s->ends->max) : value_missing(n->type);
	case AGG_MIN: return s->ends ? value_rat(n->type, s->ends->min) : value_missing(n->type);
	case AGG_DISTINCT:
		return value_int(n->type, counted ? (int64_t)s->count
						  : (int64_t)(s->seen ? map64_count(s->seen) : 0));
	case AGG_MEDIAN: case AGG_PERCENTILE: return rank_value(j, s, n);
	case AGG_FIRST: case AGG_LAST:
		return partial_value(dict_text(j->c->dict, s->least), n->type, true);
	default: return value_missing(n->type);
	}
}

/* The first day of the cell's period, for look-ups. */
static int32_t cell_day(const struct judging *j, const struct cell *x)
{
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];

		if (k->op == EXPR_BUCKET && k->bucket >= BUCKET_DAY && x->key[i].known)
			return bucket_start(k->bucket, (int64_t)x->key[i].rat.num,
					    &j->c->p->rs->settings);
	}
	return MISSING_I32;
}

static struct str cell_facility(const struct judging *j, const struct cell *x)
{
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];

		if (k->op == EXPR_FIELD && x->key[i].known &&
		    strcmp(field_get(k->field)->name, "fixmedins_code") == 0)
			return x->key[i].text;
	}
	return (struct str){ 0 };
}

/* Whether the cell's period is over; a cell of no period never is, unless all are. */
static bool is_over(const struct judging *j, const struct cell *x)
{
	const struct rule_settings *set = &j->c->p->rs->settings;

	if (!j->c->complete)
		return true;
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];
		int64_t number = x->key[i].known ? (int64_t)x->key[i].rat.num : 0;

		if (k->op == EXPR_BUCKET && k->bucket >= BUCKET_DAY && x->key[i].known)
			return complete_days(j->c->complete, cell_facility(j, x),
					     j->s->side.stream,
					     bucket_start(k->bucket, number, set),
					     bucket_start(k->bucket, number + 1, set) - 1);
	}
	return false;
}

static void cell_frame(struct judging *j, struct frame *f, const struct cell *x)
{
	frame_init(f, j->e);
	for (uint32_t i = 0; i < j->s->n_agg; i++)
		j->agg[i] = sum_value(j, &x->sum[i], j->s->agg[i], j->s->counted[i]);
	f->key = x->key;
	f->given_node = j->s->agg;
	f->given = j->agg;
	f->n_given = j->s->n_agg;
	f->day = cell_day(j, x);
}

/* ---- hits ---- */

static struct value maybe_value(struct frame *f, const struct node *n)
{
	return n ? node_value(f, n) : value_missing(TYPE_NONE);
}

static struct value except_value(const struct judging *j, const struct cell *x, enum field field)
{
	const char *name = field_get(field)->name;

	for (uint32_t i = 0; i < j->s->n_key; i++)
		if (j->s->key[i]->op == EXPR_FIELD &&
		    strcmp(field_get(j->s->key[i]->field)->name, name) == 0)
			return x->key[i];
	return value_missing(TYPE_TEXT);
}

static bool exception_fits(const struct judging *j, const struct cell *x,
			   const struct exception *row, int32_t day)
{
	const struct rule *r = j->rp->rule;

	if ((row->from != MISSING_I32 && (day == MISSING_I32 || day < row->from)) ||
	    (row->until != MISSING_I32 && (day == MISSING_I32 || day > row->until)))
		return false;
	for (uint32_t i = 0; i < r->n_except; i++) {
		struct value v = except_value(j, x, r->except[i]);

		if (!v.known || !str_eq(v.text, row->cell[i]))
			return false;
	}
	return true;
}

static const struct exception *find_exception(const struct judging *j, const struct cell *x,
					      int32_t day)
{
	const struct rule *r = j->rp->rule;

	for (uint32_t i = 0; i < r->n_exception; i++)
		if (exception_fits(j, x, &r->exception[i], day))
			return &r->exception[i];
	return NULL;
}

/* Whether the numerator counts no record at all, so that all records stand behind the value. */
static bool nothing_counted(const struct cell_source *s, const struct cell *x)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n_agg; i++)
		for (uint32_t k = 0; k < s->n_bear; k++)
			if (s->agg[i]->cond == s->bear[k])
				sum += x->sum[i].count;
	return sum == 0;
}

static void give(struct judging *j, struct frame *f, uint32_t cell)
{
	const struct rule_plan *rp = j->rp;
	const struct cell *x = &j->c->cell[cell];
	struct value *say = arena_array(&j->e->scratch, rp->n_say, sizeof *say);
	struct cell_hit h = { .rule = rp->rule, .rule_index = rp->index, .source = x->source,
			      .cell = cell, .n_key = j->s->n_key, .key = x->key,
			      .subject_key = rp->subject_key, .n_say = rp->n_say, .say = say,
			      .amount_is_fund = rp->amount_is_fund,
			      .all_bear = nothing_counted(j->s, x) };

	h.observed = rp->observed ? node_value(f, rp->observed)
		   : f->has_indicator ? f->indicator : value_missing(TYPE_NONE);
	h.limit = maybe_value(f, rp->limit);
	h.amount = f->amount = maybe_value(f, rp->amount);
	f->has_amount = true;
	for (uint32_t i = 0; i < rp->n_say; i++)
		say[i] = node_value(f, rp->say[i]);
	h.median = f->peers ? f->peers->median : value_missing(TYPE_NONE);
	h.mad = f->peers ? f->peers->mad : value_missing(TYPE_NONE);
	h.n_peer = f->peers ? f->peers->n : 0;
	h.exception = find_exception(j, x, f->day);
	h.excepted = h.exception != NULL;
	j->account->hit += !h.excepted;
	j->account->hits += !h.excepted;
	j->account->excepted += h.excepted;
	j->account->excepted_hits += h.excepted;
	j->fn(j->ctx, &h);
}

static void decide(struct judging *j, struct frame *f, uint32_t cell)
{
	const struct rule *r = j->rp->rule;

	if (!in_force(r->from, r->until, f->day)) {
		j->account->scope_out++;
		return;
	}
	if (j->c->cell[cell].sure == 0) { /* it may not be there at all */
		j->account->unknown++;
		return;
	}
	enum truth t = j->rp->when ? node_truth(f, j->rp->when) : TRUTH_TRUE;

	if (t == TRUTH_TRUE)
		give(j, f, cell);
	else if (t == TRUTH_UNKNOWN)
		j->account->unknown++;
	else
		j->account->no_hit++;
	arena_reset(&j->e->scratch);
}

/* ---- comparisons ---- */

/* Text of what a cell shares with its peers; false when some of it is missing. */
static bool alike_text(struct judging *j, const struct cell *x, struct buf *out)
{
	const struct rule_plan *rp = j->rp;

	buf_reset(out);
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		if (i != rp->subject_key)
			value_add(out, &x->key[i]);
		buf_addc(out, '\x1f');
	}
	for (uint32_t i = 0; i < rp->rule->n_peer_key; i++) {
		uint32_t code = x->sum[j->s->n_agg + rp->peer[i]].least;

		if (!code)
			return false;
		buf_addstr(out, dict_text(j->c->dict, code));
		buf_addc(out, '\x1f');
	}
	return true;
}

static int compared_order(const void *a, const void *b)
{
	const struct compared *x = a, *y = b;
	int c = str_cmp(x->alike, y->alike);

	return c ? c : value_order(&x->x, &y->x);
}

/* Cells with enough behind them and a known value, by likeness and size; the others cannot be
 * judged. */
static uint32_t comparable(struct judging *j, const uint32_t *cell, uint32_t n,
			   struct compared *out, struct arena *a)
{
	struct buf text;
	uint32_t kept = 0;

	buf_init(&text, 0);
	for (uint32_t i = 0; i < n; i++) {
		struct compared x = { .cell = cell[i] };
		struct frame f;

		cell_frame(j, &f, &j->c->cell[cell[i]]);
		if (j->c->cell[cell[i]].sure == 0)
			x.x = value_missing(TYPE_RATIO);
		else if (!j->s->enough || node_truth(&f, j->s->enough) == TRUTH_TRUE)
			x.x = node_value(&f, j->s->value);
		if (x.x.known && alike_text(j, &j->c->cell[cell[i]], &text)) {
			x.alike = arena_str(a, buf_str(&text));
			out[kept++] = x;
		} else {
			j->account->unknown++;
		}
		arena_reset(&j->e->scratch);
	}
	buf_fini(&text);
	qsort(out, kept, sizeof *out, compared_order);
	return kept;
}

static struct value value_at(const struct compared *v, uint32_t i)
{
	return v[i].x;
}

static int by_cell_key(const void *a, const void *b, void *ctx)
{
	const struct judging *j = ctx;
	const struct cell *x = &j->c->cell[((const struct compared *)a)->cell];
	const struct cell *y = &j->c->cell[((const struct compared *)b)->cell];

	for (uint32_t i = 0; i < j->s->n_key; i++) {
		int c = value_order(&x->key[i], &y->key[i]);

		if (c)
			return c;
	}
	return 0;
}

static void judge_peers(struct judging *j, const struct compared *v, struct peers *peers)
{
	struct frame f;

	cell_frame(j, &f, &j->c->cell[v->cell]);
	f.indicator = v->x;
	f.has_indicator = true;
	f.peers = peers;
	decide(j, &f, v->cell);
}

/* v[0..n) sorted by likeness: prepares each run's peers, then judges all in the order of their
 * keys. */
static void judge_compared(struct judging *j, struct compared *v, uint32_t n, struct arena *a)
{
	struct value *x = arena_array(a, n, sizeof *x), *room = arena_array(a, n, sizeof *x);
	struct peers *peers = arena_array(a, n, sizeof *peers);
	struct map64 of;

	map64_init(&of);
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && str_eq(v[end].alike, v[i].alike); end++) {
			x[end] = value_at(v, end);
			map64_put(&of, v[end].cell, i);
		}
		peers[i].v = x + i;
		peers[i].n = end - i;
		peers_prepare(&peers[i], x[i].type, room);
	}
	qsort_r(v, n, sizeof *v, by_cell_key, j);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t at = 0;

		map64_get(&of, v[i].cell, &at);
		if (peers[at].n >= j->rp->rule->peers_min)
			judge_peers(j, &v[i], &peers[at]);
		else
			j->account->unknown++;
	}
	map64_fini(&of);
}

/* ---- rules ---- */

static int by_key(const void *a, const void *b, void *ctx)
{
	struct compared x = { .cell = *(const uint32_t *)a }, y = { .cell = *(const uint32_t *)b };

	return by_cell_key(&x, &y, ctx);
}

/* The rule's cells whose period is over, in the order of their keys; comparisons sort what is
 * left of them later. */
static uint32_t cells_of(struct judging *j, uint32_t *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < j->c->n; i++) {
		if (j->c->cell[i].source != j->rp->source)
			continue;
		j->account->records++;
		if (is_over(j, &j->c->cell[i]))
			out[n++] = i;
		else
			j->account->unknown++;
	}
	if (j->rp->rule->form != FORM_COMPARE)
		qsort_r(out, n, sizeof *out, by_key, j);
	return n;
}

static void judge_rule(struct judging *j)
{
	struct arena a;
	uint32_t *cell, n;

	arena_init(&a);
	j->s = &j->c->p->source[j->rp->source];
	j->agg = arena_array(&a, j->s->n_agg, sizeof *j->agg);
	cell = arena_array(&a, j->c->n, sizeof *cell);
	n = cells_of(j, cell);
	if (j->rp->rule->form == FORM_COMPARE) {
		struct compared *v = arena_array(&a, n, sizeof *v);

		judge_compared(j, v, comparable(j, cell, n, v, &a), &a);
	}
	for (uint32_t i = 0; i < n && j->rp->rule->form != FORM_COMPARE; i++) {
		struct frame f;

		cell_frame(j, &f, &j->c->cell[cell[i]]);
		decide(j, &f, cell[i]);
	}
	arena_fini(&a);
}

void cells_judge(const struct cells *c, cell_hit_fn *fn, void *ctx, struct account *account)
{
	struct dict *none = dict_new();
	struct account unused = { .unknown_field = FIELD_NONE };
	struct judging j = { .c = c, .e = eval_new(c->p, none), .fn = fn, .ctx = ctx };

	for (uint32_t i = 0; i < c->p->n_rule; i++) {
		j.rp = c->p->rule[i];
		if (j.rp->source == NO_INDEX)
			continue;
		j.account = account ? &account[j.rp->index] : &unused;
		if (j.account->unknown == 0)
			j.account->unknown_field = FIELD_NONE;
		judge_rule(&j);
	}
	eval_free(j.e);
	dict_free(none);
}
