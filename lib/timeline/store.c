/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c - pages, lists and the identity index.
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

/* Amounts that are mostly another one's. */
static const enum field twins[][2] = {
	{ FIELD_fee_inscp_amt, FIELD_fee_det_item_fee_sumamt },
};

static uint32_t word_of(const struct layout *l, enum field f)
{
	struct cell c = layout_cell(l, f);

	return c.pack && c.pack <= PACK_STORED ? c.off / 4u : BLOCK_NO_TWIN;
}

static uint32_t missing_of(struct cell c)
{
	return c.pack == PACK_DEC ? PACK_DEC_MISSING :
	       c.pack == PACK_DATE ? (uint32_t)MISSING_I32 : 0;
}

static void pack_rows(struct store *st)
{
	const struct layout *l = &st->layout;
	struct block_plan *plan = &st->blocks.plan;

	st->packed = true;
	st->block_bits = BLOCK_BITS;
	st->editing = ROW_NONE;
	plan->words = l->size / 4;
	plan->unread[WORD_LINE] = true;
	assert(plan->words <= BLOCK_WORDS);
	for (uint32_t i = 0; i < l->n_kept; i++) {
		struct cell c = layout_cell(l, l->kept[i]);

		plan->blank[c.off / 4] = missing_of(c);
	}
	for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++) {
		uint32_t w = word_of(l, twins[i][0]), other = word_of(l, twins[i][1]);

		if (w && other && other < w)
			plan->twin[w] = (uint8_t)other;
	}
	blocks_init(&st->blocks);
}

void store_init(struct store *st, enum stream s, const uint8_t *keep)
{
	memset(st, 0, sizeof *st);
	st->stream = s;
	st->block_bits = s == STREAM_STOCK ? 2 : 0;
	layout_init(&st->layout, s, (uint32_t)sizeof(struct row), keep);
	arena_init(&st->pages);
	if (s == STREAM_FEE)
		pack_rows(st);
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
	blocks_fini(&st->blocks);
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
	return blocks_bytes(&st->blocks) + (size_t)st->n_page * STORE_PAGE_ROWS * st->layout.size +
	       st->cap_block * sizeof *st->prev + st->slots * sizeof *st->slot +
	       serials_bytes(&st->serials) +
	       st->spill.cap * sizeof *st->spill.value + map64_bytes(&st->link) +
	       map64_bytes(&st->stand) + map64_bytes(&st->old) + map64_bytes(&st->other) +
	       map64_bytes(&st->stamps) + st->cap_stamp * sizeof *st->stamp;
}

bool store_room(const struct store *st, uint32_t n, uint64_t bytes, struct err *e)
{
	uint64_t blocks = st->packed ? st->blocks.n : st->n >> st->block_bits;
	uint64_t rows = (blocks + n) << st->block_bits;

	if (rows < ROW_LIMIT && st->serials.heap_n + bytes < UINT32_MAX &&
	    st->spill.n + (uint64_t)n * (st->layout.n_kept + 1) < UINT32_MAX - PACK_TIME_SPILL)
		return true;
	return err_set(e, ERR_LIMIT,
		"stream %s: a shard is full (%u places for rows, 4 GiB of serials); use more "
		"shards",
		stream_name(st->stream), ROW_LIMIT);
}

/* ---- cells that come ---- */

/* The cells behind `before` of a new row. */
static void blank_cells(const struct layout *l, uint32_t before, uint8_t *row)
{
	for (uint32_t i = 0; i < l->n_kept; i++) {
		struct cell cell = layout_cell(l, l->kept[i]);

		if (cell.off >= before)
			row_set_u32((struct row *)(void *)row, cell.off, missing_of(cell));
	}
}

/* All rows again, wider than before: what is new in them is missing. */
static void widen(struct store *st, uint32_t before)
{
	struct arena pages = st->pages;

	arena_init(&st->pages);
	for (uint32_t i = 0; i < st->n_page; i++) {
		const uint8_t *from = st->page[i];
		uint8_t *to = arena_room(&st->pages, STORE_PAGE_ROWS, st->layout.size);
		uint32_t row = i << STORE_PAGE_BITS, end = row + STORE_PAGE_ROWS;

		st->page[i] = to;
		for (; row < end && row < st->n; row++) {
			memcpy(to, from, before);
			blank_cells(&st->layout, before, to);
			from += before;
			to += st->layout.size;
		}
	}
	arena_fini(&pages);
}

