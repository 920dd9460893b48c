/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buf.h - bytes being written, with an upper bound and a sticky failure.
 *
 * Writers add without checking; when the bound is hit `failed` is set, nothing
 * more is added, and whoever sends the buffer looks once. The bytes always
 * have a NUL behind them once anything was added.
 */
#pragma once

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/str.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;  /* greatest n allowed */
	bool failed; /* something did not fit; the content is cut at a whole add */
};

/* max 0 means the greatest size a struct str can hold. Nothing is allocated yet. */
void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_reset(struct buf *b); /* empty, not failed; memory is kept */

void buf_add(struct buf *b, const void *p, size_t n);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addstr(struct buf *b, struct str s);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
void buf_addu(struct buf *b, uint64_t v); /* decimal, much quicker than buf_addf */
void buf_addi(struct buf *b, int64_t v);
void buf_fill(struct buf *b, char c, size_t n); /* n times c */

/* A quoted JSON string; control characters escaped, each invalid UTF-8 byte becomes U+FFFD. */
void buf_json(struct buf *b, struct str s);

/* A CSV field by RFC 4180: quoted only when it must be. */
void buf_csv(struct buf *b, struct str s);

struct str buf_str(const struct buf *b);     /* borrowed, valid until the next add */
const char *buf_cstr(const struct buf *b);   /* the same, NUL-terminated; "" when empty */
char *buf_take(struct buf *b, size_t *n);    /* moves the bytes out (xfree); b is empty again */
