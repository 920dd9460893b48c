/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * row_cells.h - where the cells of one row lie.
 *
 * Rows of CSV are never taken apart: a row is the places where its cells end, as the index found
 * them, so that a cell nobody reads costs nothing. Rows of JSON are texts from anywhere.
 * Knows bytes, not columns' names or types. For lib/record and who reads raw lines.
 */
#pragma once

#include "lib/base/str.h"

struct row_cells {
	const char *text;       /* cell k ends before text[end[k]], the next begins one behind */
	const uint32_t *end;
	const struct str *cell; /* the cells themselves; NULL: by their ends */
	uint32_t begin;         /* of the first cell */
	uint32_t n;
};

/* Cell k < n of a row that is told by ends; k is not 0. */
static inline struct str cell_between(const struct row_cells *c, uint32_t k)
{
	uint32_t from = c->end[k - 1] + 1;
	return (struct str){ c->text + from, c->end[k] - from };
}

/* Cell k as the source has it; empty when there are fewer. */
static inline struct str cell_at(const struct row_cells *c, uint32_t k)
{
	if (k >= c->n)
		return (struct str){ 0 };
	if (c->cell)
		return c->cell[k];
	return k ? cell_between(c, k) : (struct str){ c->text + c->begin, c->end[0] - c->begin };
}
