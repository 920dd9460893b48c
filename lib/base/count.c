/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * count.c - a sum is made of halves: of fewer than 2^32 halves of 32 bits none runs over.
 */
#include "lib/base/count.h"

#include "lib/base/simd.h"

KERNEL uint32_t count_u32(const uint32_t *v, uint32_t n, uint32_t of)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < n; i++)
		found += v[i] == of;
	return found;
}

KERNEL uint32_t count_i64(const int64_t *v, uint32_t n, int64_t of)
{
	uint64_t found = 0;

	for (uint32_t i = 0; i < n; i++)
		found += v[i] == of;
	return (uint32_t)found;
}

KERNEL __int128 count_sum(const int64_t *v, uint32_t n, int64_t none)
{
	uint64_t low = 0, high = 0, negative = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t one = v[i] == none ? 0 : (uint64_t)v[i];

		low += one & UINT32_MAX;
		high += one >> 32;
		negative += one >> 63;
	}
	return (__int128)low + ((__int128)high << 32) - ((__int128)negative << 64);
}
