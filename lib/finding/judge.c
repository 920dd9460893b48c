/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.c - a shard at work: gather a batch, judge it, fill the cells. What these say is verdict.c.
 */
#include "lib/finding/judge.h"

#include <string.h>

#include "lib/finding/finding_impl.h"
#include "lib/finding/judge_state.h"
#include "lib/rule/item_map.h"
#include "lib/rule/plan.h"

enum { BATCH_ROWS = 8192, FIRST_SUBJECTS = 64, MOST_SUBJECTS = 4096 };

static void take_plan(struct judge *j, const struct plan *p)
{
	j->plan = p;
	j->eval = eval_new(p, timeline_dict(j->timeline));
	eval_complete(j->eval, j->complete);
	if (j->replaceable)
		eval_digests(j->eval);
	j->cells = plan_has_cells(p) ? cells_new(p, j->replaceable) : NULL;
	memset(&j->gathered, 0, sizeof j->gathered);
	if (j->keeps_all)
		timeline_read(j->timeline, plan_wanted(p));
}

static void drop_plan(struct judge *j)
{
	eval_free(j->eval);
	cells_free(j->cells);
}

struct judge *judge_new(const struct plan *p, const struct judge_conf *conf)
{
	struct judge *j = xcalloc(1, sizeof *j);
	struct timeline_conf tc = conf->timeline;

	if (!tc.wanted && !conf->all_fields)
		tc.wanted = plan_wanted(p);
	tc.versions = conf->replaceable;
	j->timeline = timeline_new(&tc);
	j->keeps_all = !tc.wanted;
	j->replaceable = conf->replaceable;
	j->batch_rows = conf->batch_rows ? conf->batch_rows : BATCH_ROWS;
	j->step = FIRST_SUBJECTS;
	j->kept = conf->keep ? kept_new() : NULL;
	batch_init(&j->batch);
	take_plan(j, p);
	return j;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	drop_plan(j);
	batch_fini(&j->batch);
	kept_free(j->kept);
	timeline_free(j->timeline);
	xfree(j);
}

struct timeline *judge_timeline(struct judge *j)
{
	return j->timeline;
}

const struct plan *judge_plan(const struct judge *j)
{
	return j->plan;
}

void judge_replan(struct judge *j, const struct plan *p)
{
	drop_plan(j);
	take_plan(j, p);
}

void judge_complete(struct judge *j, const struct complete *c)
{
	j->complete = c;
	eval_complete(j->eval, c);
}

bool judge_add(struct judge *j, const struct chunk *c, enum stream s, const uint32_t *row,
	       uint32_t n, uint32_t ref, struct err *e)
{
	j->whole = false;
	return timeline_add(j->timeline, c, s, row, n, ref, e);
}

void judge_reconcile(struct judge *const *shard, uint32_t n)
{
	struct timeline **t = xcalloc(n, sizeof *t);

	for (uint32_t i = 0; i < n; i++) {
		t[i] = shard[i]->timeline;
		shard[i]->whole = false;
	}
	timeline_reconcile(t, n);
	xfree(t);
}

/* ---- batches ---- */

/* The number of subjects per batch follows the rows the last batch had. */
static void adapt(struct judge *j, const struct batch *b)
{
	uint64_t rows = batch_rows(b);
	uint64_t step = rows ? (uint64_t)b->n_subjects * j->batch_rows / rows : MOST_SUBJECTS;

	j->step = step < 1 ? 1 : step > MOST_SUBJECTS ? MOST_SUBJECTS : (uint32_t)step;
}

static void gather(void *ctx, const uint32_t *subject, uint32_t n, struct batch *b,
		   struct gather_stats *gs)
{
	struct judge *j = ctx;

	timeline_gather(j->timeline, subject, n, b, gs);
	if (j->plan->rs->item_map)
		item_map_apply(j->plan->rs->item_map, j->timeline, b);
}

void judge_each_batch(struct judge *j, const uint32_t *subject, uint32_t n,
		      struct gather_stats *gs, batch_fn *fn, void *ctx)
{
	for (uint32_t i = 0, step; i < n; i += step) {
		step = n - i < j->step ? n - i : j->step;
		gather(j, subject + i, step, &j->batch, gs);
		fn(j, &j->batch, ctx);
		adapt(j, &j->batch);
	}
}

/* Subjects whose rows are kept come to the front; how many. */
static uint32_t known_first(struct judge *j, uint32_t *subject, uint32_t n)
{
	struct kept_ask ask = { .fields = plan_wanted(j->plan), .map = j->plan->rs->item_map };
	uint32_t known = 0;

	for (uint32_t i = 0; j->kept && i < n; i++) {
		uint32_t s = ask.from = subject[i];

		if (!kept_has(j->kept, &ask))
			continue;
		subject[i] = subject[known];
		subject[known++] = s;
	}
	return known;
}

void judge_each_known(struct judge *j, const uint32_t *subject, uint32_t n, batch_fn *fn,
		      void *ctx)
{
	uint32_t *order = xcalloc(n + 1u, sizeof *order), known;

	if (n)
		memcpy(order, subject, n * sizeof *order);
	known = known_first(j, order, n);
	for (uint32_t i = 0, step; i < known; i += step) {
		step = known - i < j->step ? known - i : j->step;
		kept_pick(j->kept, order + i, step, plan_wanted(j->plan), &j->batch);
		fn(j, &j->batch, ctx);
		adapt(j, &j->batch);
	}
	judge_each_batch(j, order + known, n - known, NULL, fn, ctx);
	xfree(order);
}

