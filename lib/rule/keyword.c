/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyword.c - look-ups in keywords.def.
 */
#include "lib/rule/keyword.h"

static const struct {
	enum keyword_kind kind;
	const char *word[2];
} rows[KW_COUNT] = {
#define KEYWORD(id, kind, zh, en) [KW_##id] = { KEYWORD_##kind, { zh, en } },
#include "lib/rule/keywords.def"
#undef KEYWORD
};

bool keyword_is(struct str word, enum keyword k)
{
	return str_eq(word, str_of(rows[k].word[0])) || str_eq(word, str_of(rows[k].word[1]));
}

enum keyword keyword_find(struct str word, enum keyword_kind kind)
{
	for (unsigned k = 0; k < KW_COUNT; k++)
		if (rows[k].kind == kind && keyword_is(word, (enum keyword)k))
			return (enum keyword)k;
	return KW_NONE;
}

const char *keyword_word(enum keyword k, bool english)
{
	return rows[k].word[english];
}

enum keyword_kind keyword_kind(enum keyword k)
{
	return rows[k].kind;
}
