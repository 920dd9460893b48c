/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_judge.c - which cells fire: by their own sums, or by comparison with their peers.
 *
 * Peers are the cells of the same indicator that agree in everything but the subject: the
 * same month, the same level and kind of facility. Only cells with enough behind them, a
 * known value and nothing of the likeness missing count as peers; too few peers means that
 * nothing can be said. Each partition finds the few cells worth a second look; one thread then
 * compares and tells.
 */
#define _GNU_SOURCE /* qsort_r */
#include <stdlib.h>
#include <string.h>

#include "lib/stat/joined.h"

/* The first day of the cell's period, for look-ups. */
static int32_t cell_day(const struct judging *j)
{
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];

		if (k->op == EXPR_BUCKET && k->bucket >= BUCKET_DAY && j->key[i].known)
			return bucket_start(k->bucket, (int64_t)j->key[i].rat.num,
					    &j->j->p->rs->settings);
	}
	return MISSING_I32;
}

static struct str cell_facility(const struct judging *j)
{
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];

		if (k->op == EXPR_FIELD && j->key[i].known &&
		    strcmp(field_get(k->field)->name, "fixmedins_code") == 0)
			return j->key[i].text;
	}
	return (struct str){ 0 };
}

static void take_key(struct judging *j, const uint32_t *cell)
{
	for (uint32_t i = 0; i < j->s->n_key; i++)
		j->key[i] = *joined_key(j, cell, i);
}

/* Whether the cell's period is over; a cell of no period never is, unless all are. */
static bool is_over(struct judging *j, const uint32_t *cell)
{
	const struct rule_settings *set = &j->j->p->rs->settings;

	if (!j->j->complete)
		return true;
	take_key(j, cell);
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];
		int64_t number = j->key[i].known ? (int64_t)j->key[i].rat.num : 0;

		if (k->op == EXPR_BUCKET && k->bucket >= BUCKET_DAY && j->key[i].known)
			return complete_days(j->j->complete, cell_facility(j), j->s->side.stream,
					     bucket_start(k->bucket, number, set),
					     bucket_start(k->bucket, number + 1, set) - 1);
	}
	return false;
}

static void cell_frame(struct judging *j, struct frame *f, const uint32_t *cell)
{
	frame_init(f, j->e);
	take_key(j, cell);
	for (uint32_t i = 0; i < j->s->n_agg; i++)
		j->agg[i] = joined_value(j, cell, i);
	f->key = j->key;
	f->given_node = j->s->agg;
	f->given = j->agg;
	f->n_given = j->s->n_agg;
	f->day = cell_day(j);
}

/* ---- hits ---- */

static struct value maybe_value(struct frame *f, const struct node *n)
{
	return n ? node_value(f, n) : value_missing(TYPE_NONE);
}

static struct value except_value(const struct judging *j, enum field field)
{
	const char *name = field_get(field)->name;

	for (uint32_t i = 0; i < j->s->n_key; i++)
		if (j->s->key[i]->op == EXPR_FIELD &&
		    strcmp(field_get(j->s->key[i]->field)->name, name) == 0)
			return j->key[i];
	return value_missing(TYPE_TEXT);
}

static bool exception_fits(const struct judging *j, const struct exception *row, int32_t day)
{
	const struct rule *r = j->rp->rule;

	if ((row->from != MISSING_I32 && (day == MISSING_I32 || day < row->from)) ||
	    (row->until != MISSING_I32 && (day == MISSING_I32 || day > row->until)))
		return false;
	for (uint32_t i = 0; i < r->n_except; i++) {
		struct value v = except_value(j, r->except[i]);

		if (!v.known || !str_eq(v.text, row->cell[i]))
			return false;
	}
	return true;
}

static const struct exception *find_exception(const struct judging *j, int32_t day)
{
	const struct rule *r = j->rp->rule;

	for (uint32_t i = 0; i < r->n_exception; i++)
		if (exception_fits(j, &r->exception[i], day))
			return &r->exception[i];
	return NULL;
}

/* Whether the numerator counts no record at all, so that all records stand behind the value. */
static bool nothing_counted(const struct judging *j, const uint32_t *cell)
{
	const struct cell_source *s = j->s;
	uint64_t sum = 0;
	bool unknown;

	for (uint32_t i = 0; i < s->n_agg; i++)
		for (uint32_t k = 0; k < s->n_bear; k++)
			if (s->agg[i]->cond == s->bear[k])
				sum += joined_count(j, cell, i, &unknown);
	return sum == 0;
}

