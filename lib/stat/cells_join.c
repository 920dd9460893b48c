/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_join.c - the cells of one key in several shards found together, by hash partition.
 *
 * Texts are looked at once per key part: equal parts get one number in all shards. After that
 * a cell's key is a tuple of these, and any thread may join any partition.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/stat/joined.h"

static bool same_part(const struct part *a, const struct part *b)
{
	return a->node == b->node && value_order(&a->value, &b->value) == 0;
}

/* Numbers for the parts of all shards; equal ones get the same. */
static void number_parts(struct joined *j)
{
	struct map64 at;
	const struct part **known = NULL;
	uint32_t n = 0, cap = 0;

	map64_init(&at);
	for (uint32_t s = 0; s < j->n; s++) {
		j->global[s] = xcalloc(j->shard[s]->n_part, sizeof **j->global);
		for (uint32_t i = 0; i < j->shard[s]->n_part; i++) {
			const struct part *p = &j->shard[s]->part[i];
			uint64_t h = hash_join(hash_str(p->text), p->node), number;

			for (; map64_get(&at, h, &number); h++)
				if (same_part(known[number], p))
					break;
			if (map64_put(&at, h, n)) {
				GROW(known, cap, n + 1);
				known[n] = p;
				number = n++;
			}
			*map64_at(&at, h, NULL) = number;
			j->global[s][i] = (uint32_t)number;
		}
	}
	xfree(known);
	map64_fini(&at);
}

struct joined *joined_new(struct cells *const *shard, uint32_t n, const struct complete *complete)
{
	struct joined *j = xcalloc(1, sizeof *j);
	uint32_t n_source = shard[0]->p->n_source;

	j->p = shard[0]->p;
	j->shard = shard;
	j->n = n;
	j->complete = complete;
	j->global = xcalloc(n, sizeof *j->global);
	j->split = xcalloc((size_t)n * n * n_source, sizeof *j->split);
	j->partition = xcalloc(n, sizeof *j->partition);
	for (uint32_t i = 0; i < n; i++) {
		j->partition[i].joint = xcalloc(n_source, sizeof(struct joint));
		j->partition[i].outcome = xcalloc(j->p->n_rule, sizeof(struct outcome));
		arena_init(&j->partition[i].arena);
	}
	if (n > 1)
		number_parts(j);
	return j;
}

static void partition_fini(const struct joined *j, struct partition *p)
{
	for (uint32_t i = 0; i < j->p->n_source; i++)
		xfree(p->joint[i].cell);
	for (uint32_t i = 0; i < j->p->n_rule; i++)
		xfree(p->outcome[i].found);
	xfree(p->joint);
	xfree(p->outcome);
	arena_fini(&p->arena);
}

void joined_free(struct joined *j)
{
	if (!j)
		return;
	for (uint32_t i = 0; i < j->n; i++) {
		partition_fini(j, &j->partition[i]);
		xfree(j->global[i]);
	}
	for (size_t i = 0; i < (size_t)j->n * j->n * j->p->n_source; i++)
		xfree(j->split[i].v);
	xfree(j->global);
	xfree(j->split);
	xfree(j->partition);
	xfree(j);
}

/* ---- a shard's cells into partitions ---- */

static struct split *split_at(struct joined *j, uint32_t shard, uint32_t partition,
			      uint32_t source)
{
	return &j->split[((size_t)shard * j->n + partition) * j->p->n_source + source];
}

static uint64_t cell_hash(const struct joined *j, uint32_t shard, const struct cell *x, uint32_t n)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < n; i++)
		h = hash_join(h, j->global[shard][x->key[i]]);
	return h;
}

