/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * column.h - the memory of a chunk's columns, for code that fills many rows.
 *
 * For lib/record and lib/timeline/slab.c; everybody else reads and writes through chunk.h. Pointers
 * die when the table grows: fetch them per row or after chunk_row.
 */
#pragma once

#include "lib/record/chunk.h"
#include "lib/record/reject.h"

/* A number that no chunk and no family of chunks has got before; from any thread. */
uint64_t chunk_name(void);

/* The column of field f, made and filled with missing when it is not there yet. */
void *column_make(struct chunk *c, enum stream s, unsigned index, enum type t);

/* Appends n rows with every column missing and no source yet; returns the first. */
uint32_t column_add_rows(struct chunk *c, enum stream s, uint32_t n);

/* The same, but for columns that the caller writes in each of these rows: written[index]. */
uint32_t column_add_unwritten(struct chunk *c, enum stream s, uint32_t n, const bool *written);

/* Makes n rows missing again, in a column that may not be there. */
void column_blank(struct chunk *c, enum stream s, unsigned index, uint32_t row, uint32_t n);

/* Takes the last n rows of a stream back. */
void column_drop_rows(struct chunk *c, enum stream s, uint32_t n);

/* Revision of the row: updt_time, else inf_time, else `revision`. */
int64_t column_revision(const struct chunk *c, enum stream s, uint32_t row, int64_t revision);

/* Whether a field may say its row's revision. */
bool column_revises(enum field f);

/* Digests over the known content of n rows: sums of hashes of (field, value), never 0 by chance
 * alone. */
void column_digests(const struct chunk *c, enum stream s, uint32_t row, uint32_t n,
		    uint64_t *digest);

/* The fields of a stream of which at least one must have a value (the same again for a plain
 * required field); returns how many, at most COLUMN_NEEDS_MAX. */
#define COLUMN_NEEDS_MAX 8u
struct column_need {
	enum field a, b, c;
};
unsigned column_needs(enum stream s, struct column_need *out);

/* Whether everything required is there; else the reason and the field that is missing. */
enum reject_reason column_required(const struct chunk *c, enum stream s, uint32_t row,
				   enum field *which);
