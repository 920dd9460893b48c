/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - the rows of one stream in one shard.
 *
 * A row's number is its handle and stays. A list (the rows of one subject) is a chain of
 * blocks of a few rows, so that walking it costs few cache misses. Rows of most streams lie in
 * pages as they are; fee lines, which are many, in blocks that keep once what their rows have
 * in common (blocks.h), and are read out of them whole. An index finds a row by identity: slots
 * of 32 hash bits and a row number, verified on the row; of lines it has only those that find.c
 * asks for.
 *
 *   list.tail ─▶ block ─▶ the block before ─▶ ...   row r is in block r >> block_bits
 *
 * Knows rows as bytes with a header; what the cells mean is in layout.h.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/map.h"
#include "lib/base/str.h"
#include "lib/timeline/blocks.h"
#include "lib/timeline/layout.h"
#include "lib/timeline/pack.h"
#include "lib/timeline/serial.h"

#define STORE_PAGE_BITS 10
#define STORE_PAGE_ROWS (1u << STORE_PAGE_BITS)
#define STORE_FEW 4 /* fewer lines join the last block of their list; more begin one */
#define ROW_NONE UINT32_MAX
#define ROW_LIMIT (UINT32_C(1) << 31) /* the top bit of a handle is free for derived rows */

enum row_flag {
	ROW_DEAD = 1,       /* moved away; a hole */
	ROW_HIDDEN = 2,     /* another shard has a greater revision */
	ROW_RETRACTED = 4,  /* vali_flag says invalid */
	ROW_REFUNDED = 8,   /* refd_setl_flag = 1 */
	ROW_REFUSED = 16,   /* hosp_appr_flag = 2 */
	ROW_NEGATIVE = 32,  /* negative quantity or amount */
	ROW_LINKED = 64,    /* has an entry in the link table */
	ROW_STANDIN = 128,  /* the serial stands in for a missing one of its own */
	ROW_JOINS = 256,    /* a message's: a line without settlement, whose cell for it holds
			       the batch; a settlement, which has its dates from the visit */
	ROW_SWEEP = 512,    /* takes back other rows: all lines of a visit, a stock batch */
};

struct row {
	uint64_t digest;
	uint32_t subject;   /* number; UINT32_MAX for registers without */
	uint32_t place;     /* number in the stream's places */
	uint32_t serial;    /* number of it: struct serial */
	uint32_t revision;  /* packed time */
	uint32_t ref;
	uint32_t line;      /* UINT32_MAX when greater */
	uint16_t flags;     /* enum row_flag */
	uint16_t head;      /* of the serial */
} __attribute__((packed, aligned(4)));

/* A row as words of four bytes. */
enum row_word { WORD_DIGEST, WORD_SUBJECT = BLOCK_FIRST, WORD_PLACE, WORD_SERIAL, WORD_REVISION,
		WORD_REF, WORD_LINE, WORD_FLAGS, WORD_CELLS };
/* Room for one row of any stream. */
struct row_room {
	uint32_t word[BLOCK_WORDS];
};

struct list {
	uint32_t tail;  /* last block + 1, 0 = empty */
	uint32_t n;     /* rows, holes included */
};

/* Which version a cell of an overlaid row comes from. */
struct stamp {
	int64_t revision;
	uint64_t digest;
};

struct store {
	enum stream stream;
	struct layout layout;
	unsigned block_bits;
	bool packed;         /* rows are in blocks, not in pages */
	bool fitted;         /* fields may share words: rows have come */
	struct blocks blocks;
	struct row_room edited; /* of blocks: the row in hand, and its number */
	uint32_t editing;
	struct arena pages;
	uint8_t **page;      /* of them */
	uint32_t n_page, cap_page;
	uint32_t n;          /* rows handed out, holes and unused block ends included */
	uint32_t *prev;      /* by block: previous block of the same list + 1 */
	uint32_t n_block, cap_block;
	uint64_t *slot;      /* hash << 32 | row + 1 */
	size_t slots, used;
	struct serials serials;
	struct spill spill;
	struct map64 link;   /* row -> code of the serial it points to */
	struct map64 stand;  /* row -> code of the item where med_list_codg is missing */
	struct map64 old;    /* hash of (identity, digest) of versions that lost */
	struct map64 other;  /* row -> row of the same identity, of another subject, hidden */
	struct map64 stamps; /* row -> its first stamp, of rows that messages wrote parts of */
	struct stamp *stamp; /* n_kept + 1 a row: of each cell, then of its validity */
	uint32_t n_stamp, cap_stamp;
	uint64_t records, resent, superseded, hidden;
};

