/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.h - text in, rows of cells out: RFC 4180 with care for broken lines.
 *
 * A quoted cell may span lines. When a quote is wrong (stray, never closed, or the record
 * it makes has the wrong number of columns) only the first physical line is given up and
 * reading goes on with the next, so one bad quote costs one line.
 */
#pragma once

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/record/row_cells.h"
#include "lib/record/reject.h"

#define CSV_ROWS_MAX 64u /* given out together */

/* Borrowed until the rows function returns. */
struct csv_row {
	struct row_cells cells;   /* not trimmed */
	struct str raw;           /* without the line end */
	uint64_t line, offset;    /* 1-based line; byte in the text */
	enum reject_reason why;   /* REJECT_NONE, or why there are no cells to use */
	unsigned column;          /* 1-based cell the reason points at, 0 = whole line */
};

/* Rows in order, n > 0; one with a reason is alone. */
typedef bool csv_rows_fn(void *ctx, const struct csv_row *row, unsigned n, struct err *e);

/* The text of the rows given so far goes now. False: rows from that line and byte on, none from
 * before the last such question, are to be given again. */
typedef bool csv_settle_fn(void *ctx, uint64_t *line, uint64_t *offset);

struct csv;

struct csv *csv_new(char separator, csv_rows_fn *rows, void *ctx);
void csv_free(struct csv *csv);

/* Who wants it is asked before any row's text goes; without, a row is done with when given. */
void csv_settles(struct csv *csv, csv_settle_fn *settle);

/* Says that so many lines and bytes of the text come before the next push; what was begun is
 * forgotten. */
void csv_skipped(struct csv *csv, uint64_t lines, uint64_t bytes);

/* Lines and bytes before the next record. */
void csv_position(const struct csv *csv, uint64_t *lines, uint64_t *bytes);

/* Whether no record is begun: what has been pushed has all been given out. */
bool csv_idle(const struct csv *csv);

/* Rows with another number of cells than this are rejects; surplus empty cells are not counted.
 * Until it is told rows come one by one. */
void csv_width(struct csv *csv, unsigned width);

/* `suspect`: these bytes may not be UTF-8; rows with any of them are looked at. */
bool csv_push(struct csv *csv, const char *p, size_t n, bool suspect, struct err *e);
bool csv_finish(struct csv *csv, struct err *e);
