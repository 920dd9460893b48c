/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reject.c - the table behind rejects.def.
 */
#include "lib/record/reject.h"

#include <assert.h>

static const struct reject_row {
	const char *word, *zh, *en;
} rows[REJECT_COUNT] = {
	[REJECT_NONE] = { "none", "", "" },
#define REJECT(name, word, zh, en) [REJECT_##name] = { word, zh, en },
#include "lib/record/rejects.def"
#undef REJECT
};

const char *reject_word(enum reject_reason r)
{
	assert(r < REJECT_COUNT);
	return rows[r].word;
}

const char *reject_sentence(enum reject_reason r, bool english)
{
	assert(r < REJECT_COUNT);
	return english ? rows[r].en : rows[r].zh;
}

enum reject_reason reject_find(struct str word)
{
	for (unsigned r = REJECT_NONE + 1; r < REJECT_COUNT; r++)
		if (str_eq(word, str_of(rows[r].word)))
			return (enum reject_reason)r;
	return REJECT_NONE;
}
