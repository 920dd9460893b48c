/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blocks.c - places for blocks: cut from pages one after another, or left by others.
 */
#include "lib/timeline/blocks.h"

#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"

#define PAGE_UNITS (1u << BLOCKS_PAGE_BITS)
#define PAGE_USED (PAGE_UNITS - BLOCK_BEHIND / BLOCKS_UNIT) /* of these, by blocks */
/* Of the largest block, rounded up. */
#define UNITS_MAX ((sizeof(struct block_head) + BLOCK_WORDS + \
		    BLOCK_ROWS * (BLOCK_WORDS * 4 + 8) + BLOCKS_UNIT) / BLOCKS_UNIT + 1)

static_assert(UNITS_MAX < PAGE_USED && UNITS_MAX <= UINT16_MAX, "a block fits a page");

void blocks_init(struct blocks *b)
{
	arena_init(&b->pages);
	b->open = xcalloc(1, sizeof *b->open);
	b->room = xmalloc(BLOCK_ROOM);
	b->left = xcalloc(UNITS_MAX, sizeof *b->left);
	b->which = BLOCK_NONE;
	b->used = PAGE_USED;
}

void blocks_fini(struct blocks *b)
{
	if (b->open)
		arena_fini(&b->pages);
	xfree(b->page);
	xfree(b->at);
	xfree(b->left);
	xfree(b->open);
	xfree(b->room);
	memset(b, 0, sizeof *b);
}

size_t blocks_bytes(const struct blocks *b)
{
	if (!b->open)
		return 0;
	return (size_t)b->n_page * PAGE_UNITS * BLOCKS_UNIT + b->cap * sizeof *b->at +
	       UNITS_MAX * sizeof *b->left + sizeof *b->open + BLOCK_ROOM;
}

/* ---- places ---- */

static uint32_t take_place(struct blocks *b, uint32_t units)
{
	uint32_t at = b->left[units];

	if (at) {
		memcpy(&b->left[units], blocks_place(b, at - 1), sizeof at);
		return at - 1;
	}
	if (b->used + units > PAGE_USED) {
		if (b->n_page == UINT32_MAX >> BLOCKS_PAGE_BITS)
			mem_give_up("more rows in one shard than have a place");
		GROW(b->page, b->cap_page, b->n_page + 1);
		b->page[b->n_page++] = arena_room(&b->pages, PAGE_UNITS, BLOCKS_UNIT);
		b->used = 0;
	}
	at = ((b->n_page - 1) << BLOCKS_PAGE_BITS) + b->used;
	b->used += units;
	return at;
}

static void leave_place(struct blocks *b, uint32_t at, uint32_t units)
{
	memcpy(blocks_place(b, at), &b->left[units], sizeof at);
	b->left[units] = at + 1;
}

/* ---- the open block ---- */

uint32_t blocks_new(struct blocks *b, uint32_t before)
{
	blocks_close(b);
	assert(b->n < BLOCKS_LIMIT);
	GROW(b->at, b->cap, b->n + 1);
	b->at[b->n].before = before;
	b->head = (struct block_head){ 0 };
	b->open->n = 0;
	return b->which = b->n++;
}

struct sheet *blocks_open(struct blocks *b, uint32_t block)
{
	if (b->which == block)
		return b->open;
	blocks_close(b);
	b->head = *blocks_head(b, block);
	block_read(&b->plan, blocks_body(b, block), b->head.n, b->open);
	b->which = block;
	return b->open;
}

void blocks_close(struct blocks *b)
{
	uint32_t units, bytes;
	uint8_t *p;

	if (b->which == BLOCK_NONE)
		return;
	bytes = block_write(&b->plan, b->open, b->room);
	units = ((uint32_t)sizeof b->head + bytes + BLOCKS_UNIT - 1) / BLOCKS_UNIT;
	if (units > b->head.units) {
		if (b->head.units)
			leave_place(b, b->at[b->which].place, b->head.units);
		b->at[b->which].place = take_place(b, units);
		b->head.units = (uint16_t)units;
	}
	b->head.n = (uint8_t)b->open->n;
	p = blocks_place(b, b->at[b->which].place);
	memcpy(p, &b->head, sizeof b->head);
	memcpy(p + sizeof b->head, b->room, bytes);
	b->which = BLOCK_NONE;
}
