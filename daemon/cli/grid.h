/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grid.h - a plain table for terminals: columns as wide as their widest cell, Chinese two
 * cells a character. Knows texts only.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/buf.h"

#define GRID_COLUMNS 16u

struct grid {
	struct arena arena;
	unsigned columns;
	unsigned indent;
	bool right[GRID_COLUMNS]; /* right-aligned, for numbers */
	struct str *cell;
	size_t n, cap;
};

void grid_init(struct grid *g, unsigned columns);
void grid_fini(struct grid *g);

/* The next cell, row by row (copied). */
void grid_cell(struct grid *g, struct str s);
void grid_cellf(struct grid *g, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A rule under the row before: a row of dashes. */
void grid_rule(struct grid *g);

/* Writes all rows. `width` > 0 cuts the last column so that a row fits. */
void grid_print(const struct grid *g, struct buf *out, unsigned width);

/* "12,345,678" and "-1,234.50" from fen. */
void grid_count(struct buf *b, uint64_t v);
void grid_money(struct buf *b, int64_t fen);
