/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_part.c - the values keys have, each once, by its number in the shard's evaluator.
 */
#include "lib/base/hash.h"
#include "lib/stat/cell.h"

uint32_t cells_of(const struct cells *c, uint32_t source)
{
	return c->table[source].n;
}

uint64_t cells_hash(const struct cells *c, uint32_t source, uint32_t cell)
{
	const struct table *t = &c->table[source];
	uint64_t *number = xcalloc(t->n_key + 1u, sizeof *number), hash;

	for (uint32_t i = 0; i < t->n_key; i++)
		number[i] = c->number[cell_at(t, cell)->key[i]];
	hash = eval_key_hash(number, t->n_key);
	xfree(number);
	return hash;
}

uint64_t cells_key_hash(const struct cells *c, uint32_t source, uint32_t cell)
{
	const struct table *t = &c->table[source];
	uint64_t h = t->n_key;

	for (uint32_t i = 0; i < t->n_key; i++) {
		const struct part *p = &c->part[cell_at(t, cell)->key[i]];

		h = hash_join(hash_join(h, hash_str(p->text)), p->value.known);
	}
	return h;
}

uint64_t cell_key_hash(const struct value *key, uint32_t n)
{
	uint64_t h = n;
	struct buf text;

	buf_init(&text, 0);
	for (uint32_t i = 0; i < n; i++) {
		buf_reset(&text);
		value_add(&text, &key[i]);
		h = hash_join(hash_join(h, hash_str(buf_str(&text))), key[i].known);
	}
	buf_fini(&text);
	return h;
}

static uint32_t part_new(struct cells *c, const struct part *p, uint64_t number)
{
	struct part own = *p;
	struct buf text;

	buf_init(&text, 0);
	value_add(&text, &p->value);
	own.text = arena_str(&c->arena, buf_str(&text));
	if (type_is_text(p->value.type) && p->value.known)
		own.value.text = own.text;
	buf_fini(&text);
	GROW(c->part, c->cap_part, c->n_part + 1);
	GROW(c->number, c->cap_number, c->n_part + 1);
	c->part[c->n_part] = own;
	c->number[c->n_part] = number;
	return c->n_part++;
}

static uint32_t part_find(struct cells *c, uint32_t node, uint64_t number)
{
	uint64_t at, h = hash_join(node, number);

	for (; map64_get(&c->part_of, h, &at); h++)
		if (c->number[at] == number && c->part[at].node == node)
			return (uint32_t)at;
	map64_put(&c->part_of, h, c->n_part);
	return NO_INDEX;
}

static __attribute__((noinline)) uint32_t
part_far(struct cells *c, struct eval *e, uint32_t source, uint32_t i, uint32_t row,
	 uint64_t number)
{
	uint32_t node = c->table[source].node[i], part = part_find(c, node, number);

	if (part == NO_INDEX)
		part = part_new(c, &(struct part){ .node = node,
						   .value = eval_key_value(e, source, i, row) },
				number);
	return part;
}

/* There are few parts, and they come again and again. */
uint32_t cell_part(struct cells *c, struct eval *e, uint32_t source, uint32_t i, uint32_t row,
		   uint64_t number)
{
	uint32_t node = c->table[source].node[i];
	uint64_t h = (number + ((uint64_t)node << 32)) * UINT64_C(0x9e3779b97f4a7c15);
	struct part_near *near = &c->near[h >> 40 & (PARTS_NEAR - 1)];

	if (near->number != number || near->node != node || !near->part)
		*near = (struct part_near){ number, node,
					    part_far(c, e, source, i, row, number) + 1 };
	return near->part - 1;
}
