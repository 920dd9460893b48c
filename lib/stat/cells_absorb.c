/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_absorb.c - the cells of one set added to another that stays when the first is gone.
 *
 * The growing set is fed by no evaluator: its parts are known by their texts, and its cells by
 * tuples of its own parts.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/stat/cell.h"

struct absorbing {
	struct cells *into;
	const struct cells *from;
	uint32_t *part;          /* [from->n_part] the same part's number in `into` */
	int sign;                /* -1: taken out again */
};

static bool same_part(const struct part *a, const struct part *b)
{
	return a->node == b->node && value_order(&a->value, &b->value) == 0;
}

static uint32_t part_in(struct cells *c, const struct part *p)
{
	uint64_t at, h = hash_join(hash_str(p->text), p->node);
	struct part own = *p;

	for (; map64_get(&c->part_of, h, &at); h++)
		if (same_part(&c->part[at], p))
			return (uint32_t)at;
	map64_put(&c->part_of, h, c->n_part);
	own.text = arena_str(&c->arena, p->text);
	if (type_is_text(p->value.type) && p->value.known)
		own.value.text = own.text;
	GROW(c->part, c->cap_part, c->n_part + 1);
	GROW(c->number, c->cap_number, c->n_part + 1);
	c->part[c->n_part] = own;
	c->number[c->n_part] = c->n_part;
	return c->n_part++;
}

/* ---- cells ---- */

static uint32_t key_hash(const uint32_t *key, uint32_t n)
{
	uint64_t h = n;

	for (uint32_t i = 0; i < n; i++)
		h = hash_join(h, key[i]);
	return (uint32_t)(h >> 24);
}

static uint32_t cell_new(struct table *t, const uint32_t *key)
{
	uint32_t cell = t->n++;

	if (cell >> CELL_PAGE_BITS == t->n_page) {
		GROW(t->page, t->cap_page, t->n_page + 1);
		t->page[t->n_page++] = xcalloc((size_t)1 << CELL_PAGE_BITS, t->stride);
	}
	memcpy(cell_at(t, cell)->key, key, t->n_key * sizeof *key);
	return cell;
}

static uint32_t cell_in(struct table *t, const uint32_t *key)
{
	uint32_t hash = key_hash(key, t->n_key), cell;
	size_t at;

	if (t->n + 1 > t->slots / 8 * 5)
		table_grow(t);
	for (at = hash & (t->slots - 1); t->slot[at]; at = (at + 1) & (t->slots - 1)) {
		cell = (uint32_t)t->slot[at] - 1;
		if (t->slot[at] >> 32 == hash &&
		    memcmp(cell_at(t, cell)->key, key, t->n_key * sizeof *key) == 0)
			return cell;
	}
	cell = cell_new(t, key);
	t->slot[at] = (uint64_t)hash << 32 | (cell + 1);
	return cell;
}

/* ---- sums ---- */

static struct rest *rest_in(struct cells *c, uint32_t source, uint32_t cell, uint32_t sum)
{
	struct table *t = &c->table[source];
	bool fresh;
	uint64_t *at = map64_at(&t->rest_of, (uint64_t)cell * t->n_sum + sum, &fresh);

	if (!fresh)
		return &c->rest[*at];
	*at = c->n_rest;
	GROW(c->rest, c->cap_rest, c->n_rest + 1);
	c->rest[c->n_rest] = (struct rest){ .more = { 0, 1 } };
	map64_init(&c->rest[c->n_rest].seen);
	return &c->rest[c->n_rest++];
}

/* Whether an aggregate keeps values rather than adding them up. */
static bool keeps_values(enum agg agg)
{
	return agg != AGG_COUNT && agg != AGG_SUM && agg != AGG_MEAN && agg != AGG_RUNNING;
}

static void add_value(struct absorbing *a, struct cell_at to, uint32_t i, uint32_t code,
		      uint64_t times)
{
	if (times)
		cell_keep(a->into, to, i,
			  dict_code(a->into->dict, dict_text(a->from->dict, code)),
			  a->sign * (int64_t)times);
}

static void absorb_values(struct absorbing *a, struct cell_at to, uint32_t i,
			  const struct sum *s, const struct rest *r)
{
	struct sum *into = &cell_sums(&a->into->table[to.source], to.cell)[i];
	uint64_t code, times;
	size_t at = 0;

	into->count += a->sign > 0 ? s->count : -s->count;
	into->unknown += a->sign > 0 ? s->unknown : -s->unknown;
	add_value(a, to, i, KEPT_CODE(s->total), KEPT_TIMES(s->total));
	while (r && map64_next(&r->seen, &at, &code, &times))
		add_value(a, to, i, (uint32_t)code, times);
}

