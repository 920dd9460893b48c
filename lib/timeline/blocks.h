/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blocks.h - the blocks of a store: where their bytes lie, and the one that is being written.
 *
 * A block has a number that stays; its bytes move when they grow, and what they leave is given
 * to the next block that needs as much. One block at a time is open, as a sheet; opening another
 * one, or blocks_close, writes it back. Blocks of one subject form a chain, newest first.
 * Knows bytes and sheets, not rows.
 */
#pragma once

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/timeline/block.h"

#define BLOCKS_LIMIT (UINT32_C(1) << (31 - BLOCK_BITS))
#define BLOCK_NONE UINT32_MAX

/* Before the bytes of a block. */
struct block_head {
	uint16_t units;   /* it has been given */
	uint8_t n;        /* rows */
};

/* Chains are walked without a look at the blocks themselves, which lie far apart. */
struct block_at {
	uint32_t place;   /* page and unit */
	uint32_t before;  /* block + 1, 0 = none */
};

struct blocks {
	struct block_plan plan;
	struct arena pages;
	uint8_t **page;                   /* of them */
	uint32_t n_page, cap_page, used;  /* used: units of the last page */
	struct block_at *at;              /* by block */
	uint32_t n, cap;
	uint32_t *left;                   /* by units: a place left + 1, chained; 0 = none */
	struct sheet *open;
	uint8_t *room;                    /* where it is written, to be copied to its place */
	struct block_head head;           /* of the open one */
	uint32_t which;                   /* is open, BLOCK_NONE */
};

/* The plan is filled in by the caller. */
void blocks_init(struct blocks *b);
void blocks_fini(struct blocks *b);
size_t blocks_bytes(const struct blocks *b);

/* A new block behind `before`, open and empty. */
uint32_t blocks_new(struct blocks *b, uint32_t before);
struct sheet *blocks_open(struct blocks *b, uint32_t block);
void blocks_close(struct blocks *b);

#define BLOCKS_UNIT 8u
#define BLOCKS_PAGE_BITS 15 /* units: 256 KiB */

static inline uint8_t *blocks_place(const struct blocks *b, uint32_t at)
{
	return b->page[at >> BLOCKS_PAGE_BITS] +
	       (size_t)(at & ((1u << BLOCKS_PAGE_BITS) - 1)) * BLOCKS_UNIT;
}

/* Of a block that is not open. */
static inline const struct block_head *blocks_head(const struct blocks *b, uint32_t block)
{
	return (const struct block_head *)(const void *)blocks_place(b, b->at[block].place);
}

static inline const uint8_t *blocks_body(const struct blocks *b, uint32_t block)
{
	return (const uint8_t *)(blocks_head(b, block) + 1);
}

/* Fetch a block's beginning. Always in line, as store_fetch. */
static inline __attribute__((always_inline)) void
blocks_fetch(const struct blocks *b, uint32_t block)
{
	const uint8_t *p = blocks_place(b, b->at[block].place);

	for (uint32_t i = 0; i < 5 * 64; i += 64)
		__builtin_prefetch(p + i);
}
