/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_digest.h - what a rule means, as 32 hex digits.
 *
 * The language of its keywords, comments, examples, the names of its variables and the file
 * it stands in do not matter; everything that can change a finding does.
 */
#pragma once

#include "lib/rule/ruleset.h"

/* The same judged with a site's own item codes (NULL = none). */
void digest_with(char digest[33], const struct knowledge *items);

/* Fills r->digest. Its indicator's digest is made already. */
void rule_digest(struct rule *r, const struct rule_settings *settings);
void indicator_digest(struct indicator *x, const struct rule_settings *settings);

/* Fills rs->digest from the rules'. */
void ruleset_digest(struct ruleset *rs);

/* Digest of what a rule judges, without its id and words: equal for rules that do the same. */
void rule_judgement(const struct rule *r, char out[33]);
