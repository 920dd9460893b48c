/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repeat.h - the texts of a column over a run of rows, and which only repeat the row before.
 *
 * Lines of one visit follow one another and begin alike: one comparison of two lines tells it of
 * all their first columns. Sets of rows are bits of a word.
 * Knows rows and places, not fields. For lib/record only.
 */
#pragma once

#include "lib/record/row.h"

/* Bits 0..n - 1, n from 1 to 64. */
static inline uint64_t rows_up_to(unsigned n)
{
	return ~UINT64_C(0) >> (64 - n);
}

static inline bool same_text(struct str a, struct str b)
{
	return a.n == b.n && bytes_same(a.p, b.p, a.n);
}

/* alike[i]: so many leading cells of row i are those of row i - 1; for n rows, all RUN_MAX set. */
void repeat_heads(const struct row_in *in, unsigned n, uint8_t alike[RUN_MAX]);

/* The cells of a column, as the source has them. */
void repeat_column(const struct row_in *in, unsigned n, uint32_t column, struct str *text);

/* Rows whose cell is not that of the row before, the first among them. Only of these text[] is
 * sure to be set. */
uint64_t repeat_changed(const struct row_in *in, unsigned n, const uint8_t alike[RUN_MAX],
			uint32_t column, struct str *text);

/* The same of texts that are there already. */
uint64_t repeat_among(const struct str *text, unsigned n);
