/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sort.h - ascending order for plain 64-bit keys. Pack the row number into the
 * low bits to sort rows by a key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* scratch holds n values as well (contents lost); it may be NULL, then large n is slower. */
void sort_u64(uint64_t *v, size_t n, uint64_t *scratch);

/* At most SORT_FEW numbers by their upper halves, equal ones as they came, without a jump that
 * depends on them. False, and nothing done, when the halves are further apart than 2^25. */
#define SORT_FEW 64
bool sort_few(uint64_t *v, uint32_t n);
/* Any number of them that ascend in their lower halves, likewise, but for what merging costs;
 * scratch holds n as well. False: not all are in order. */
bool sort_pieces(uint64_t *v, uint32_t n, uint64_t *scratch);

/* A key/value pair sorted by key, then value. */
struct sort_pair {
	uint64_t key;
	uint64_t value;
};
void sort_pairs(struct sort_pair *v, size_t n);

/* Order-keeping key of a signed number. */
static inline uint64_t sort_key_i64(int64_t v)
{
	return (uint64_t)v ^ (UINT64_C(1) << 63);
}
