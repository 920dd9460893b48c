/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.c - what the cells of all shards say, and the records behind those that fired.
 *
 * A hit of a cell is a finding without records; shards collect these by the cell, each into a
 * part of its own, and the finding is made whole when all have.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/map.h"
#include "lib/finding/finding_impl.h"
#include "lib/finding/judge_state.h"
#include "lib/rule/plan.h"

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
	struct joined *joined;       /* NULL when judged by range */
	uint32_t range;              /* at hand, from 0 */
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
	v->fired[i] = (struct fired){ .id = h->id | (uint64_t)v->range << 32, .key = cell_key_hash(h->key, h->n_key),
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

static struct verdict *new_verdict(uint32_t n_cells, uint32_t parts)
{
	struct verdict *v = xcalloc(1, sizeof *v);

	findings_init(&v->found);
	v->n_cells = n_cells;
	v->n_part = parts;
	v->part = xcalloc(parts, sizeof *v->part);
	v->first = xcalloc(parts, sizeof *v->first);
	v->cells = xcalloc(n_cells, sizeof *v->cells);
	map64_init(&v->standing);
	for (uint32_t i = 0; i < parts; i++) {
		arena_init(&v->part[i].arena);
		map64_init(&v->first[i]);
	}
	return v;
}

struct verdict *verdict_by_range(uint32_t parts, const struct complete *complete)
{
	struct verdict *v = new_verdict(1, parts);

	v->complete = complete;
	return v;
}

struct verdict *verdict_new(struct judge *const *shard, uint32_t n)
{
	struct verdict *v = new_verdict(n, n);

	for (uint32_t i = 0; i < n; i++)
		v->cells[i] = shard[i]->cells;
	v->joined = joined_new(v->cells, n);
	v->first_judge = shard[0];
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

/* Of one set of cells the numbers of hits leave room for the range's. */
void verdict_range(struct verdict *v, struct cells *cells, struct account *account)
{
	struct cell_sink sink = { take_cell_hit, take_gone, v };
	struct joined *j = joined_new(&cells, 1);

	assert(v->range < VERDICT_RANGES);
	joined_begin(j, v->complete);
	joined_split(j, 0);
	joined_judge(j, 0);
	joined_tell(j, &sink);
	joined_accounts(j, account);
	joined_free(j);
	map64_clear(&v->first[0]); /* numbers in a set that is gone */
	v->range++;
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
	judge_each_batch(j, subject, n, NULL, look_in_batch, &l);
	xfree(subject);
	xfree(cell);
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
