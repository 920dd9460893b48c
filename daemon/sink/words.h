/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.h - the words that stand for enums in the tables, and back.
 */
#pragma once

#include "lib/base/str.h"
#include "lib/rule/eval.h"

const char *word_category(enum rule_category v);
const char *word_nature(enum nature v);
const char *word_severity(enum level v);
const char *word_rule_state(enum rule_state v);
const char *word_subject(enum subject_kind v);
const char *word_role(enum hit_role v);

/* The value of a word; -1 for none of them. */
int word_find_subject(struct str word);
int word_find_role(struct str word);
