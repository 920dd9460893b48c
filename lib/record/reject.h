/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reject.h - the reasons for which a line is not taken, as words and sentences.
 */
#pragma once

#include "lib/base/str.h"

enum reject_reason {
	REJECT_NONE,
#define REJECT(name, word, zh, en) REJECT_##name,
#include "lib/record/rejects.def"
#undef REJECT
	REJECT_COUNT,
};

/* The word of a reason ("bad-number"); a static text. */
const char *reject_word(enum reject_reason r);

/* The general sentence of a reason. */
const char *reject_sentence(enum reject_reason r, bool english);

/* The reason of a word; REJECT_NONE when unknown. */
enum reject_reason reject_find(struct str word);
