/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * known.h - texts that come again in later chunks, and the code each has in all of them.
 *
 * A decoder's items, facilities and diagnoses are the same from chunk to chunk. They are kept
 * here by number; what is known when a chunk begins has its number for its code there, what is
 * new gets a code of the chunk, which notes the number it will have in the next. So whoever takes
 * chunks of one decoder translates each text once. How many are kept is bounded; when they are too
 * many all are forgotten, and numbers begin anew under another family.
 * Knows chunks, not fields. For lib/record only.
 */
#pragma once

#include "lib/record/chunk.h"

struct known;

struct known *known_new(void);
void known_free(struct known *k); /* NULL is fine */

/* The chunk to be filled from now on: new, or of the memory of `take` when that is not NULL. */
struct chunk *known_begin(struct known *k, struct chunk *take);

/* code[i] becomes a code of s[i] in the chunk, added when new; all are texts that may come again.
 * Returns how many had not been known. A text that other ways have given a code may get another. */
uint32_t known_codes(struct known *k, const struct str *s, uint32_t n, uint32_t *code);
