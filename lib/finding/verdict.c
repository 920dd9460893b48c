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
	const struct measure *measure;
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
	v->fired[i] = (struct fired){ .id = h->id | (uint64_t)v->range << 32,
				      .key = cell_key_hash(h->key, h->n_key),
				      .next = UINT32_MAX, .source = h->source,
				      .measure = h->measure,
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

bool verdict_group(struct verdict *v)
{
	struct cell_sink sink = { take_cell_hit, take_gone, v };

	return joined_group(v->joined, &sink);
}

void verdict_compare(struct verdict *v, uint32_t part)
{
	joined_compare(v->joined, part);
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
	joined_group(j, &sink);
	joined_compare(j, 0);
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
	(void)verdict_group(v);
	for (uint32_t i = 0; i < n; i++)
		verdict_compare(v, i);
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

enum { MAYBE_BITS = 16, MAYBE_BYTES = 1 << MAYBE_BITS >> 3 };

/* One shard looking for the records behind a verdict. */
struct looking {
	const struct verdict *v;
	uint32_t shard;
	struct part *part;
	const struct judge *j;
	uint8_t maybe[MAYBE_BYTES];  /* by some bits of the hash of contributions to fired cells:
					few others have to be looked for */
};

static uint32_t maybe_bit(uint64_t hash)
{
	return (uint32_t)(hash >> (63 - MAYBE_BITS)) & ((1u << MAYBE_BITS) - 1);
}

static void note_fired(struct looking *l, const uint64_t *cell, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t bit = maybe_bit(cells_hash(l->j->cells, (uint32_t)(cell[i] >> 32),
						    (uint32_t)cell[i]));

		l->maybe[bit / 8] |= (uint8_t)(1u << bit % 8);
	}
}

static bool may_have_fired(const struct looking *l, uint64_t hash)
{
	uint32_t bit = maybe_bit(hash);

	return l->maybe[bit / 8] >> bit % 8 & 1;
}

static bool has_fired(void *ctx, const struct contributions *c, uint32_t i, struct fired_hit *h)
{
	const struct looking *l = ctx;
	const struct fired *fired = l->v->fired;
	uint32_t cell;
	uint64_t at;

	if (h->hit != UINT32_MAX)
		at = fired[h->hit].next;
	else if (!may_have_fired(l, c->v[i].hash) ||
		 !cells_find(l->j->cells, c, i, &cell) ||
		 !map64_get(&l->v->first[l->shard], (uint64_t)c->source << 32 | cell, &at))
		return false;
	if (at == UINT32_MAX)
		return false;
	*h = (struct fired_hit){ (uint32_t)at, fired[at].measure, fired[at].all_bear };
	return true;
}

static void take_evidence(void *ctx, uint32_t hit, const struct batch *b,
			  const struct hit_record *r)
{
	struct looking *l = ctx;
	struct part *p = l->part;

	(void)b;
	GROW(p->bearing, p->cap, p->n + 1);
	GROW(p->hit, p->cap_hit, p->n + 1);
	p->bearing[p->n] = bearing_of(l->j->timeline, r, &p->arena);
	p->hit[p->n++] = hit;
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
	struct looking l = { v, part, &v->part[part], j, { 0 } };
	uint32_t n, *subject;
	uint64_t *cell;

	if (!v->found.n || !j->cells || !map64_count(&v->first[part]))
		return;
	cell = fired_cells(&v->first[part], &n);
	note_fired(&l, cell, n);
	n = cells_subjects(j->cells, cell, n, &subject);
	judge_each_known(j, subject, n, look_in_batch, &l);
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

/* The bearings of the i-th hit of all parts, in `b`. */
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

/* Counting sort of all parts' records by hit, which all are of n hits from the first on:
 * order[from[i]..from[i+1]) are those of the i-th. */
static uint32_t *sort_by_hit(const struct verdict *v, uint32_t first, uint32_t n, uint32_t *from)
{
	uint32_t total = 0, at = 0, *order;

	for (uint32_t p = 0; p < v->n_part; p++) {
		for (uint32_t i = 0; i < v->part[p].n; i++)
			from[v->part[p].hit[i] - first + 1]++;
		total += v->part[p].n;
	}
	for (uint32_t i = 0; i < n; i++)
		from[i + 1] += from[i];
	order = xcalloc(total + 1, sizeof *order);
	for (uint32_t p = 0; p < v->n_part; p++)
		for (uint32_t i = 0; i < v->part[p].n; i++)
			order[from[v->part[p].hit[i] - first]++] = at++;
	for (uint32_t i = n; i > 0; i--)
		from[i] = from[i - 1];
	from[0] = 0;
	return order;
}

/* The round's findings get their records and stand from now on. */
static void seal_found(struct verdict *v)
{
	uint32_t *from = xcalloc(v->found.n + 2, sizeof *from);
	uint32_t *order = sort_by_hit(v, 0, v->found.n, from);
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

/* ---- records elsewhere ---- */

static uint32_t first_of_bin(const struct verdict *v, uint32_t bin, uint32_t bins)
{
	return (uint32_t)(((uint64_t)bin * v->found.n + bins - 1) / bins);
}

static void put_text(struct buf *b, struct str s)
{
	buf_add(b, &s.n, sizeof s.n);
	buf_addstr(b, s);
}

/* The struct as it lies, then its texts in the order of its members. */
static void put_record(struct buf *b, uint32_t hit, const struct bearing *r)
{
	buf_add(b, &hit, sizeof hit);
	buf_add(b, r, sizeof *r);
	put_text(b, r->record.fixmedins_code);
	put_text(b, r->record.mdtrt_id);
	put_text(b, r->record.id);
}

void verdict_put_off(struct verdict *v, uint32_t bins, cells_piece_fn *fn, void *ctx)
{
	struct buf *b = xcalloc(bins, sizeof *b);

	for (uint32_t i = 0; i < bins; i++)
		buf_init(&b[i], 0);
	for (uint32_t p = 0; p < v->n_part; p++) {
		struct part *part = &v->part[p];

		for (uint32_t i = 0; i < part->n; i++)
			put_record(&b[(uint64_t)part->hit[i] * bins / v->found.n], part->hit[i],
				   &part->bearing[i]);
		part->n = 0;
		arena_reset(&part->arena);
	}
	for (uint32_t i = 0; i < bins; i++) {
		if (b[i].failed)
			mem_give_up("records of cells beyond 4 GiB");
		if (b[i].n > 0)
			fn(ctx, i, buf_str(&b[i]));
		buf_fini(&b[i]);
	}
	xfree(b);
}

static bool get(struct str *from, void *to, size_t n)
{
	if (from->n < n)
		return false;
	memcpy(to, from->p, n);
	from->p += n;
	from->n -= (uint32_t)n;
	return true;
}

static bool get_text(struct str *from, struct arena *a, struct str *to)
{
	struct str s;

	if (!get(from, &s.n, sizeof s.n) || from->n < s.n)
		return false;
	s.p = from->p;
	from->p += s.n;
	from->n -= s.n;
	*to = arena_str(a, s);
	return true;
}

bool verdict_take_back(struct verdict *v, struct str piece, struct err *e)
{
	struct part *p = &v->part[0];

	while (piece.n > 0) {
		struct bearing b;
		uint32_t hit;

		if (!get(&piece, &hit, sizeof hit) || hit >= v->found.n ||
		    !get(&piece, &b, sizeof b) ||
		    !get_text(&piece, &p->arena, &b.record.fixmedins_code) ||
		    !get_text(&piece, &p->arena, &b.record.mdtrt_id) ||
		    !get_text(&piece, &p->arena, &b.record.id))
			return err_set(e, ERR_INPUT, "records of cells are damaged");
		GROW(p->bearing, p->cap, p->n + 1);
		GROW(p->hit, p->cap_hit, p->n + 1);
		p->bearing[p->n] = b;
		p->hit[p->n++] = hit;
	}
	return true;
}

void verdict_bin(struct verdict *v, uint32_t bin, uint32_t bins, struct findings *out)
{
	uint32_t first = first_of_bin(v, bin, bins);
	uint32_t n = first_of_bin(v, bin + 1, bins) - first;
	uint32_t *from = xcalloc(n + 2, sizeof *from);
	uint32_t *order = sort_by_hit(v, first, n, from);
	struct bearing *b = NULL;
	uint32_t cap = 0;
	struct findings one;

	findings_init(&one);
	for (uint32_t i = 0; i < n; i++) {
		struct finding *f = finding_copy(&one, &v->found.item[first + i]);

		GROW(b, cap, from[i + 1] - from[i] + 1);
		finding_seal(&one, f, b, records_of(v, i, from, order, b),
			     v->fired[first + i].amount_is_fund);
		(void)finding_copy(out, f);
		findings_clear(&one);
	}
	findings_fini(&one);
	v->part[0].n = 0;
	arena_reset(&v->part[0].arena);
	xfree(b);
	xfree(order);
	xfree(from);
}