static void give(struct judging *j, struct frame *f, const uint32_t *cell)
{
	const struct rule_plan *rp = j->rp;
	struct value *say = arena_array(&j->e->scratch, rp->n_say, sizeof *say);
	struct cell_hit h = { .rule = rp->rule, .rule_index = rp->index, .source = rp->source,
			      .cell = cell, .n_key = j->s->n_key, .key = j->key,
			      .subject_key = rp->subject_key, .n_say = rp->n_say, .say = say,
			      .amount_is_fund = rp->amount_is_fund,
			      .all_bear = nothing_counted(j, cell) };

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
	h.exception = find_exception(j, f->day);
	h.excepted = h.exception != NULL;
	j->account->hit += !h.excepted;
	j->account->hits += !h.excepted;
	j->account->excepted += h.excepted;
	j->account->excepted_hits += h.excepted;
	j->fn(j->ctx, &h);
}

/* Whether the rule fires for the cell in the frame; what does not is accounted for. */
static bool fires(struct judging *j, struct frame *f, const uint32_t *cell)
{
	const struct rule *r = j->rp->rule;
	enum truth t;

	if (!in_force(r->from, r->until, f->day)) {
		j->account->scope_out++;
		return false;
	}
	if (joined_sure(j, cell) == 0) { /* it may not be there at all */
		j->account->unknown++;
		return false;
	}
	t = j->rp->when ? node_truth(f, j->rp->when) : TRUTH_TRUE;
	j->account->unknown += t == TRUTH_UNKNOWN;
	j->account->no_hit += t == TRUTH_FALSE;
	return t == TRUTH_TRUE;
}

/* ---- comparisons ---- */

/* Text of what a cell shares with its peers; false when some of it is missing. */
static bool alike_text(struct judging *j, const uint32_t *cell, struct buf *out)
{
	const struct rule_plan *rp = j->rp;

	buf_reset(out);
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		if (i != rp->subject_key)
			value_add(out, &j->key[i]);
		buf_addc(out, '\x1f');
	}
	for (uint32_t i = 0; i < rp->rule->n_peer_key; i++) {
		struct str text = joined_peer(j, cell, rp->peer[i]);

		if (!text.p)
			return false;
		buf_addstr(out, text);
		buf_addc(out, '\x1f');
	}
	return true;
}

/* A test of a plain count against a constant needs no frame: most cells are too small. */
static bool surely_few(struct judging *j, const uint32_t *cell)
{
	const struct node *n = j->s->enough;
	bool unknown;
	uint64_t count;

	if (!n || n->op != EXPR_GE || n->arg[0]->op != EXPR_AGG || n->arg[1]->op != EXPR_CONST)
		return false;
	for (uint32_t i = 0; i < j->s->n_agg; i++) {
		if (j->s->agg[i] != n->arg[0] ||
		    (n->arg[0]->agg != AGG_COUNT && !j->s->counted[i]))
			continue;
		count = joined_count(j, cell, i, &unknown);
		return unknown || num_cmp(rat_int((int64_t)count), n->arg[1]->rat) < 0;
	}
	return false;
}

/* Whether a cell has enough behind it, a known value and everything peers must share. */
static bool comparable(struct judging *j, const uint32_t *cell, struct buf *text,
		       struct found_cell *out)
{
	struct frame f;

	if (joined_sure(j, cell) == 0 || surely_few(j, cell))
		return false;
	cell_frame(j, &f, cell);
	if (j->s->enough && node_truth(&f, j->s->enough) != TRUTH_TRUE)
		return false;
	out->cell = cell;
	out->x = node_value(&f, j->s->value);
	return out->x.known && alike_text(j, cell, text);
}

static int by_likeness(const void *a, const void *b)
{
	const struct found_cell *x = a, *y = b;
	int c = str_cmp(x->alike, y->alike);

	return c ? c : value_order(&x->x, &y->x);
}

static int by_key(const void *a, const void *b, void *ctx)
{
	const uint32_t *x = (*(const struct found_cell *const *)a)->cell;
	const uint32_t *y = (*(const struct found_cell *const *)b)->cell;
	const struct judging *j = ctx;

	for (uint32_t i = 0; i < j->s->n_key; i++) {
		int c = value_order(joined_key(j, x, i), joined_key(j, y, i));

		if (c)
			return c;
	}
	return 0;
}

static void judge_peers(struct judging *j, const struct found_cell *v, struct peers *peers)
{
	struct frame f;

	cell_frame(j, &f, v->cell);
	f.indicator = v->x;
	f.has_indicator = true;
	f.peers = peers;
	if (fires(j, &f, v->cell))
		give(j, &f, v->cell);
	arena_reset(&j->e->scratch);
}

static const struct found_cell **sorted_by_key(struct judging *j, const struct found_cell *v,
					       uint32_t n, struct arena *a)
{
	const struct found_cell **order = arena_array(a, n, sizeof *order);

	for (uint32_t i = 0; i < n; i++)
		order[i] = &v[i];
	if (n)
		qsort_r(order, n, sizeof *order, by_key, j);
	return order;
}

/* v[0..n) sorted by likeness: prepares each run's peers, then judges all in the order of their
 * keys. */
