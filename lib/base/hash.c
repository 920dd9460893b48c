/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.c - XXH3 behind two functions, so that xxhash.h stays out of headers.
 */
#include "lib/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LONG 240u /* XXH3 goes by blocks beyond */

uint64_t hash_bytes(const void *p, size_t n)
{
	hash_long_fn *wide = n > LONG ? hash_long_avx512() : NULL;

	return wide ? wide(p, n) : XXH3_64bits(p, n);
}

uint64_t hash_str(struct str s)
{
	return hash_bytes(s.p, s.n);
}
