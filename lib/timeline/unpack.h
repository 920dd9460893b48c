/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unpack.h - packed cells of rows that lie side by side, into columns.
 *
 * First the cells of one column are brought together, then a loop that the compiler makes SIMD of
 * makes values of them. Knows packs, not what the values mean.
 */
#pragma once

#include "lib/timeline/store.h"

/* The cells at `off` of n rows. */
void unpack_cells(uint32_t *restrict out, const struct row *const *row, unsigned off, uint32_t n);

/* Decimals and times of n packed cells, missing ones as MISSING_I64. */
void unpack_decs(int64_t *restrict out, const uint32_t *restrict p, uint32_t n,
		 const struct spill *spill);
void unpack_times(int64_t *restrict out, const uint32_t *restrict p, uint32_t n,
		  const struct spill *spill);

/* 1 for each packed decimal above zero, else 0; true when one is missing or in the spill. */
bool unpack_positive(uint8_t *restrict out, const uint32_t *restrict p, uint32_t n);