static void judge_compared(struct judging *j, struct found_cell *v, uint32_t n, struct arena *a)
{
	const struct found_cell **order = sorted_by_key(j, v, n, a);
	struct value *x = arena_array(a, n, sizeof *x), *room = arena_array(a, n, sizeof *x);
	struct peers *peers = arena_array(a, n, sizeof *peers);
	uint32_t *run = arena_array(a, n, sizeof *run);

	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && str_eq(v[end].alike, v[i].alike); end++) {
			x[end] = v[end].x;
			run[end] = i;
		}
		peers[i].v = x + i;
		peers[i].n = end - i;
		peers_prepare(&peers[i], x[i].type, room);
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = run[order[i] - v];

		if (peers[at].n >= j->rp->rule->peers_min)
			judge_peers(j, order[i], &peers[at]);
		else
			j->account->unknown++;
	}
}

/* ---- one rule over one partition ---- */

static void begin_rule(struct judging *j, struct account *account, struct arena *a)
{
	j->s = &j->j->p->source[j->rp->source];
	j->account = account;
	j->agg = arena_array(a, j->s->n_agg, sizeof *j->agg);
	j->key = arena_array(a, j->s->n_key, sizeof *j->key);
}

static void note_found(struct outcome *out, const struct found_cell *f)
{
	GROW(out->found, out->cap, out->n + 1);
	out->found[out->n++] = *f;
}

void outcome_judge(struct judging *j, struct partition *part, struct outcome *out)
{
	const struct joint *joint = &part->joint[j->rp->source];
	bool compare = j->rp->rule->form == FORM_COMPARE;
	struct buf text;

	begin_rule(j, &out->account, &part->arena);
	buf_init(&text, 0);
	out->account.records = joint->n;
	for (uint32_t i = 0; i < joint->n; i++) {
		struct found_cell c = { .cell = joint->cell + (size_t)i * j->j->n };
		struct frame f;

		if (!is_over(j, c.cell)) {
			out->account.unknown++;
		} else if (compare && !comparable(j, c.cell, &text, &c)) {
			out->account.unknown++;
		} else if (compare) {
			c.alike = arena_str(&part->arena, buf_str(&text));
			note_found(out, &c);
		} else {
			cell_frame(j, &f, c.cell);
			if (fires(j, &f, c.cell))
				note_found(out, &c);
		}
		arena_reset(&j->e->scratch);
	}
	buf_fini(&text);
}

/* ---- all partitions ---- */

/* What was found of one rule, in one list; accounts are added up. */
static struct found_cell *all_found(struct judging *j, uint32_t rule, struct arena *a, uint32_t *n)
{
	struct found_cell *v;
	uint32_t total = 0;

	*n = 0;
	for (uint32_t i = 0; i < j->j->n; i++)
		total += j->j->partition[i].outcome[rule].n;
	v = arena_array(a, total, sizeof *v);
	for (uint32_t i = 0; i < j->j->n; i++) {
		const struct outcome *out = &j->j->partition[i].outcome[rule];

		if (out->n)
			memcpy(v + *n, out->found, out->n * sizeof *v);
		*n += out->n;
		j->account->records += out->account.records;
		j->account->scope_out += out->account.scope_out;
		j->account->unknown += out->account.unknown;
		j->account->no_hit += out->account.no_hit;
	}
	return v;
}

static void tell_rule(struct judging *j, uint32_t rule, struct account *account)
{
	struct found_cell *v;
	struct arena a;
	uint32_t n;

	arena_init(&a);
	begin_rule(j, account, &a);
	v = all_found(j, rule, &a, &n);
	if (j->rp->rule->form == FORM_COMPARE) {
		if (n)
			qsort(v, n, sizeof *v, by_likeness);
		judge_compared(j, v, n, &a);
	} else {
		const struct found_cell **order = sorted_by_key(j, v, n, &a);

		for (uint32_t i = 0; i < n; i++) {
			struct frame f;

			cell_frame(j, &f, order[i]->cell);
			give(j, &f, order[i]->cell);
			arena_reset(&j->e->scratch);
		}
	}
	arena_fini(&a);
}

void joined_tell(struct joined *joined, cell_hit_fn *fn, void *ctx, struct account *account)
{
	struct dict *none = dict_new();
	struct account unused = { .unknown_field = FIELD_NONE };
	struct judging j = { .j = joined, .e = eval_new(joined->p, none), .fn = fn, .ctx = ctx };

	for (uint32_t i = 0; i < joined->p->n_rule; i++) {
		struct account *a;

		j.rp = joined->p->rule[i];
		if (j.rp->source == NO_INDEX)
			continue;
		a = account ? &account[j.rp->index] : &unused;
		if (a->unknown == 0)
			a->unknown_field = FIELD_NONE;
		tell_rule(&j, i, a);
	}
	eval_free(j.e);
	dict_free(none);
}
