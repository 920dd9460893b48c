/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scene.h - what stands around the cursor in a text that need not parse.
 *
 * Found by lines and indentation alone: which block, which clause, which streams are
 * looked at, the words before the cursor.
 */
#pragma once

#include "lib/record/field.h"
#include "lib/rule/keyword.h"
#include "lib/rule/expr.h"

struct scene {
	struct str text;
	uint32_t at;             /* the cursor */
	uint32_t word_at;        /* start of the word being written */
	struct str word;         /* it, up to the cursor */
	struct str before[2];    /* the words before it on the line: nearest first */
	bool start;              /* the word is the first on its line */
	bool margin;             /* and stands at the margin */
	bool in_name;            /* behind 「 on this line */
	bool english;
	enum keyword block, clause; /* KW_NONE when there is none */
	unsigned n_role;
	enum stream stream[2];
	struct str role[2];
	unsigned n_related;
	enum stream related_stream[RULE_RELATED];
	struct str related[RULE_RELATED];
	struct str body;         /* of the block, header included */
};

void scene_read(struct scene *s, struct str text, uint32_t at);

/* Whether the character may stand in a word. */
bool scene_word(uint32_t cp);

/* First word of a line and its indent in bytes. */
struct str scene_first_word(struct str line, uint32_t *indent);

/* Next line of *rest; false at the end. */
bool scene_line(struct str *rest, struct str *line);
