/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lexicon.h - short texts by number, added by one and read by many.
 *
 * A text never moves and never changes, so whoever was told of n texts may read these n while more
 * are added. Dictionaries stand on it (dict_new_over) and hold references; the last one frees it.
 */
#pragma once

#include <stdint.h>

#include "lib/base/str.h"

#define LEXICON_MOST 65535u  /* numbers begin at 1 */
#define LEXICON_LENGTH 30u   /* the longest text */

/* One in half a line of the cache, NUL behind it. */
struct short_text {
	uint8_t n;
	char text[LEXICON_LENGTH + 1];
};

#define LEXICON_BLOCK_BITS 10
#define LEXICON_BLOCKS ((LEXICON_MOST >> LEXICON_BLOCK_BITS) + 1)

struct lexicon {
	struct short_text *block[LEXICON_BLOCKS];
	void *memory[LEXICON_BLOCKS]; /* that the blocks lie in */
	uint32_t n;
	_Atomic uint32_t refs;
};

/* With one reference, the caller's. */
struct lexicon *lexicon_new(void);
struct lexicon *lexicon_get(struct lexicon *l); /* one more; from any thread */
void lexicon_put(struct lexicon *l);            /* likewise; NULL is fine */

/* Adds a text of at most LEXICON_LENGTH bytes; fewer than LEXICON_MOST are there. Returns its
 * number. One thread adds. */
uint32_t lexicon_add(struct lexicon *l, struct str s);

static inline const struct short_text *
lexicon_record(const struct lexicon *l, uint32_t number)
{
	const struct short_text *block = l->block[number >> LEXICON_BLOCK_BITS];

	return &block[number & ((1u << LEXICON_BLOCK_BITS) - 1)];
}

/* A text that is there. */
static inline struct str lexicon_at(const struct lexicon *l, uint32_t number)
{
	const struct short_text *r = lexicon_record(l, number);

	return (struct str){ r->text, r->n };
}
