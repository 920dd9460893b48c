/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lexicon.c - blocks of records, each in half a line of the cache.
 */
#include "lib/base/lexicon.h"

#include <assert.h>

#include "lib/base/mem.h"

enum { BLOCK_TEXTS = 1 << LEXICON_BLOCK_BITS };

struct lexicon *lexicon_new(void)
{
	struct lexicon *l = xcalloc(1, sizeof *l);

	l->refs = 1;
	return l;
}

struct lexicon *lexicon_get(struct lexicon *l)
{
	l->refs++;
	return l;
}

void lexicon_put(struct lexicon *l)
{
	if (!l || --l->refs > 0)
		return;
	for (unsigned i = 0; i < LEXICON_BLOCKS && l->memory[i]; i++)
		xfree(l->memory[i]);
	xfree(l);
}

static void add_block(struct lexicon *l, uint32_t block)
{
	size_t size = sizeof(struct short_text);

	l->memory[block] = xmalloc((BLOCK_TEXTS + 1) * size);
	l->block[block] = (void *)(((uintptr_t)l->memory[block] + size - 1) / size * size);
}

uint32_t lexicon_add(struct lexicon *l, struct str s)
{
	uint32_t number = l->n + 1;
	struct short_text *r;

	assert(number <= LEXICON_MOST && s.n <= LEXICON_LENGTH);
	if (!l->memory[number >> LEXICON_BLOCK_BITS])
		add_block(l, number >> LEXICON_BLOCK_BITS);
	r = &l->block[number >> LEXICON_BLOCK_BITS][number & (BLOCK_TEXTS - 1)];
	r->n = (uint8_t)s.n;
	bytes_copy(r->text, s.p, s.n);
	r->text[s.n] = '\0';
	l->n = number;
	return number;
}
