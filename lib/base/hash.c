/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.c - XXH3 behind two functions, so that xxhash.h stays out of headers.
 */
#include "lib/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *p, size_t n)
{
	return XXH3_64bits(p, n);
}

uint64_t hash_str(struct str s)
{
	return XXH3_64bits(s.p, s.n);
}
