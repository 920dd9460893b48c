/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.h - 64-bit hashes for tables. Stable across runs and machines (XXH3), so
 * they may order shards, but they are not identities: use digest.h for those.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/str.h"

uint64_t hash_bytes(const void *p, size_t n);
uint64_t hash_str(struct str s);

/* The same by wide instructions, for more than 240 bytes; NULL when this processor has none. For
 * hash.c and its tests. */
typedef uint64_t hash_long_fn(const void *p, size_t n);
hash_long_fn *hash_long_avx512(void);

/* Scrambles a number so that every bit of the result depends on every bit of v. */
static inline uint64_t hash_u64(uint64_t v)
{
	v ^= v >> 32;
	v *= UINT64_C(0xd6e8feb86659fd93);
	v ^= v >> 32;
	v *= UINT64_C(0xd6e8feb86659fd93);
	return v ^ (v >> 32);
}

/* Adds v to a running hash; order matters. */
static inline uint64_t hash_join(uint64_t h, uint64_t v)
{
	return hash_u64(h * UINT64_C(0x9e3779b97f4a7c15) + v);
}
