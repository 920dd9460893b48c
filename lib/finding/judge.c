/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.c - a shard at work: gather a batch, judge it, fill the cells; then the cells' turn.
 */
#include "lib/finding/judge.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/map.h"
#include "lib/finding/finding_impl.h"
#include "lib/finding/kept.h"
#include "lib/rule/item_map.h"
#include "lib/rule/plan.h"

enum { BATCH_ROWS = 8192, FIRST_SUBJECTS = 64, MOST_SUBJECTS = 4096 };

struct judge {
	const struct plan *plan;
	struct timeline *timeline;
	struct eval *eval;
	const struct complete *complete;
	struct cells *cells;         /* NULL when no rule needs them */
	struct batch batch;
	struct kept *kept;           /* NULL unless asked for */
	struct gather_stats gathered;
	bool whole;                  /* everybody was judged, and nothing came since */
	bool replaceable;
	bool keeps_all;              /* more than the plan reads may be kept */
	uint32_t batch_rows, step;   /* rows aimed at; subjects of the next batch */
};

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

typedef void batch_fn(struct judge *j, const struct batch *b, void *ctx);

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

static void each_batch(struct judge *j, const uint32_t *subject, uint32_t n,
		       struct gather_stats *gs, batch_fn *fn, void *ctx)
{
	for (uint32_t i = 0, step; i < n; i += step) {
		step = n - i < j->step ? n - i : j->step;
		gather(j, subject + i, step, &j->batch, gs);
		fn(j, &j->batch, ctx);
		adapt(j, &j->batch);
	}
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
		each_batch(j, subject, n, &gs, judge_batch, &x);
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

/* Records one shard found for fired cells. */
struct part {
	struct arena arena;
	struct bearing *bearing;
	uint32_t *hit;               /* [n] number of the fired hit */
	uint32_t n, cap, cap_hit;
};

/* A hit told in this round. Hits of one cell are chained by `next`. */
struct fired {
	uint64_t id;
	uint64_t key;                /* hash of its texts */
	uint32_t next, source;
	bool amount_is_fund, all_bear;
};

struct verdict {
	const struct judge *first_judge; /* whose periods count, or: */
	const struct complete *complete;
	struct cells **cells;        /* [n_cells] of the shards */
	struct joined *joined;
	struct map64 standing;       /* id of a hit -> its finding, in a block of its own */
	struct findings found;       /* of this round, without records until verdict_findings */
	struct fired *fired;         /* [found.n] */
	uint32_t cap_fired;
	struct map64 *first;         /* [n_part] source << 32 | cell -> its first fired hit */
	struct part *part;
	uint32_t n_part, n_cells;
};

static void drop_standing(struct verdict *v, uint64_t id)
{
	uint64_t f;

	if (!map64_get(&v->standing, id, &f))
		return;
	xfree((void *)(uintptr_t)f);
	map64_del(&v->standing, id);
}

static void take_gone(void *ctx, uint64_t id)
{
	drop_standing(ctx, id);
}

static void take_cell_hit(void *ctx, const struct cell_hit *h)
{
	struct verdict *v = ctx;
	uint32_t i = v->found.n;

	finding_from_cell(&v->found, h);
	GROW(v->fired, v->cap_fired, i + 1);
	v->fired[i] = (struct fired){ .id = h->id, .key = cell_key_hash(h->key, h->n_key),
				      .next = UINT32_MAX, .source = h->source,
				      .amount_is_fund = h->amount_is_fund,
				      .all_bear = h->all_bear };
	for (uint32_t s = 0; s < v->n_cells; s++) {
		bool fresh;
		uint64_t *first;

		if (!h->cell[s])
			continue;
		first = map64_at(&v->first[s], (uint64_t)h->source << 32 | (h->cell[s] - 1),
				 &fresh);
		if (!fresh)
			v->fired[i].next = (uint32_t)*first;
		*first = i;
	}
}

/* Over n sets of cells, with as many parts or more. */
static struct verdict *new_verdict(struct cells *const *cells, uint32_t n, uint32_t parts)
{
	struct verdict *v = xcalloc(1, sizeof *v);

