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

enum { FIRST_SLOTS = 64, HASH_BITS = 64, LEAST_BITS = 16 };

struct joined *joined_new(struct cells *const *shard, uint32_t n)
{
	struct joined *j = xcalloc(1, sizeof *j);
	uint32_t n_source = shard[0]->p->n_source;

	j->p = shard[0]->p;
	j->shard = shard;
	j->n = n;
	j->global = xcalloc(n, sizeof *j->global);
	j->n_global = xcalloc(n, sizeof *j->n_global);
	j->cap_global = xcalloc(n, sizeof *j->cap_global);
	j->lots = lots_wanted(shard, n);
	j->split = xcalloc((size_t)n * n * j->lots * n_source, sizeof *j->split);
	j->dealt = xcalloc(n, sizeof *j->dealt);
	j->partition = xcalloc(n, sizeof *j->partition);
	j->told = xcalloc(j->p->n_rule, sizeof *j->told);
	map64_init(&j->part_of);
	for (uint32_t i = 0; i < n; i++) {
		j->partition[i].joint = xcalloc(n_source, sizeof(struct joint));
		j->partition[i].outcome = xcalloc(j->p->n_rule, sizeof(struct outcome));
		j->partition[i].alike = dict_new();
	}
	for (uint32_t i = 0; i < j->p->n_rule; i++) {
		j->told[i].alike = dict_new();
		j->told[i].codes = xcalloc(n, sizeof *j->told[i].codes);
	}
	return j;
}

static void partition_fini(const struct joined *j, struct partition *p)
{
	for (uint32_t i = 0; i < j->p->n_source; i++) {
		xfree(p->joint[i].cell);
		xfree(p->joint[i].slot);
		xfree(p->joint[i].changed);
		xfree(p->joint[i].marked);
		xfree(p->joint[i].count);
	}
	for (uint32_t i = 0; i < j->p->n_rule; i++) {
		xfree(p->outcome[i].state);
		xfree(p->outcome[i].compared);
		xfree(p->outcome[i].mention);
		map64_fini(&p->outcome[i].value);
	}
	xfree(p->joint);
	xfree(p->outcome);
	dict_free(p->alike);
}

static void told_fini(struct told *t, uint32_t n)
{
	for (uint32_t i = 0; i < t->n_group; i++)
		xfree(t->group[i].member);
	for (uint32_t i = 0; i < n; i++)
		xfree(t->codes[i].group);
	xfree(t->codes);
	xfree(t->group);
	xfree(t->touched);
	map64_fini(&t->state);
	dict_free(t->alike);
}

void joined_free(struct joined *j)
{
	if (!j)
		return;
	for (uint32_t i = 0; i < j->n; i++) {
		partition_fini(j, &j->partition[i]);
		xfree(j->global[i]);
	}
	for (size_t i = 0; i < (size_t)j->n * j->n * j->lots * j->p->n_source; i++)
		xfree(j->split[i].v);
	for (uint32_t i = 0; i < j->p->n_rule; i++)
		told_fini(&j->told[i], j->n);
	xfree(j->global);
	xfree(j->n_global);
	xfree(j->cap_global);
	map64_fini(&j->part_of);
	xfree(j->part);
	xfree(j->split);
	xfree(j->dealt);
	xfree(j->partition);
	xfree(j->told);
	xfree(j);
}

/* ---- a round ---- */

static bool same_part(const struct joined *j, const struct part *a, struct shard_part at)
{
	const struct part *b = &j->shard[at.shard]->part[at.part];

	return a->node == b->node && value_order(&a->value, &b->value) == 0;
}

static uint32_t part_number(struct joined *j, uint32_t shard, uint32_t part)
{
	const struct part *p = &j->shard[shard]->part[part];
	uint64_t h = hash_join(hash_str(p->text), p->node), number;

	for (; map64_get(&j->part_of, h, &number); h++)
		if (same_part(j, p, j->part[number]))
			return (uint32_t)number;
	map64_put(&j->part_of, h, j->n_part);
	GROW(j->part, j->cap_part, j->n_part + 1);
	j->part[j->n_part] = (struct shard_part){ shard, part };
	return j->n_part++;
}

