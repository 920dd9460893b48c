/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_lot.c - all cells of several shards joined in the first round, lot by lot.
 *
 * There are millions of cells, and a table of them is larger than any cache. So they are dealt
 * out by their hashes into lots of a few thousand, and each lot is joined in a small table that is
 * used again for the next. What a rule asks of nearly all of them, whether they count enough
 * records, goes with them, so that a cell that does not is never looked at again.
 */
#include <string.h>

#include "lib/stat/joined.h"

/* Each partition has a list for each lot of each shard and source: with many shards, which are as
 * many partitions, lots are larger. */
enum { LOT_CELLS = 4096, LOTS_MOST = 128, LISTS_MOST = 512, FEW_SPARE = 64 };

/* Used again for each lot of a source. */
struct lot {
	uint32_t *slot;          /* joined cell of the lot + 1, 0 = free */
	uint64_t *hash;          /* of each */
	size_t slots;
};

uint32_t lots_wanted(struct cells *const *shard, uint32_t n)
{
	uint32_t lots = 1;

	for (uint32_t i = 0; n > 1 && i < n; i++)
		for (uint32_t s = 0; s < shard[i]->p->n_source; s++)
			while (lots < LOTS_MOST && n * lots < LISTS_MOST &&
			       shard[i]->table[s].n / lots > LOT_CELLS)
				lots *= 2;
	return lots;
}

/* The aggregate of a source whose counts go with its cells, NO_INDEX: none. */
static uint32_t counted_of(const struct cell_source *s)
{
	uint32_t i = 0;

	while (i < s->n_agg && s->agg[i]->agg != AGG_COUNT)
		i++;
	return i < s->n_agg ? i : NO_INDEX;
}

/* Lots are about even: room for a few more than the mean. */
static void reserve(const struct joined *j, struct split *to, uint32_t cells)
{
	uint32_t mean = cells / (j->n * j->lots);

	if (mean < FEW_SPARE)
		return;
	to->cap = mean + mean / 8 + FEW_SPARE;
	to->v = xreallocarray(NULL, to->cap, sizeof *to->v);
}

static uint32_t count_of(const struct table *t, const struct cell *x, uint32_t counted)
{
	const struct sum *sum = (const void *)((const uint8_t *)x + t->sum_at);

	if (counted == NO_INDEX || !cell_given(x) || sum[counted].unknown)
		return COUNT_UNTOLD;
	return sum[counted].count;
}

static void deal_source(struct joined *j, uint32_t shard, uint32_t source)
{
	const struct table *t = &j->shard[shard]->table[source];
	uint32_t lots = j->n * j->lots, counted = counted_of(&j->p->source[source]);

	for (uint32_t i = 0; i < lots; i++)
		reserve(j, split_at(j, shard, i, source), t->n);
	for (uint32_t i = 0; i < t->n; i++) {
		struct cell *x = cell_at(t, i);
		uint64_t h = joined_hash(j, shard, x, t->n_key);
		struct split *to = split_at(j, shard, joined_lot(j, h), source);

		x->given &= ~CELL_CHANGED;
		GROW(to->v, to->cap, to->n + 1);
		to->v[to->n++] = (struct split_cell){ h, i, count_of(t, x, counted) };
	}
}

void lots_deal(struct joined *j, uint32_t shard)
{
	for (uint32_t s = 0; s < j->p->n_source; s++)
		deal_source(j, shard, s);
	j->shard[shard]->n_changed = 0;
}

/* ---- joining ---- */

struct dealing {
	const struct joined *j;
	struct joint *to;
	struct lot lot;
	uint32_t source, first;  /* the lot's first joined cell */
	bool tells;              /* hashes tell keys */
};

/* The joined cell of a shard's cell, a new one if there is none. */
static uint32_t find(struct dealing *d, uint32_t shard, const struct split_cell *c)
{
	struct joint *t = d->to;
	struct lot *lot = &d->lot;
	size_t at = c->hash >> 32 & (lot->slots - 1);

	for (; lot->slot[at]; at = (at + 1) & (lot->slots - 1)) {
		uint32_t i = lot->slot[at] - 1;
		const uint32_t *cell = t->cell + (size_t)(d->first + i) * d->j->n;

		if (lot->hash[i] == c->hash &&
		    (d->tells || joint_is(d->j, d->source, cell,
					  (struct joint_at){ shard, c->cell })))
			return d->first + i;
	}
	lot->slot[at] = t->n - d->first + 1;
	lot->hash[t->n - d->first] = c->hash;
	memset(t->cell + (size_t)t->n * d->j->n, 0, d->j->n * sizeof *t->cell);
	t->count[t->n] = 0;
	return t->n++;
}

/* Untold wherever one of them is. */
static uint32_t add_counts(uint32_t a, uint32_t b)
{
	uint64_t sum = (uint64_t)a + b;

	return sum < COUNT_UNTOLD ? (uint32_t)sum : COUNT_UNTOLD;
}

static void renew(struct lot *lot, uint32_t cells)
{
	size_t slots = lot->slots ? lot->slots : LOT_CELLS;

	while (slots < (size_t)cells * 2)
		slots *= 2;
	if (slots != lot->slots) {
		lot->slot = xreallocarray(lot->slot, slots, sizeof *lot->slot);
		lot->hash = xreallocarray(lot->hash, slots, sizeof *lot->hash);
		lot->slots = slots;
	}
	memset(lot->slot, 0, slots * sizeof *lot->slot);
}

static void join_lot(struct dealing *d, struct joined *j, uint32_t number)
{
	struct joint *t = d->to;
	uint32_t cells = 0;

	for (uint32_t s = 0; s < j->n; s++)
		cells += split_at(j, s, number, d->source)->n;
	renew(&d->lot, cells);
	d->first = t->n;
	for (uint32_t s = 0; s < j->n; s++) {
		struct split *from = split_at(j, s, number, d->source);

		for (uint32_t i = 0; i < from->n; i++) {
			uint32_t at = find(d, s, &from->v[i]);

			t->cell[(size_t)at * j->n + s] = from->v[i].cell + 1;
			t->count[at] = add_counts(t->count[at], from->v[i].count);
		}
		xfree(from->v);
		*from = (struct split){ 0 };
	}
}

void lots_join(struct joined *j, uint32_t partition, uint32_t source)
{
	struct joint *t = &j->partition[partition].joint[source];
	struct dealing d = { .j = j, .to = t, .source = source,
			     .tells = joined_tells(j, j->p->source[source].n_key) };
	uint32_t first = partition * j->lots;

	t->all = true;
	for (uint32_t l = first; l < first + j->lots; l++)
		for (uint32_t s = 0; s < j->n; s++)
			t->cap += split_at(j, s, l, source)->n;
	t->counted = counted_of(&j->p->source[source]);
	t->cell = xreallocarray(NULL, (size_t)t->cap * j->n + 1, sizeof *t->cell);
	t->count = xreallocarray(NULL, t->cap + 1u, sizeof *t->count);
	for (uint32_t l = first; t->cap && l < first + j->lots; l++)
		join_lot(&d, j, l);
	xfree(d.lot.slot);
	xfree(d.lot.hash);
}
