/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill.h - the records that a run of rows makes of one stream, column by column.
 *
 * Knows targets and columns; which rows make a record, and what becomes of a run with a row that
 * cannot, is row.c's. For lib/record only.
 */
#pragma once

#include "lib/record/parse.h"
#include "lib/record/row.h"

/* Row i of the run is in[pick[i]] and becomes row first + i of the stream's table. */
struct run {
	const struct row_in *in;
	const uint8_t *pick;
	const uint8_t *alike; /* of `in`, as repeat_heads tells */
	const uint32_t *full;  /* rows of the full stream's table, by `pick`; NULL: not made */
	unsigned n, rows; /* of `pick`, of `in`; n is not 0 */
	uint32_t first;
};

/* What went wrong, and where. */
struct fault {
	enum reject_reason why;
	enum stream stream;
	enum field field;
	uint32_t column; /* NO_COLUMN when no column is to blame */
	struct str text;
	unsigned row;    /* of `in` */
};

/* Fills the columns of the run's rows, which are there and missing. False: a row cannot be made;
 * of a run of one row the fault is the first in the order of bindings. */
bool fill_records(struct rower *r, struct entry *en, const struct run *run, struct fault *f);

/* A cell without blanks around it. */
static inline struct str row_cell(const struct row_in *row, uint32_t column)
{
	struct str s = cell_at(&row->cells, column);
	if (s.n && ((unsigned char)s.p[0] <= ' ' || (unsigned char)s.p[s.n - 1] <= ' '))
		s = str_trim(s);
	return s;
}
