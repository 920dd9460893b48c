/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyword.h - the words of keywords.def. Words are keywords only where one is looked for:
 * a column may be called 窗口.
 */
#pragma once

#include "lib/base/str.h"

enum keyword {
#define KEYWORD(id, kind, zh, en) KW_##id,
#include "lib/rule/keywords.def"
#undef KEYWORD
	KW_COUNT,
	KW_NONE = KW_COUNT,
};

enum keyword_kind { KEYWORD_BLOCK, KEYWORD_CLAUSE, KEYWORD_INNER, KEYWORD_OP };

bool keyword_is(struct str word, enum keyword k);

/* The keyword of a kind with this spelling, KW_NONE when there is none. */
enum keyword keyword_find(struct str word, enum keyword_kind kind);

const char *keyword_word(enum keyword k, bool english);
enum keyword_kind keyword_kind(enum keyword k);
