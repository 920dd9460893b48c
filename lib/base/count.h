/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * count.h - how often a value stands in a column, and what a column's numbers come to.
 *
 * Plain loops that the compiler makes SIMD of; sums are exact whatever is added up.
 * Knows numbers; not what they mean.
 */
#pragma once

#include <stdint.h>

uint32_t count_u32(const uint32_t *v, uint32_t n, uint32_t of);
uint32_t count_i64(const int64_t *v, uint32_t n, int64_t of);

/* The sum of all that are not `none`. */
__int128 count_sum(const int64_t *v, uint32_t n, int64_t none);