static void forget_dirty(struct judge *j)
{
	uint32_t n;
	const uint32_t *v = timeline_dirty(j->timeline, &n);

	if (j->kept)
		kept_stale(j->kept, v, n);
}

/* Everybody, from what is kept as far as it is. */
static void each_kept(struct judge *j, struct gather_stats *gs, batch_fn *fn, void *ctx)
{
	struct kept_ask ask = { .total = timeline_subjects(j->timeline),
				.fields = plan_wanted(j->plan), .map = j->plan->rs->item_map };

	forget_dirty(j);
	while (ask.from < ask.total) {
		struct batch *b;

		ask.step = j->step;
		b = kept_batch(j->kept, &ask, gather, j, gs);
		fn(j, b, ctx);
		adapt(j, b);
		ask.from += b->n_subjects;
	}
}

struct judging {
	const uint8_t *only;
	struct finding_maker maker;
};

static void take_contributions(void *ctx, const struct contributions *c)
{
	struct judge *j = ctx;

	cells_take(j->cells, j->eval, c);
}

static void judge_batch(struct judge *j, const struct batch *b, void *ctx)
{
	struct judging *x = ctx;

	eval_batch(j->eval, b, x->only, finding_take_hit, &x->maker);
	if (!j->cells)
		return;
	cells_begin(j->cells, b->subject, b->n_subjects);
	eval_same_batch(j->eval);
	eval_contributions(j->eval, b, take_contributions, j);
	cells_end(j->cells);
}

/* `subject` NULL: everybody, from what is kept. */
static void judge_some(struct judge *j, const uint32_t *subject, uint32_t n, const uint8_t *only,
		       struct findings *out)
{
	struct judging x = { .only = only };
	struct gather_stats gs;

	memset(&gs, 0, sizeof gs);
	finding_maker_init(&x.maker, out, j->timeline);
	if (subject)
		judge_each_batch(j, subject, n, &gs, judge_batch, &x);
	else
		each_kept(j, &gs, judge_batch, &x);
	finding_maker_fini(&x.maker);
	gather_stats_add(&j->gathered, &gs);
}

void judge_subjects(struct judge *j, const uint32_t *subject, uint32_t n, const uint8_t *only,
		    struct findings *out)
{
	if (n)
		judge_some(j, subject, n, only, out);
}

static uint32_t *all_subjects(const struct judge *j, uint32_t *n)
{
	uint32_t *v;

	*n = timeline_subjects(j->timeline);
	v = xcalloc(*n, sizeof *v);
	for (uint32_t i = 0; i < *n; i++)
		v[i] = i;
	return v;
}

void judge_all(struct judge *j, const uint8_t *only, struct findings *out)
{
	uint32_t n, *v;

	if (j->kept) {
		judge_some(j, NULL, 0, only, out);
		j->whole = true;
		return;
	}
	v = all_subjects(j, &n);
	judge_subjects(j, v, n, only, out);
	xfree(v);
}

void judge_dirty(struct judge *j, const uint8_t *only, struct findings *out)
{
	uint32_t n;
	const uint32_t *v = timeline_dirty(j->timeline, &n);

	forget_dirty(j);
	judge_subjects(j, v, n, only, out);
}

void judge_clean(struct judge *j)
{
	if (!j->whole)
		forget_dirty(j);
	timeline_clean(j->timeline);
}

size_t judge_kept_bytes(const struct judge *j)
{
	return j->kept ? kept_bytes(j->kept) : 0;
}

const struct account *judge_accounts(const struct judge *j)
{
	return eval_accounts(j->eval);
}

const struct gather_stats *judge_gathered(const struct judge *j)
{
	return &j->gathered;
}

/* ---- cells ---- */

void judge_cut_cells(const struct judge *j, uint32_t bins, cells_piece_fn *fn, void *ctx)
{
	if (j->cells)
		cells_cut(j->cells, bins, fn, ctx);
}

size_t judge_cells_bytes(const struct judge *j)
{
	return j->cells ? cells_bytes(j->cells) : 0;
}

void judge_prime(struct judge *j)
{
	uint8_t *none = xcalloc(plan_ruleset(j->plan)->n_rule / 8 + 1u, 1);

	judge_all(j, none, NULL);
	xfree(none);
}

/* ---- sums over shards ---- */

/* The least field of those the shards name, so that their number does not show. */
static void add_field(struct account *into, const struct account *from)
{
	if (from->unknown == 0)
		return;
	if (into->unknown == 0 || from->unknown_field < into->unknown_field)
		into->unknown_field = from->unknown_field;
}

void account_add(struct account *into, const struct account *from, uint32_t n_rule)
{
	for (uint32_t i = 0; i < n_rule; i++) {
		add_field(&into[i], &from[i]);
		into[i].records += from[i].records;
		into[i].scope_out += from[i].scope_out;
		into[i].hit += from[i].hit;
		into[i].excepted += from[i].excepted;
		into[i].unknown += from[i].unknown;
		into[i].no_hit += from[i].no_hit;
		into[i].hits += from[i].hits;
		into[i].excepted_hits += from[i].excepted_hits;
		into[i].too_wide += from[i].too_wide;
		into[i].by_zero += from[i].by_zero;
	}
}

void gather_stats_add(struct gather_stats *into, const struct gather_stats *from)
{
	for (uint32_t s = 0; s < STREAM_STORED; s++) {
		into->live[s] += from->live[s];
		into->retracted[s] += from->retracted[s];
		into->reversed[s] += from->reversed[s];
	}
	into->unsettled += from->unsettled;
}