/* Numbers for the parts that came since; equal ones get the same in all shards. */
static void number_parts(struct joined *j, uint32_t shard)
{
	uint32_t n = j->shard[shard]->n_part;

	GROW(j->global[shard], j->cap_global[shard], n);
	for (uint32_t i = j->n_global[shard]; i < n; i++)
		j->global[shard][i] = part_number(j, shard, i);
	j->n_global[shard] = n;
}

void joined_begin(struct joined *j, const struct complete *complete)
{
	uint64_t version = complete ? complete_version(complete) : 0;
	bool moved = complete != j->complete || version != j->version;

	j->complete = complete;
	j->version = version;
	for (uint32_t i = 0; i < j->n; i++) {
		if (j->n > 1)
			number_parts(j, i);
		for (uint32_t s = 0; s < j->p->n_source; s++)
			j->partition[i].joint[s].all = moved;
	}
}

/* ---- a shard's cells into partitions ---- */

/* Of a hash, those for the number of a part. */
static unsigned part_bits(uint32_t n_key)
{
	return n_key < 2 ? HASH_BITS : HASH_BITS / n_key;
}

bool joined_tells(const struct joined *j, uint32_t n_key)
{
	unsigned bits = part_bits(n_key);

	return bits >= LEAST_BITS && (bits >= 32 || j->n_part <= UINT32_C(1) << bits);
}

