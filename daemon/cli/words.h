/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.h - the field's own terms for what rules and alerts are, in both languages.
 * Databases and JSON hold the English word; people read theirs.
 */
#pragma once

#include "daemon/cli/cli.h"
#include "lib/rule/rule.h"

const char *word_form(const struct cli *c, enum form f);
const char *word_state(const struct cli *c, enum rule_state s);
const char *word_category(const struct cli *c, enum rule_category k);
const char *word_nature(const struct cli *c, enum nature n);
const char *word_level(const struct cli *c, enum level l);
const char *word_subject(const struct cli *c, enum subject_kind k);

/* A stream's name, a field's title, in the user's language. */
const char *word_stream(const struct cli *c, enum stream s);
const char *word_field(const struct cli *c, enum field f);

/* The user's word for an English one of any of the sets above or an alert's state; the word
 * itself when it is none. */
const char *word_show(const struct cli *c, const char *english);

/* The English one for a word in either language (filters); the word itself when it is none. */
const char *word_english(const char *word);

/* What was said in English since `from` with one of a thing in the singular: "1 errors" becomes
 * "1 error". For sums of the program's own words; Chinese is left alone. */
void words_singular(const struct cli *c, struct buf *b, size_t from);