static void add_total(struct absorbing *a, uint32_t source, uint32_t cell, uint32_t i,
		      const struct sum *s)
{
	struct sum *to = &cell_sums(&a->into->table[source], cell)[i];
	bool over;

	to->count += a->sign > 0 ? s->count : -s->count;
	to->unknown += a->sign > 0 ? s->unknown : -s->unknown;
	over = a->sign > 0 ? __builtin_add_overflow(to->total, s->total, &to->total)
			   : __builtin_sub_overflow(to->total, s->total, &to->total);
	if (over)
		rest_in(a->into, source, cell, i)->carry += s->total > 0 ? a->sign : -a->sign;
}

static void see(struct map64 *seen, uint64_t value, uint64_t times, int sign)
{
	uint64_t *have = map64_at(seen, value, NULL);

	*have += sign > 0 ? times : -times;
	if (!*have)
		map64_del(seen, value);
}

static void add_rest(struct absorbing *a, uint32_t source, uint32_t cell, uint32_t i,
		     const struct rest *r)
{
	struct rest *to = rest_in(a->into, source, cell, i);
	bool fits = a->sign > 0 ? num_add(&to->more, to->more, r->more)
				: rat_sub(&to->more, to->more, r->more);

	to->carry += a->sign * r->carry;
	to->overflow |= r->overflow || !fits;
}

/* One value of a peers' field, given so often. The first stands in the sum itself. */
static void add_peer(struct absorbing *a, uint32_t source, uint32_t cell, uint32_t i,
		     uint32_t part, uint64_t times)
{
	struct sum *s = &cell_sums(&a->into->table[source], cell)[i];
	int64_t value = a->part[part];

	if (times == 0)
		return;
	if (s->count == 0)
		s->total = value;
	if (s->total == value) {
		uint64_t here = a->sign > 0 || s->count > times ? times : s->count;

		s->count += (uint32_t)(a->sign > 0 ? here : -here);
		times -= here;
	}
	if (times > 0)
		see(&rest_in(a->into, source, cell, i)->seen, (uint64_t)value, times, a->sign);
}

static void absorb_peer(struct absorbing *a, uint32_t source, uint32_t cell, uint32_t i,
			const struct sum *s, const struct rest *r)
{
	uint64_t part, times;
	size_t at = 0;

	add_peer(a, source, cell, i, (uint32_t)s->total, s->count);
	while (r && map64_next(&r->seen, &at, &part, &times))
		add_peer(a, source, cell, i, (uint32_t)part, times);
}

static void absorb_cell(struct absorbing *a, uint32_t source, uint32_t cell, uint32_t *key)
{
	const struct cell_source *src = &a->from->p->source[source];
	const struct table *t = &a->from->table[source];
	const struct cell *x = cell_at(t, cell);
	const struct sum *sum = cell_sums(t, cell);
	struct cell *own;
	uint32_t to;

	for (uint32_t i = 0; i < t->n_key; i++)
		key[i] = a->part[x->key[i]];
	to = cell_in(&a->into->table[source], key);
	own = cell_at(&a->into->table[source], to);
	own->sure += a->sign > 0 ? x->sure : -x->sure;
	own->given = (own->given + (a->sign > 0 ? x->given : -(uint32_t)x->given)) & INT32_MAX;
	for (uint32_t i = 0; i < t->n_sum; i++) {
		const struct rest *r = cell_rest(a->from, source, cell, i);

		if (i >= src->n_agg) {
			absorb_peer(a, source, to, i, &sum[i], r);
			continue;
		}
		if (keeps_values(cell_agg(src, i))) {
			absorb_values(a, (struct cell_at){ source, to }, i, &sum[i], r);
			continue;
		}
		add_total(a, source, to, i, &sum[i]);
		if (r)
			add_rest(a, source, to, i, r);
	}
}

void cells_absorb(struct cells *into, const struct cells *from, int sign)
{
	struct absorbing a = { into, from, xcalloc(from->n_part, sizeof *a.part), sign };

	for (uint32_t i = 0; i < from->n_part; i++)
		a.part[i] = part_in(into, &from->part[i]);
	for (uint32_t s = 0; s < from->p->n_source; s++) {
		uint32_t *key = xcalloc(from->table[s].n_key, sizeof *key);

		for (uint32_t c = 0; c < from->table[s].n; c++)
			if (cell_at(&from->table[s], c)->given)
				absorb_cell(&a, s, c, key);
		xfree(key);
	}
	xfree(a.part);
}