/* One to one. */
static uint64_t scatter(uint64_t h)
{
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

uint64_t joined_hash(const struct joined *j, uint32_t shard, const struct cell *x, uint32_t n_key)
{
	const uint32_t *global = j->global[shard];
	unsigned bits = part_bits(n_key);
	uint64_t h = 0;

	if (j->n == 1)
		return 0;
	for (uint32_t i = 0; i < n_key; i++) {
		if (bits < LEAST_BITS)
			h = scatter(h);
		else if (i)
			h <<= bits;
		h ^= global[x->key[i]];
	}
	return scatter(scatter(h));
}

static void split_cell(struct joined *j, uint32_t shard, uint32_t source, uint32_t cell)
{
	const struct table *t = &j->shard[shard]->table[source];
	uint64_t h = joined_hash(j, shard, cell_at(t, cell), t->n_key);
	struct split *to = split_at(j, shard, joined_lot(j, h) / j->lots * j->lots, source);

	GROW(to->v, to->cap, to->n + 1);
	to->v[to->n++] = (struct split_cell){ .hash = h, .cell = cell };
}

void joined_split(struct joined *j, uint32_t shard)
{
	struct cells *c = j->shard[shard];

	if (j->n > 1 && !j->dealt[shard]) {
		lots_deal(j, shard);
		j->dealt[shard] = true;
		return;
	}
	for (uint32_t i = 0; i < c->n_changed; i++) {
		split_cell(j, shard, c->changed[i].source, c->changed[i].cell);
		cell_at(&c->table[c->changed[i].source], c->changed[i].cell)->given &=
			~CELL_CHANGED;
	}
	c->n_changed = 0;
}

/* ---- one partition of all shards ---- */

struct joining {
	struct joined *j;
	struct joint *to;
	uint32_t source;
};

bool joint_is(const struct joined *j, uint32_t source, const uint32_t *cell, struct joint_at of)
{
	uint32_t s = 0;
	const struct cell *a, *b;

	while (!cell[s])
		s++;
	a = cell_at(&j->shard[s]->table[source], cell[s] - 1);
	b = cell_at(&j->shard[of.shard]->table[source], of.cell);
	for (uint32_t i = 0; i < j->p->source[source].n_key; i++)
		if (j->global[s][a->key[i]] != j->global[of.shard][b->key[i]])
			return false;
	return true;
}

/* Room for so many joined cells in all, as many as were asked for. */
static void joint_room(struct joining *x, uint32_t cap)
{
	struct joint *t = x->to;
	size_t n = x->j->n, old = t->cap;

	t->marked = xreallocarray(t->marked, cap, sizeof *t->marked);
	t->cell = xreallocarray(t->cell, cap * n, sizeof *t->cell);
	memset(t->cell + old * n, 0, (cap - old) * n * sizeof *t->cell);
	memset(t->marked + old, 0, cap - old);
	t->cap = cap;
}

static uint32_t joint_new(struct joining *x)
{
	struct joint *t = x->to;

	if (t->n == t->cap)
		joint_room(x, (uint32_t)grow_capacity(t->cap, (size_t)t->n + 1, UINT32_MAX));
	return t->n++;
}

static void reserve_slots(struct joint *t, size_t more)
{
	size_t slots = t->slots ? t->slots : FIRST_SLOTS, old = t->slots;
	uint64_t *from = t->slot;

	while (slots / 4 * 3 < t->n + more)
		slots *= 2;
	if (slots == old)
		return;
	t->slots = slots;
	t->slot = xcalloc(slots, sizeof *t->slot);
	for (size_t i = 0; i < old; i++) {
		size_t at = (size_t)(from[i] >> 32) & (slots - 1);

		if (!from[i])
			continue;
		while (t->slot[at])
			at = (at + 1) & (slots - 1);
		t->slot[at] = from[i];
	}
	xfree(from);
}

static const struct cell *first_cell(const struct joining *x, uint32_t i, uint32_t *shard)
{
	const uint32_t *cell = joint_cell(x->j, x->to, i);
	uint32_t s = 0;

	while (!cell[s])
		s++;
	*shard = s;
	return cell_at(&x->j->shard[s]->table[x->source], cell[s] - 1);
}

/* What the first round joined lot by lot gets slots to be found by, and is counted no more. */
static void index_joint(struct joining *x)
{
	enum { AHEAD = 8 };
	struct joint *t = x->to;
	uint32_t n = x->j->n, shard;

	t->marked = xcalloc(t->cap + 1u, 1);
	memset(t->cell + (size_t)t->n * n, 0, (size_t)(t->cap - t->n) * n * sizeof *t->cell);
	xfree(t->count);
	t->count = NULL;
	reserve_slots(t, 0);
	for (uint32_t i = 0; i < t->n; i++) {
		const struct cell *own = first_cell(x, i, &shard);
		uint64_t hash = joined_hash(x->j, shard, own, x->j->p->source[x->source].n_key);
		size_t at = (hash >> 32) & (t->slots - 1);

		if (i + AHEAD < t->n)
			__builtin_prefetch(first_cell(x, i + AHEAD, &shard));
		while (t->slot[at])
			at = (at + 1) & (t->slots - 1);
		t->slot[at] = hash >> 32 << 32 | (i + 1);
	}
}

/* The joined cell of a shard's cell. */
static uint32_t join_cell(struct joining *x, uint32_t shard, const struct split_cell *c)
{
	struct joint *t = x->to;
	uint32_t n = x->j->n, tag = (uint32_t)(c->hash >> 32), cell;
	size_t at = tag & (t->slots - 1);

	for (; t->slot[at]; at = (at + 1) & (t->slots - 1)) {
		cell = (uint32_t)t->slot[at] - 1;
		if (t->slot[at] >> 32 == tag &&
		    joint_is(x->j, x->source, t->cell + (size_t)cell * n,
			     (struct joint_at){ shard, c->cell })) {
			t->cell[(size_t)cell * n + shard] = c->cell + 1;
			return cell;
		}
	}
	cell = joint_new(x);
	t->cell[(size_t)cell * n + shard] = c->cell + 1;
	t->slot[at] = (uint64_t)tag << 32 | (cell + 1);
	return cell;
}

/* Of a single shard the joined cell has the cell's number. */
static uint32_t same_cell(struct joining *x, uint32_t cell)
{
	while (x->to->n <= cell) {
		uint32_t at = joint_new(x);

		x->to->cell[at] = at + 1;
	}
	return cell;
}

/* All cells of the one shard. */
static void take_all(struct joining *x)
{
	uint32_t n = x->j->shard[0]->table[x->source].n;

	if (n > x->to->cap)
		joint_room(x, n);
	if (n)
		(void)same_cell(x, n - 1);
	if (n > x->to->cap_changed) {
		x->to->changed = xreallocarray(x->to->changed, n, sizeof *x->to->changed);
		x->to->cap_changed = n;
	}
	for (uint32_t i = 0; i < n; i++)
		x->to->changed[i] = i;
	x->to->n_changed = n;
}

/* Slots, joined cells and cells lie far apart: fetched before they are needed. Always in line: gcc
 * takes a function that only fetches for one without effect, and leaves its calls out. */
static inline __attribute__((always_inline)) void
fetch(const struct joining *x, uint32_t shard, const struct split *from, uint32_t i)
{
	enum { AHEAD = 12 };
	const struct joint *t = x->to;
	uint64_t slot;

	if (i + AHEAD < from->n)
		__builtin_prefetch(&t->slot[(from->v[i + AHEAD].hash >> 32) & (t->slots - 1)]);
	if (i + AHEAD / 2 >= from->n)
		return;
	__builtin_prefetch(cell_at(&x->j->shard[shard]->table[x->source],
				   from->v[i + AHEAD / 2].cell));
	slot = t->slot[(from->v[i + AHEAD / 2].hash >> 32) & (t->slots - 1)];
	if (slot)
		__builtin_prefetch(t->cell + (size_t)((uint32_t)slot - 1) * x->j->n);
}

static void join_source(struct joined *j, uint32_t partition, uint32_t source)
{
	struct joining x = { j, &j->partition[partition].joint[source], source };
	struct joint *t = x.to;

	t->n_changed = 0;
	if (j->n == 1 && !j->shard[0]->replaceable)
		take_all(&x);
	if (j->n > 1 && !t->marked)
		index_joint(&x);
	for (uint32_t s = 0; s < j->n; s++) {
		struct split *from = split_at(j, s, partition * j->lots, source);

		if (j->n > 1)
			reserve_slots(t, from->n);
		for (uint32_t i = 0; i < from->n; i++) {
			uint32_t at;

			if (j->n > 1)
				fetch(&x, s, from, i);
			at = j->n > 1 ? join_cell(&x, s, &from->v[i])
				      : same_cell(&x, from->v[i].cell);
			if (t->marked[at])
				continue;
			t->marked[at] = 1;
			GROW(t->changed, t->cap_changed, t->n_changed + 1);
			t->changed[t->n_changed++] = at;
		}
		xfree(from->v);
		*from = (struct split){ 0 };
	}
	for (uint32_t i = 0; i < t->n_changed; i++)
		t->marked[t->changed[i]] = 0;
}

void joined_judge(struct joined *j, uint32_t partition)
{
	struct partition *part = &j->partition[partition];
	struct dict *none = dict_new();
	struct judging x;

	for (uint32_t s = 0; s < j->p->n_source; s++) {
		if (j->n > 1 && !part->joint[s].cell)
			lots_join(j, partition, s);
		else if (j->n > 1 && !j->shard[0]->replaceable)
			part->joint[s].all = true;
		else
			join_source(j, partition, s);
	}
	judging_init(&x, j, none);
	for (uint32_t i = 0; i < j->p->n_rule; i++)
		if (judging_rule(&x, j->p->rule[i]))
			outcome_judge(&x, part, &part->outcome[i]);
	judging_fini(&x);
	dict_free(none);
}
