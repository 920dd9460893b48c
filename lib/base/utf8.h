/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utf8.h - walking and measuring UTF-8 text.
 *
 * Strict: overlong forms, surrogates and anything past U+10FFFF are invalid.
 * Columns count characters (for places in messages), cells count terminal
 * width (CJK is two wide, combining marks none).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/str.h"

#define UTF8_BAD 0xFFFDu

bool utf8_valid(const char *p, size_t n);

/* The same by wide instructions; NULL when this processor has none. For utf8.c and its tests. */
typedef bool utf8_valid_fn(const char *p, size_t n);
utf8_valid_fn *utf8_valid_avx2(void);
utf8_valid_fn *utf8_valid_avx512(void);

/* Bytes of the leading run that is valid: n when all is. */
size_t utf8_valid_prefix(const char *p, size_t n);

/* Decodes one character; returns its length in bytes (0 only when n is 0).
 * An invalid byte gives *cp = UTF8_BAD and length 1. */
uint32_t utf8_next(const char *p, size_t n, uint32_t *cp);

/* Encodes cp into at most 4 bytes; returns the length. What cannot be encoded becomes U+FFFD. */
uint32_t utf8_put(char out[4], uint32_t cp);

int utf8_width(uint32_t cp); /* 0, 1 or 2 terminal cells */
uint32_t utf8_columns(struct str s);
uint32_t utf8_cells(struct str s);

/* Bytes of the longest beginning that fits into `cells` terminal cells. */
uint32_t utf8_fit(struct str s, uint32_t cells);
