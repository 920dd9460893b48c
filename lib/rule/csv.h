/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.h - rows of a small CSV text in memory (RFC 4180), for lists, tables and exceptions.
 *
 * Cells are borrowed from the text, which is unquoted in place: a cell's offset in
 * the text is its place in the file. Records of a feed are another matter (lib/record).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/str.h"

#define CSV_MAX_CELLS 64

struct csv {
	char *text, *at, *end;
	struct str cell[CSV_MAX_CELLS]; /* of the row last read, blanks trimmed */
	uint32_t n_cell;
	uint32_t row_start, row_end;    /* offsets of the row last read, line end left out */
	const char *wrong;              /* why it is unreadable: "quote", "cells"; NULL = fine */
};

/* Starts reading; a byte order mark is passed over. The text is changed. */
void csv_init(struct csv *c, char *text, size_t n);

/* Next row that is not blank; false at the end. A malformed row is still a row. */
bool csv_next(struct csv *c);
