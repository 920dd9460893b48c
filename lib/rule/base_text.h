/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_text.h - what shipped rules said when the site last looked at its overrides of them.
 *
 * Beside a rule file with overrides lies .base/ID.rule for each: the clauses of the rule as it
 * was when the override was written or last accepted. After an upgrade the checker tells which
 * clauses changed since (override-base); accepting writes the texts anew.
 * Pure: texts in, texts out; who calls reads and writes the files.
 */
#pragma once

#include "lib/rule/ruleset.h"

/* Takes one text to keep; false with a reason ends the round. */
typedef bool base_text_fn(void *ctx, const char *path, struct str text, struct err *e);

/* The text to keep for every override among the rule files. Files that cannot be read as rules give
 * what can be read of them. */
bool base_texts(const struct rule_text *text, uint32_t n, base_text_fn *fn, void *ctx,
		struct err *e);
