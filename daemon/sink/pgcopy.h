/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pgcopy.h - PostgreSQL's binary COPY format, written and read value by value.
 *
 * Writers add to a buffer whose sticky failure is looked at once by who sends it. A row is
 * pgcopy_row(n) followed by exactly n values. Missing values (value.h) become NULL.
 * Readers walk one row's bytes. Times are wall clock and go into `timestamp` columns.
 * Knows the wire format, no connection.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/record/value.h"

void pgcopy_begin(struct buf *b);
void pgcopy_end(struct buf *b);

void pgcopy_row(struct buf *b, unsigned columns);
void pgcopy_null(struct buf *b);
void pgcopy_bool(struct buf *b, bool v);
void pgcopy_int(struct buf *b, int32_t v);
void pgcopy_bigint(struct buf *b, int64_t v);
void pgcopy_text(struct buf *b, struct str s);  /* must be UTF-8 without NUL: pgcopy_clean */
void pgcopy_bytes(struct buf *b, const void *p, size_t n); /* bytea, uuid */
void pgcopy_texts(struct buf *b, const struct str *s, uint32_t n); /* text[] */

/* v / 10^scale as numeric; MISSING_I64 is NULL. scale 0..8 */
void pgcopy_numeric(struct buf *b, int64_t v, int scale);
void pgcopy_timestamp(struct buf *b, int64_t secs); /* wall clock; MISSING_I64 is NULL */
void pgcopy_date(struct buf *b, int32_t days);      /* MISSING_I32 is NULL */
void pgcopy_instant(struct buf *b, int64_t micros); /* timestamptz: microseconds UTC since 1970 */

/* For who makes rows in room of his own (encode.c): a number with its length, never missing,
 * into PGCOPY_VALUE_MAX bytes, its size; a time and a day as the server counts them. */
#define PGCOPY_VALUE_MAX 28
size_t pgcopy_put_numeric(char *to, int64_t v, int scale);
int64_t pgcopy_micros(int64_t secs);
int32_t pgcopy_days(int32_t days);

/* True when s is text PostgreSQL can hold. Otherwise *out gets it with every wrong byte as
 * U+FFFD and NUL as U+2400. */
bool pgcopy_clean(struct str s, struct buf *out);

/* One row being read. */
struct pgrow {
	const char *p, *end;
	unsigned columns;
	bool failed; /* the bytes were not what was asked for */
};

/* Skips the stream's header when *started is false; false at the trailer or for no row. */
bool pgrow_begin(struct pgrow *r, const char *p, size_t n, bool *started);

bool pgrow_bytes(struct pgrow *r, struct str *s); /* false: NULL. Any type's raw bytes */
struct str pgrow_text(struct pgrow *r);           /* NULL gives .p == NULL */
bool pgrow_bool(struct pgrow *r);                 /* NULL is false */
int32_t pgrow_int(struct pgrow *r);               /* NULL is 0 */
int64_t pgrow_bigint(struct pgrow *r);            /* NULL is MISSING_I64 */
int64_t pgrow_numeric(struct pgrow *r, int scale);
int64_t pgrow_timestamp(struct pgrow *r);
int32_t pgrow_date(struct pgrow *r);
uint32_t pgrow_texts(struct pgrow *r, struct str *out, uint32_t max);