void store_init(struct store *st, enum stream s, const uint8_t *keep);
void store_fini(struct store *st);
size_t store_bytes(const struct store *st);

/* Rows come that have these fields, in a stream whose rows lie in pages: fields that nobody has had
 * share a word until then. True when cells of the stream have got other places. */
bool store_fit(struct store *st, layout_has_fn *has, const void *ctx);

/* False with a sentence when `n` more rows with `bytes` of serials might not fit. */
bool store_room(const struct store *st, uint32_t n, uint64_t bytes, struct err *e);

/* Of a stream whose rows lie in pages. */
static inline struct row *store_row(const struct store *st, uint32_t row)
{
	return (struct row *)(void *)(st->page[row >> STORE_PAGE_BITS] +
		(size_t)(row & (STORE_PAGE_ROWS - 1)) * st->layout.size);
}

/* Fetch a block of rows. Always in line: gcc takes a function that only fetches for one
 * without effect, and leaves its calls out. */
static inline __attribute__((always_inline)) void
store_fetch(const struct store *st, uint32_t block)
{
	const uint8_t *p;

	if (st->packed) {
		blocks_fetch(&st->blocks, block);
		return;
	}
	p = (const uint8_t *)store_row(st, block << st->block_bits);
	for (uint32_t at = 0; at < st->layout.size << st->block_bits; at += 64)
		__builtin_prefetch(p + at);
}

/* The block before it in its list + 1, 0 = none. */
static inline uint32_t store_before(const struct store *st, uint32_t block)
{
	return st->packed ? st->blocks.at[block].before : st->prev[block];
}

/* A row to look at: where it lies, or a copy in `room`. Valid until something is changed. */
const struct row *store_see(const struct store *st, uint32_t row, struct row_room *room);

/* A row to change; store_done puts it back. One at a time. */
struct row *store_edit(struct store *st, uint32_t row);
void store_done(struct store *st);

/* A new row at the end of a list, cells not set, or, in blocks, missing. */
uint32_t store_append(struct store *st, struct list *list);

/* n <= BLOCK_ROWS new rows, neighbours in the open sheet of the blocks, words not set; returns
 * the first. */
uint32_t store_extend(struct store *st, struct list *list, uint32_t n);

/* To come before rows are read out again: what is open is put where it belongs. */
void store_rest(struct store *st);

/* The rows of a list into out[list->n], newest block first, without holes; returns how many. */
uint32_t store_list(const struct store *st, const struct list *list, uint32_t *out);

/* Neighbours of a list, one block. */
struct stretch {
	const uint8_t *rows; /* one after another, in order */
	uint32_t first, n;   /* numbers */
	uint32_t before;     /* block before it + 1, 0 = none */
};

/* Holes too. `left`: so many rows of the list are in this block and those before it. A stream in
 * blocks reads them into `room`, which has place for the whole list; without their lines, and
 * digests only if they are asked for. */
struct stretch store_stretch(const struct store *st, uint32_t block, uint32_t left, bool digests,
			     uint8_t *room);

/* The stamps of a row, NULL when it is of one version. Valid until stamps are made. */
struct stamp *store_stamps(const struct store *st, uint32_t row);
/* Stamps for a row that has none, all set to `from`. */
struct stamp *store_stamp(struct store *st, uint32_t row, struct stamp from);

static inline struct serial row_serial_kept(const struct row *r)
{
	return (struct serial){ r->serial, r->head };
}

static inline void row_set_serial(struct row *r, struct serial s)
{
	r->serial = s.number;
	r->head = s.head;
}

/* The serial of a row; see serials_text. */
struct str store_serial(const struct store *st, const struct row *r, char *room);

/* Row of an identity, ROW_NONE when new; *slot is where store_index_set puts it. */
uint32_t store_find(const struct store *st, uint64_t hash, uint32_t place, struct str serial,
		    size_t *slot);
void store_index_set(struct store *st, size_t slot, uint64_t hash, uint32_t row);
/* Make room for n more, so that slots stay where store_find saw them. */
void store_index_reserve(struct store *st, uint32_t n);
void store_prefetch(const struct store *st, uint64_t hash);

static inline uint32_t row_u32(const struct row *r, unsigned off)
{
	uint32_t v;

	__builtin_memcpy(&v, (const uint8_t *)r + off, sizeof v);
	return v;
}

/* One value, MISSING_I64 when missing, codes too. */
static inline int64_t store_value(const struct store *st, const struct row *r, struct cell c)
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

static inline void row_set_u32(struct row *r, unsigned off, uint32_t v)
{
	__builtin_memcpy((uint8_t *)r + off, &v, sizeof v);
}
