/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * block.h - a few rows of one subject in few bytes.
 *
 * The rows of a block have most in common: who, which visit, which input, the head of their
 * serials. A row is words of four bytes; of each word a block keeps once what all its rows
 * share, and of every row only the low bytes in which they differ:
 *
 *   kind of each word, four bits │ word by word: what is shared, then the rows' │ digests
 *
 *   BLANK missing in all     CONST one value for all     SEQ one more each row
 *   TWIN  as another word    LOW1 .. LOW4  shared value, low bytes by row
 *
 * Knows words and digests; not what they mean, nor who owns the bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_BITS 5
#define BLOCK_ROWS (1u << BLOCK_BITS)
#define BLOCK_WORDS 128u /* of a row, at most */
#define BLOCK_FIRST 2u   /* words before this one are the digest */
#define BLOCK_NO_TWIN 0u

/* What is known of words beforehand. */
struct block_plan {
	uint32_t words;              /* of a row */
	uint32_t blank[BLOCK_WORDS]; /* what stands for missing */
	uint8_t twin[BLOCK_WORDS];   /* an earlier word that often has the same, BLOCK_NO_TWIN */
	bool unread[BLOCK_WORDS];    /* block_rows may leave the first row's in all */
};

/* Rows of a block in the open, word by word. */
struct sheet {
	uint32_t n;
	uint64_t digest[BLOCK_ROWS];
	uint32_t word[BLOCK_WORDS][BLOCK_ROWS];
};

/* Room to write a block in: the largest, and what is written over behind any. */
#define BLOCK_ROOM (BLOCK_WORDS / 2 + BLOCK_WORDS * 4 + BLOCK_ROWS * (BLOCK_WORDS * 4 + 8) + 128)

/* Returns how many bytes of the room are the block. */
uint32_t block_write(const struct block_plan *p, const struct sheet *s, uint8_t *room);

/* n rows are in the block, as written; BLOCK_BEHIND bytes behind it may be read. */
#define BLOCK_BEHIND 128u
void block_read(const struct block_plan *p, const uint8_t *from, uint32_t n, struct sheet *s);
/* The same as rows of p->words words one after another, digest first, if it is asked for. */
void block_rows(const struct block_plan *p, const uint8_t *from, uint32_t n, bool digests,
		uint8_t *rows);
/* Row i alone, likewise. */
void block_row(const struct block_plan *p, const uint8_t *from, uint32_t n, uint32_t i,
	       uint8_t *row);