void joined_split(struct joined *j, uint32_t shard)
{
	for (uint32_t s = 0; j->n > 1 && s < j->p->n_source; s++) {
		const struct table *t = &j->shard[shard]->table[s];

		for (uint32_t i = 0; i < t->n; i++) {
			const struct cell *x = cell_at(t, i);
			uint64_t h = cell_hash(j, shard, x, t->n_key);
			struct split *to = split_at(j, shard, (uint32_t)(h >> 40) % j->n, s);

			if (!x->given)
				continue;
			GROW(to->v, to->cap, to->n + 1);
			to->v[to->n++] = (struct split_cell){ h, i };
		}
	}
}

/* ---- one partition of all shards ---- */

struct joining {
	struct joined *j;
	struct joint *to;
	uint64_t *slot;          /* upper half of the hash << 32 | joined cell + 1 */
	size_t slots;
	uint32_t source;
};

/* Any shard that has the cell will do. */
static bool is_key(const struct joining *x, const uint32_t *cell, uint32_t shard, uint32_t own)
{
	const struct joined *j = x->j;
	uint32_t s = 0;
	const struct cell *a, *b;

	while (!cell[s])
		s++;
	a = cell_at(&j->shard[s]->table[x->source], cell[s] - 1);
	b = cell_at(&j->shard[shard]->table[x->source], own);
	for (uint32_t i = 0; i < j->p->source[x->source].n_key; i++)
		if (j->global[s][a->key[i]] != j->global[shard][b->key[i]])
			return false;
	return true;
}

static void join_cell(struct joining *x, uint32_t shard, const struct split_cell *c)
{
	uint32_t n = x->j->n, tag = (uint32_t)(c->hash >> 32);
	size_t at = (uint32_t)c->hash & (x->slots - 1);
	uint32_t *cell;

	for (; x->slot[at]; at = (at + 1) & (x->slots - 1)) {
		cell = x->to->cell + (size_t)((uint32_t)x->slot[at] - 1) * n;
		if (x->slot[at] >> 32 == tag && is_key(x, cell, shard, c->cell)) {
			cell[shard] = c->cell + 1;
			return;
		}
	}
	x->to->cell[(size_t)x->to->n * n + shard] = c->cell + 1;
	x->slot[at] = (uint64_t)tag << 32 | ++x->to->n;
}

static void join_source(struct joined *j, uint32_t partition, uint32_t source)
{
	struct joining x = { .j = j, .to = &j->partition[partition].joint[source],
			     .slots = 64, .source = source };
	size_t total = 0;

	for (uint32_t s = 0; s < j->n; s++)
		total += split_at(j, s, partition, source)->n;
	while (x.slots / 4 * 3 < total)
		x.slots *= 2;
	x.slot = xcalloc(x.slots, sizeof *x.slot);
	x.to->cell = xcalloc(total * j->n, sizeof *x.to->cell);
	for (uint32_t s = 0; s < j->n; s++) {
		const struct split *from = split_at(j, s, partition, source);

		for (uint32_t i = 0; i < from->n; i++)
			join_cell(&x, s, &from->v[i]);
	}
	xfree(x.slot);
}

/* Of a single shard nothing needs joining. */
static void take_source(struct joined *j, uint32_t source)
{
	const struct table *t = &j->shard[0]->table[source];
	struct joint *to = &j->partition[0].joint[source];

	to->cell = xcalloc(t->n, sizeof *to->cell);
	for (uint32_t i = 0; i < t->n; i++)
		if (cell_at(t, i)->given)
			to->cell[to->n++] = i + 1;
}

void joined_judge(struct joined *j, uint32_t partition)
{
	struct dict *none = dict_new();
	struct judging x = { .j = j, .e = eval_new(j->p, none) };

	for (uint32_t s = 0; s < j->p->n_source; s++)
		if (j->n > 1)
			join_source(j, partition, s);
		else
			take_source(j, s);
	for (uint32_t i = 0; i < j->p->n_rule; i++) {
		x.rp = j->p->rule[i];
		if (x.rp->source == NO_INDEX)
			continue;
		outcome_judge(&x, &j->partition[partition], &j->partition[partition].outcome[i]);
	}
	eval_free(x.e);
	dict_free(none);
}
