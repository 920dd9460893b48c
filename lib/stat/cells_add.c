/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_add.c - sums from elsewhere added to a set of cells that no evaluator feeds.
 *
 * Such a set knows its parts by their texts, and its cells by tuples of its own parts. Whatever
 * is added can be taken out again, in any order.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/stat/cell.h"

static bool same_part(const struct part *a, const struct part *b)
{
	return a->node == b->node && value_order(&a->value, &b->value) == 0;
}

uint32_t cells_part(struct cells *c, const struct part *p)
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
	return (uint32_t)(h >> 24) ? (uint32_t)(h >> 24) : 1;
}

static uint32_t cell_new(struct table *t, const uint32_t *key)
{
	uint32_t cell = table_add(t);

	memcpy(cell_at(t, cell)->key, key, t->n_key * sizeof *key);
	return cell;
}

uint32_t table_cell(struct table *t, const uint32_t *key)
{
	uint32_t hash = key_hash(key, t->n_key), cell;
	struct slots_line *l, *last;

	slots_reserve(&t->slots, 1);
	l = slots_first(&t->slots, hash);
	do {
		last = l;
		for (unsigned same = slots_alike(l, hash); same; same &= same - 1) {
			cell = l->number[__builtin_ctz(same)] - 1;
			if (memcmp(cell_at(t, cell)->key, key, t->n_key * sizeof *key) == 0)
				return cell;
		}
	} while ((l = slots_next(&t->slots, l)));
	cell = cell_new(t, key);
	slots_put(&t->slots, last, hash, cell + 1);
	return cell;
}

/* ---- sums ---- */

bool agg_keeps_values(enum agg agg)
{
	return agg != AGG_COUNT && agg != AGG_SUM && agg != AGG_MEAN && agg != AGG_RUNNING;
}

static struct sum *sum_of(const struct adding *a)
{
	return &cell_sums(&a->into->table[a->to.source], a->to.cell)[a->sum];
}

static struct rest *rest_of(const struct adding *a)
{
	return cell_rest_make(a->into, a->to.source, a->to.cell, a->sum);
}

void cell_add(const struct adding *a, uint32_t sure, uint32_t given)
{
	struct cell *x = cell_at(&a->into->table[a->to.source], a->to.cell);

	x->sure += a->sign > 0 ? sure : -sure;
	x->given = (x->given & CELL_CHANGED) |
		   ((x->given + (a->sign > 0 ? given : -given)) & ~CELL_CHANGED);
}

void cell_add_counts(const struct adding *a, uint32_t count, uint32_t unknown)
{
	struct sum *to = sum_of(a);

	to->count += a->sign > 0 ? count : -count;
	to->unknown += a->sign > 0 ? unknown : -unknown;
}

void cell_add_value(const struct adding *a, struct str text, uint64_t times)
{
	if (times)
		cell_keep(a->into, a->to, a->sum, dict_code(a->into->dict, text),
			  a->sign * (int64_t)times);
}

void cell_add_total(const struct adding *a, int64_t total)
{
	struct sum *to = sum_of(a);
	bool over = a->sign > 0 ? __builtin_add_overflow(to->total, total, &to->total)
				: __builtin_sub_overflow(to->total, total, &to->total);

	if (over)
		rest_of(a)->carry += total > 0 ? a->sign : -a->sign;
}

void cell_add_rest(const struct adding *a, const struct rest *r)
{
	struct rest *to = rest_of(a);
	bool fits = a->sign > 0 ? num_add(&to->more, to->more, r->more)
				: rat_sub(&to->more, to->more, r->more);

	to->carry += a->sign * r->carry;
	to->overflow |= r->overflow || !fits;
}

static void see(struct map64 *seen, uint64_t value, uint64_t times, int sign)
{
	uint64_t *have = map64_at(seen, value, NULL);

	*have += sign > 0 ? times : -times;
	if (!*have)
		map64_del(seen, value);
}

/* The first value stands in the sum itself. */
void cell_add_peer(const struct adding *a, uint32_t part, uint64_t times)
{
	struct sum *s = sum_of(a);

	if (times == 0)
		return;
	if (s->count == 0)
		s->total = part;
	if (s->total == part) {
		uint64_t here = a->sign > 0 || s->count > times ? times : s->count;

		s->count += (uint32_t)(a->sign > 0 ? here : -here);
		times -= here;
	}
	if (times > 0)
		see(&rest_of(a)->seen, part, times, a->sign);
}
