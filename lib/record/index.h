/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * index.h - where the cells and lines of a stretch of text end, found many bytes at once.
 *
 * Quotes are not understood here: who reads the index looks with care at every line in which a
 * `rare` byte (a quote or NUL) stands. Chosen once at run time: AVX-512 or AVX2 where the
 * processor has it, else eight bytes at a time; all give the same index.
 * Knows bytes, not rows.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define INDEX_MAX (32u << 10) /* bytes a stretch has at most */
#define INDEX_LINES 64u       /* no further block is looked at once there are so many */

/* Positions in the stretch, ascending. Room for one more block, so that writers need no check. */
struct text_index {
	uint32_t n_end, n_line, n_rare;
	uint32_t end[INDEX_MAX + 64];    /* of separators and line ends */
	uint32_t line[INDEX_LINES + 64]; /* of line ends: their places in end[] */
	uint32_t rare[INDEX_MAX + 64];   /* of quotes and NUL bytes */
};

typedef void text_index_fn(const char *p, size_t n, char separator, struct text_index *out);

/* The first separator, line end or quote of p[from..n); n when there is none. */
size_t text_stop(const char *p, size_t from, size_t n, char separator);

/* Line ends in p[0..n), of any length. */
uint64_t text_lines(const char *p, size_t n);

/* Indexes p[0..n), n <= INDEX_MAX, or as many blocks of 64 bytes as have INDEX_LINES lines. */
text_index_fn *text_index_best(void);
text_index_fn text_index_portable;
text_index_fn *text_index_avx2(void); /* NULL when this processor has no AVX2 */
text_index_fn *text_index_avx512(void); /* likewise, with VBMI2 */