	findings_init(&v->found);
	v->n_cells = n;
	v->n_part = parts;
	v->part = xcalloc(parts, sizeof *v->part);
	v->first = xcalloc(parts, sizeof *v->first);
	v->cells = xcalloc(n, sizeof *v->cells);
	map64_init(&v->standing);
	for (uint32_t i = 0; i < parts; i++) {
		arena_init(&v->part[i].arena);
		map64_init(&v->first[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		v->cells[i] = cells[i];
	v->joined = joined_new(v->cells, n);
	return v;
}

struct verdict *verdict_over(struct cells *cells, uint32_t parts, const struct complete *complete)
{
	struct verdict *v = new_verdict(&cells, 1, parts);

	v->complete = complete;
	return v;
}

struct verdict *verdict_new(struct judge *const *shard, uint32_t n)
{
	struct cells **cells = xcalloc(n, sizeof *cells);
	struct verdict *v;

	for (uint32_t i = 0; i < n; i++)
		cells[i] = shard[i]->cells;
	v = new_verdict(cells, n, n);
	v->first_judge = shard[0];
	xfree(cells);
	return v;
}

void verdict_begin(struct verdict *v)
{
	findings_clear(&v->found);
	for (uint32_t i = 0; i < v->n_part; i++) {
		arena_reset(&v->part[i].arena);
		map64_clear(&v->first[i]);
		v->part[i].n = 0;
	}
	joined_begin(v->joined, v->first_judge ? v->first_judge->complete : v->complete);
}

void verdict_split(struct verdict *v, uint32_t part)
{
	joined_split(v->joined, part);
}

void verdict_judge(struct verdict *v, uint32_t part)
{
	joined_judge(v->joined, part);
}

void verdict_decide(struct verdict *v)
{
	struct cell_sink sink = { take_cell_hit, take_gone, v };

	joined_tell(v->joined, &sink);
}

void verdict_accounts(const struct verdict *v, struct account *account)
{
	joined_accounts(v->joined, account);
}

struct verdict *judge_cells(struct judge *const *shard, uint32_t n, struct account *account)
{
	struct verdict *v = verdict_new(shard, n);

	verdict_begin(v);
	for (uint32_t i = 0; i < n; i++)
		verdict_split(v, i);
	for (uint32_t i = 0; i < n; i++)
		verdict_judge(v, i);
	verdict_decide(v);
	if (account)
		verdict_accounts(v, account);
	return v;
}

void verdict_free(struct verdict *v)
{
	uint64_t id, f;
	size_t at = 0;

	if (!v)
		return;
	while (map64_next(&v->standing, &at, &id, &f))
		xfree((void *)(uintptr_t)f);
	for (uint32_t i = 0; i < v->n_part; i++) {
		arena_fini(&v->part[i].arena);
		map64_fini(&v->first[i]);
		xfree(v->part[i].bearing);
		xfree(v->part[i].hit);
	}
	map64_fini(&v->standing);
	joined_free(v->joined);
	findings_fini(&v->found);
	xfree(v->part);
	xfree(v->first);
	xfree(v->cells);
	xfree(v->fired);
	xfree(v);
}

uint32_t verdict_count(const struct verdict *v)
{
	return v->found.n;
}

/* One shard looking for the records behind a verdict. */
struct looking {
	const struct verdict *v;
	uint32_t shard;
	struct part *part;
	const struct judge *j;
};

static bool has_fired(void *ctx, const struct contributions *c, uint32_t i, uint32_t *hit,
		      bool *all_bear)
{
	const struct looking *l = ctx;
	uint32_t cell;
	uint64_t at;

	if (!cells_find(l->j->cells, c, i, &cell) ||
	    !map64_get(&l->v->first[l->shard], (uint64_t)c->source << 32 | cell, &at))
		return false;
	*hit = (uint32_t)at;
	*all_bear = l->v->fired[at].all_bear;
	return true;
}

static void take_evidence(void *ctx, uint32_t hit, const struct batch *b,
			  const struct hit_record *r)
{
	struct looking *l = ctx;
	struct part *p = l->part;

	(void)b;
	for (uint32_t i = hit; i != UINT32_MAX; i = l->v->fired[i].next) {
		GROW(p->bearing, p->cap, p->n + 1);
		GROW(p->hit, p->cap_hit, p->n + 1);
		p->bearing[p->n] = bearing_of(l->j->timeline, r, &p->arena);
		p->hit[p->n++] = i;
	}
}

static void look_in_batch(struct judge *j, const struct batch *b, void *ctx)
{
	eval_evidence(j->eval, b, has_fired, ctx, take_evidence, ctx);
}

/* The shard's cells that fired, as cells_subjects wants them. */
static uint64_t *fired_cells(const struct map64 *first, uint32_t *n)
{
	uint64_t *cell = xcalloc(map64_count(first), sizeof *cell), hit;
	size_t at = 0;

	*n = 0;
	while (map64_next(first, &at, &cell[*n], &hit))
		if (++*n == map64_count(first))
			break;
	return cell;
}

void judge_evidence(struct judge *j, struct verdict *v, uint32_t part)
{
	struct looking l = { v, part, &v->part[part], j };
	uint32_t n, *subject;
	uint64_t *cell;

	if (!v->found.n || !j->cells || !map64_count(&v->first[part]))
		return;
	cell = fired_cells(&v->first[part], &n);
	n = cells_subjects(j->cells, cell, n, &subject);
	each_batch(j, subject, n, NULL, look_in_batch, &l);
	xfree(subject);
	xfree(cell);
}

void judge_add_cells(const struct judge *j, struct cells *into, int sign)
{
	if (j->cells)
		cells_absorb(into, j->cells, sign);
}

void judge_prime(struct judge *j)
{
	uint8_t *none = xcalloc(plan_ruleset(j->plan)->n_rule / 8 + 1u, 1);

	judge_all(j, none, NULL);
	xfree(none);
}

/* The shard's numbers of cells are new ones: what has fired is found by its key again, each chain
 * of hits from its last one, as take_cell_hit made it. */
void judge_meet(struct judge *j, struct verdict *v, uint32_t part)
{
	struct map64 last;
	uint64_t hit;

	judge_prime(j);
	map64_init(&last);
	for (uint32_t i = 0; i < v->found.n; i++)
		map64_put(&last, hash_join(v->fired[i].key, v->fired[i].source), i);
	map64_clear(&v->first[part]);
	for (uint32_t s = 0; j->cells && s < plan_sources(j->plan); s++)
		for (uint32_t c = 0; c < cells_of(j->cells, s); c++)
			if (map64_get(&last, hash_join(cells_key_hash(j->cells, s, c), s), &hit))
				map64_put(&v->first[part], (uint64_t)s << 32 | c, hit);
	map64_fini(&last);
}

/* The bearings of hit i of all parts, in `b`. */
static uint32_t records_of(const struct verdict *v, uint32_t i, const uint32_t *from,
			   const uint32_t *order, struct bearing *b)
{
	uint32_t n = 0;

	for (uint32_t k = from[i]; k < from[i + 1]; k++) {
		uint32_t at = order[k], part = 0;

		while (at >= v->part[part].n)
			at -= v->part[part++].n;
		b[n++] = v->part[part].bearing[at];
	}
	return n;
}

/* Counting sort of all parts' records by hit: order[from[i]..from[i+1]) are those of hit i. */
static uint32_t *sort_by_hit(const struct verdict *v, uint32_t *from)
{
	uint32_t total = 0, at = 0, *order;

	for (uint32_t p = 0; p < v->n_part; p++) {
		for (uint32_t i = 0; i < v->part[p].n; i++)
			from[v->part[p].hit[i] + 1]++;
		total += v->part[p].n;
	}
	for (uint32_t i = 0; i < v->found.n; i++)
		from[i + 1] += from[i];
	order = xcalloc(total + 1, sizeof *order);
	for (uint32_t p = 0; p < v->n_part; p++)
		for (uint32_t i = 0; i < v->part[p].n; i++)
			order[from[v->part[p].hit[i]]++] = at++;
	for (uint32_t i = v->found.n; i > 0; i--)
		from[i] = from[i - 1];
	from[0] = 0;
	return order;
}

/* The round's findings get their records and stand from now on. */
static void seal_found(struct verdict *v)
{
	uint32_t *from = xcalloc(v->found.n + 2, sizeof *from);
	uint32_t *order = sort_by_hit(v, from);
	struct bearing *b = NULL;
	uint32_t cap = 0;

	for (uint32_t i = 0; i < v->found.n; i++) {
		struct finding *f = &v->found.item[i];
		uint32_t n;

		GROW(b, cap, from[i + 1] - from[i] + 1);
		n = records_of(v, i, from, order, b);
		finding_seal(&v->found, f, b, n, v->fired[i].amount_is_fund);
		map64_put(&v->standing, v->fired[i].id, (uint64_t)(uintptr_t)finding_dup(f));
	}
	xfree(b);
	xfree(order);
	xfree(from);
	findings_clear(&v->found);
}

void verdict_findings(struct verdict *v, struct findings *out)
{
	uint64_t id, f;
	size_t at = 0;

	seal_found(v);
	while (map64_next(&v->standing, &at, &id, &f))
		finding_copy(out, (const struct finding *)(uintptr_t)f);
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
