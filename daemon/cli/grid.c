/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grid.c - cells kept until all are there, then measured and written.
 */
#include "daemon/cli/grid.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/utf8.h"

#define RULE_CELL "\x01" /* stands for a cell of dashes */
#define GAP       2u

void grid_init(struct grid *g, unsigned columns)
{
	assert(columns > 0 && columns <= GRID_COLUMNS);
	*g = (struct grid){ .columns = columns };
	arena_init(&g->arena);
}

void grid_fini(struct grid *g)
{
	arena_fini(&g->arena);
	xfree(g->cell);
}

void grid_cell(struct grid *g, struct str s)
{
	GROW(g->cell, g->cap, g->n + 1);
	g->cell[g->n++] = arena_str(&g->arena, s);
}

void grid_cellf(struct grid *g, const char *fmt, ...)
{
	struct buf b;
	va_list args;
	buf_init(&b, 0);
	va_start(args, fmt);
	buf_vaddf(&b, fmt, args);
	va_end(args);
	grid_cell(g, buf_str(&b));
	buf_fini(&b);
}

void grid_rule(struct grid *g)
{
	for (unsigned i = 0; i < g->columns; i++)
		grid_cell(g, STR(RULE_CELL));
}

static bool is_rule(struct str s)
{
	return str_eq(s, STR(RULE_CELL));
}

static void measure(const struct grid *g, uint32_t *width)
{
	memset(width, 0, GRID_COLUMNS * sizeof *width);
	for (size_t i = 0; i < g->n; i++) {
		uint32_t w = is_rule(g->cell[i]) ? 1 : utf8_cells(g->cell[i]);
		if (w > width[i % g->columns])
			width[i % g->columns] = w;
	}
}

/* A cell padded to `width`; the last column of a row gets no blanks behind it. */
static void print_cell(struct buf *out, struct str s, uint32_t width, bool right, bool last)
{
	if (is_rule(s)) {
		buf_fill(out, '-', width);
		return;
	}
	uint32_t w = utf8_cells(s);
	if (w > width) {
		s = str_sub(s, 0, utf8_fit(s, width > 1 ? width - 1 : width));
		buf_addstr(out, s);
		if (width > 1)
			buf_adds(out, "…");
		w = width;
		return;
	}
	if (right)
		buf_fill(out, ' ', width - w);
	buf_addstr(out, s);
	if (!right && !last)
		buf_fill(out, ' ', width - w);
}

/* The last column gets what the others leave of the terminal, when that is worth something. */
static void fit(const struct grid *g, uint32_t *width, unsigned columns)
{
	uint32_t used = g->indent;
	for (unsigned i = 0; i + 1 < g->columns; i++)
		used += width[i] + GAP;
	if (columns > used + 10 && width[g->columns - 1] > columns - used)
		width[g->columns - 1] = columns - used;
}

void grid_print(const struct grid *g, struct buf *out, unsigned columns)
{
	uint32_t width[GRID_COLUMNS];
	measure(g, width);
	fit(g, width, columns);
	for (size_t i = 0; i < g->n; i++) {
		unsigned col = (unsigned)(i % g->columns);
		bool last = col + 1 == g->columns;
		if (col == 0)
			buf_fill(out, ' ', g->indent);
		print_cell(out, g->cell[i], width[col], g->right[col], last);
		if (last)
			buf_addc(out, '\n');
		else
			buf_fill(out, ' ', GAP);
	}
}

void grid_count(struct buf *b, uint64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%" PRIu64, v);
	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf_addc(b, ',');
		buf_addc(b, digits[i]);
	}
}

void grid_money(struct buf *b, int64_t fen)
{
	uint64_t v = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
	if (fen < 0)
		buf_addc(b, '-');
	grid_count(b, v / 100);
	buf_addf(b, ".%02u", (unsigned)(v % 100));
}