bool store_fit(struct store *st, layout_has_fn *has, const void *ctx)
{
	uint32_t before = st->layout.size, width = stream_stored_width(st->stream);

	if (st->packed || st->stream == STREAM_ENCOUNTER) /* stamps go by cells */
		return false;
	if (!st->fitted) {
		st->fitted = true;
		layout_share(&st->layout, has, ctx);
		return true;
	}
	for (uint32_t i = 0; i < width; i++) {
		enum field f = (enum field)((unsigned)stream_first(st->stream) + i);

		if (st->layout.cell[i].shared && has(ctx, f))
			layout_give(&st->layout, f);
	}
	if (st->layout.size == before)
		return false;
	widen(st, before);
	return true;
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

static uint32_t append_page(struct store *st, struct list *list)
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

/* Rows in the last block of a list; none when there is no such block. */
static uint32_t rows_in_tail(const struct store *st, const struct list *list)
{
	if (!list->tail)
		return BLOCK_ROWS;
	if (st->blocks.which == list->tail - 1)
		return st->blocks.open->n;
	return blocks_head(&st->blocks, list->tail - 1)->n;
}

uint32_t store_extend(struct store *st, struct list *list, uint32_t n)
{
	bool few = n < STORE_FEW || st->blocks.which == list->tail - 1;
	struct sheet *s = st->blocks.open;
	uint32_t at;

	if (few && rows_in_tail(st, list) + n <= BLOCK_ROWS)
		blocks_open(&st->blocks, list->tail - 1);
	else
		list->tail = blocks_new(&st->blocks, list->tail) + 1;
	at = s->n;
	s->n += n;
	list->n += n;
	return ((list->tail - 1) << BLOCK_BITS) + at;
}

uint32_t store_append(struct store *st, struct list *list)
{
	uint32_t at;

	if (!st->packed)
		return append_page(st, list);
	at = store_extend(st, list, 1);
	for (uint32_t w = BLOCK_FIRST; w < st->blocks.plan.words; w++)
		st->blocks.open->word[w][at & (BLOCK_ROWS - 1)] = st->blocks.plan.blank[w];
	st->blocks.open->digest[at & (BLOCK_ROWS - 1)] = 0;
	return at;
}

void store_rest(struct store *st)
{
	assert(st->editing == ROW_NONE || !st->packed);
	if (st->packed)
		blocks_close(&st->blocks);
}

/* ---- rows in blocks, one by one ---- */

static void from_sheet(const struct store *st, uint32_t i, struct row_room *room)
{
	const struct sheet *s = st->blocks.open;

	memcpy(room, &s->digest[i], sizeof s->digest[i]);
	for (uint32_t w = BLOCK_FIRST; w < st->blocks.plan.words; w++)
		room->word[w] = s->word[w][i];
}

const struct row *store_see(const struct store *st, uint32_t row, struct row_room *room)
{
	const struct blocks *b = &st->blocks;
	uint32_t block = row >> BLOCK_BITS, i = row & (BLOCK_ROWS - 1);

	if (!st->packed)
		return store_row(st, row);
	if (b->which == block)
		from_sheet(st, i, room);
	else
		block_row(&b->plan, blocks_body(b, block), blocks_head(b, block)->n, i,
			  (uint8_t *)room);
	return (const struct row *)(const void *)room;
}

struct row *store_edit(struct store *st, uint32_t row)
{
	if (!st->packed)
		return store_row(st, row);
	assert(st->editing == ROW_NONE);
	blocks_open(&st->blocks, row >> BLOCK_BITS);
	from_sheet(st, row & (BLOCK_ROWS - 1), &st->edited);
	st->editing = row;
	return (struct row *)(void *)&st->edited;
}

void store_done(struct store *st)
{
	uint32_t i = st->editing & (BLOCK_ROWS - 1);
	struct sheet *s = st->blocks.open;

	if (!st->packed)
		return;
	assert(st->editing != ROW_NONE && st->blocks.which == st->editing >> BLOCK_BITS);
	memcpy(&s->digest[i], &st->edited, sizeof s->digest[i]);
	for (uint32_t w = BLOCK_FIRST; w < st->blocks.plan.words; w++)
		s->word[w][i] = st->edited.word[w];
	st->editing = ROW_NONE;
}

/* ---- lists ---- */

struct stretch store_stretch(const struct store *st, uint32_t block, uint32_t left, bool digests,
			     uint8_t *room)
{
	uint32_t mask = (1u << st->block_bits) - 1;
	struct stretch s = { .first = block << st->block_bits, .n = ((left - 1) & mask) + 1 };

	if (!st->packed) {
		s.rows = (const uint8_t *)store_row(st, s.first);
	} else {
		assert(st->blocks.which == BLOCK_NONE);
		s.n = blocks_head(&st->blocks, block)->n;
		s.rows = room += (size_t)(left - s.n) * st->layout.size;
		block_rows(&st->blocks.plan, blocks_body(&st->blocks, block), s.n, digests, room);
	}
	s.before = store_before(st, block);
	return s;
}

/* What store_list wants to know of a row. */
static bool is_dead(const struct store *st, uint32_t row)
{
	struct row_room room;

	return store_see(st, row, &room)->flags & ROW_DEAD;
}

uint32_t store_list(const struct store *st, const struct list *list, uint32_t *out)
{
	uint32_t left = list->n, found = 0, mask = (1u << st->block_bits) - 1;

	assert(!st->packed || st->blocks.which == BLOCK_NONE);
	for (uint32_t b = list->tail; b; b = store_before(st, b - 1)) {
		uint32_t n = ((left - 1) & mask) + 1, first = (b - 1) << st->block_bits;

		if (st->packed)
			n = blocks_head(&st->blocks, b - 1)->n;
		left -= n;
		for (uint32_t i = 0; i < n; i++)
			if (!is_dead(st, first + i))
				out[found++] = first + i;
	}
	return found;
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

	assert(st->layout.n_blank == 0); /* stamps go by cells: their rows are not laid out anew */
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
		struct row_room see;
		const struct row *r;

		if (st->slot[at] >> 32 != hash >> 32)
			continue;
		r = store_see(st, row, &see);
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
