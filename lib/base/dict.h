/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dict.h - distinct texts and their codes.
 *
 * A column of text becomes a column of small numbers: the first distinct text
 * gets code 1, the next 2, ... Code 0 is "missing"; the empty text is a value
 * like any other. Texts never move, so a borrowed dict_text() lives until the
 * dictionary is freed or emptied. One thread writes; while it does, nobody reads.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/str.h"
#include "lib/base/lexicon.h"

struct dict;

struct dict *dict_new(void);
void dict_free(struct dict *d); /* NULL is fine */

/* A dictionary whose first n codes are the numbers of texts below it, n <= below->n. These are only
 * there to be read: looking a text up does not find them. Keeps a reference. */
struct dict *dict_new_over(struct lexicon *below, uint32_t n);
uint32_t dict_below(const struct dict *d); /* n; 0 for others */

/* Empty again and over these; some of the memory is kept. */
void dict_clear_over(struct dict *d, struct lexicon *below, uint32_t n);

/* The code of s, added when new. Ends the process past 2^32 - 2 codes. */
uint32_t dict_code(struct dict *d, struct str s);

/* The same for what comes again and again: codes of new texts are taken from runs kept for them, so
 * that they lie together, whatever else is added meanwhile. Codes of a run that none has yet are as
 * code 0, but count. */
uint32_t dict_code_common(struct dict *d, struct str s);

/* code[i] becomes the code of s[i], added when new. What the look-ups will touch is fetched ahead,
 * so many at once are cheaper than one by one. */
void dict_codes(struct dict *d, const struct str *s, uint32_t n, uint32_t *code);

/* A code of its own for s, whether or not s is there already: for texts that hardly ever repeat,
 * which need not be found again. dict_code and dict_find do not see it. */
uint32_t dict_append(struct dict *d, struct str s);

/* The same for each text that is not empty; of the others code[i] stays. */
void dict_append_many(struct dict *d, const struct str *s, uint32_t n, uint32_t *code);

/* out[i] becomes the code in `to` of the text from[code[i]], added when new; code[i] is not 0.
 * Together as with dict_codes. */
void dict_translate(struct dict *to, const struct dict *from, const uint32_t *code, uint32_t n,
		    uint32_t *out);

/* The code of s, or 0 when it is not there. Safe from many threads while nobody adds. */
uint32_t dict_find(const struct dict *d, struct str s);

/* out[i] becomes the code in d of the text from[code[i]], or 0. Together as with dict_codes, safe
 * as dict_find is. */
void dict_find_many(const struct dict *d, const struct dict *from, const uint32_t *code, uint32_t n,
		    uint32_t *out);

/* The text of a code, NUL behind it; code 0 gives {NULL, 0}. code <= dict_count(). */
struct str dict_text(const struct dict *d, uint32_t code);

uint32_t dict_count(const struct dict *d); /* the greatest code */
size_t dict_bytes(const struct dict *d);   /* memory held */
