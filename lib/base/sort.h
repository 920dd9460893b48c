/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sort.h - ascending order for plain 64-bit keys. Pack the row number into the
 * low bits to sort rows by a key.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* scratch holds n values as well (contents lost); it may be NULL, then large n is slower. */
void sort_u64(uint64_t *v, size_t n, uint64_t *scratch);

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
