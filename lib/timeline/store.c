/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c - pages, blocks and the identity index.
 *
 * The index doubles when seven eighths full; 32 hash bits in the slot are enough to
 * place it anew without touching the rows. A block is bigger for fee lines, of which a
 * person has many, than for the rest.
 */
#include "lib/timeline/store.h"

#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"

enum { FIRST_SLOTS = 256 };

void store_init(struct store *st, enum stream s, const uint8_t *keep)
{
	memset(st, 0, sizeof *st);
	st->stream = s;
	st->block_bits = s == STREAM_FEE || s == STREAM_STOCK ? 2 : 0;
	layout_init(&st->layout, s, (uint32_t)sizeof(struct row), keep);
	arena_init(&st->pages);
	serials_init(&st->serials);
	map64_init(&st->link);
	map64_init(&st->stand);
	map64_init(&st->old);
	map64_init(&st->other);
	map64_init(&st->stamps);
}

void store_fini(struct store *st)
{
	arena_fini(&st->pages);
	xfree(st->page);
	xfree(st->prev);
	xfree(st->slot);
	serials_fini(&st->serials);
	spill_fini(&st->spill);
	map64_fini(&st->link);
	map64_fini(&st->stand);
	map64_fini(&st->old);
	map64_fini(&st->other);
	map64_fini(&st->stamps);
	xfree(st->stamp);
	layout_fini(&st->layout);
}

size_t store_bytes(const struct store *st)
{
	return (size_t)st->n_page * STORE_PAGE_ROWS * st->layout.size +
	       st->cap_block * sizeof *st->prev + st->slots * sizeof *st->slot +
	       serials_bytes(&st->serials) +
	       st->spill.cap * sizeof *st->spill.value + map64_bytes(&st->link) +
	       map64_bytes(&st->stand) + map64_bytes(&st->old) + map64_bytes(&st->other) +
	       map64_bytes(&st->stamps) + st->cap_stamp * sizeof *st->stamp;
}

bool store_room(const struct store *st, uint32_t n, uint64_t bytes, struct err *e)
{
	uint64_t rows = st->n + ((uint64_t)n << st->block_bits);

	if (rows < ROW_LIMIT && st->serials.heap_n + bytes < UINT32_MAX &&
	    st->spill.n + (uint64_t)n * (st->layout.n_kept + 1) < UINT32_MAX - PACK_TIME_SPILL)
		return true;
	return err_set(e, ERR_LIMIT,
		"stream %s: a shard holds at most %u rows and 4 GiB of serials; use more shards",
		stream_name(st->stream), ROW_LIMIT);
}

/* ---- rows and lists ---- */

static uint32_t new_block(struct store *st)
{
	st->n += 1u << st->block_bits;
	if (st->n > st->n_page << STORE_PAGE_BITS) {
		GROW(st->page, st->cap_page, st->n_page + 1);
		st->page[st->n_page++] = arena_room(&st->pages, STORE_PAGE_ROWS,
						     st->layout.size);
	}
	GROW(st->prev, st->cap_block, st->n_block + 1);
	return st->n_block++;
}

uint32_t store_append(struct store *st, struct list *list)
{
	uint32_t mask = (1u << st->block_bits) - 1;
	uint32_t at = list->n++ & mask;

	if (at == 0) {
		uint32_t block = new_block(st);

		st->prev[block] = list->tail;
		list->tail = block + 1;
	}
	return ((list->tail - 1) << st->block_bits) + at;
}

uint32_t store_list(const struct store *st, const struct list *list, uint32_t *out)
{
	uint32_t n = 0, left = list->n;
	uint32_t mask = (1u << st->block_bits) - 1;

	for (uint32_t b = list->tail; b; b = st->prev[b - 1]) {
		uint32_t in_block = ((left - 1) & mask) + 1;
		uint32_t first = (b - 1) << st->block_bits;

		if (st->prev[b - 1])
			store_fetch(st, st->prev[b - 1] - 1);
		for (uint32_t i = 0; i < in_block; i++) {
			if (!(store_row(st, first + i)->flags & ROW_DEAD))
				out[n++] = first + i;
		}
		left -= in_block;
	}
	return n;
}

/* ---- stamps ---- */

struct stamp *store_stamps(const struct store *st, uint32_t row)
{
	uint64_t first;

	return map64_get(&st->stamps, row, &first) ? st->stamp + first : NULL;
}

struct stamp *store_stamp(struct store *st, uint32_t row, struct stamp from)
{
	uint32_t first = st->n_stamp, n = st->layout.n_kept + 1;

	GROW(st->stamp, st->cap_stamp, first + n);
	st->n_stamp += n;
	for (uint32_t i = first; i < first + n; i++)
		st->stamp[i] = from;
	map64_put(&st->stamps, row, first);
	return st->stamp + first;
}

struct str store_serial(const struct store *st, const struct row *r, char *room)
{
	return serials_text(&st->serials, row_serial_kept(r), room);
}

/* ---- index ---- */

void store_prefetch(const struct store *st, uint64_t hash)
{
	if (st->slots)
		__builtin_prefetch(&st->slot[(uint32_t)(hash >> 32) & (st->slots - 1)]);
}

uint32_t store_find(const struct store *st, uint64_t hash, uint32_t place, struct str serial,
		    size_t *slot)
{
	size_t mask = st->slots - 1;
	size_t at = (uint32_t)(hash >> 32) & mask;
	char room[SERIAL_ROOM];

	*slot = SIZE_MAX;
	if (!st->slots)
		return ROW_NONE;
	for (; st->slot[at]; at = (at + 1) & mask) {
		uint32_t row = (uint32_t)st->slot[at] - 1;
		const struct row *r;

		if (st->slot[at] >> 32 != hash >> 32)
			continue;
		r = store_row(st, row);
		if (r->place == place && str_eq(store_serial(st, r, room), serial)) {
			*slot = at;
			return row;
		}
	}
	*slot = at;
	return ROW_NONE;
}

void store_index_set(struct store *st, size_t slot, uint64_t hash, uint32_t row)
{
	assert(slot < st->slots);
	if (!st->slot[slot])
		st->used++;
	st->slot[slot] = hash >> 32 << 32 | (row + 1);
}

void store_index_reserve(struct store *st, uint32_t n)
{
	size_t slots = st->slots ? st->slots : FIRST_SLOTS;
	uint64_t *old = st->slot;

	while ((st->used + n) > slots / 8 * 7)
		slots *= 2;
	if (slots == st->slots)
		return;
	st->slot = xcalloc(slots, sizeof *st->slot);
	for (size_t i = 0; i < st->slots; i++) {
		size_t at = (size_t)(old[i] >> 32) & (slots - 1);

		if (!old[i])
			continue;
		while (st->slot[at])
			at = (at + 1) & (slots - 1);
		st->slot[at] = old[i];
	}
	st->slots = slots;
	xfree(old);
}

/* ---- values ---- */

int64_t store_value(const struct store *st, const struct row *r, struct cell c)
{
	uint32_t p = c.pack <= PACK_STORED && c.pack ? row_u32(r, c.off) : 0;

	switch ((enum pack)c.pack) {
	case PACK_CODE:
		return p ? (int64_t)p : MISSING_I64;
	case PACK_DATE:
		return (int32_t)p == MISSING_I32 ? MISSING_I64 : (int32_t)p;
	case PACK_DEC:
		return unpack_dec(&st->spill, p);
	case PACK_TIME:
		return unpack_time(&st->spill, p);
	default:
		return MISSING_I64;
	}
}
