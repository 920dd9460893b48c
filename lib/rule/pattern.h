/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern.h - regular expressions of rules and tables: PCRE2, UTF-8, bounded.
 *
 * The bounds on matching are compiled into the pattern, so that no text can hang the engine,
 * whoever matches it.
 */
#pragma once

#include "lib/base/str.h"

/* A pcre2_code, or NULL with a sentence in `why`. Released by pattern_free. */
void *pattern_compile(struct str text, char why[128]);
void pattern_free(void *code);

/* What tells quickly that a pattern does not occur; texts are borrowed from the pattern. */
struct pattern_hint {
	struct str literal;      /* the pattern is just this; empty when it is more than a text */
	int must;                /* a byte it cannot do without, -1 when there is none */
};
struct pattern_hint pattern_hint(const void *code, struct str pattern);

/* Whether it occurs in a text. Slow where the hint does not decide: makes its match data anew. */
bool pattern_fits(const void *code, const struct pattern_hint *hint, struct str text);
