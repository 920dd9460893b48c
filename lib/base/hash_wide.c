/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash_wide.c - XXH3 of long texts, 64 bytes at a time where the processor can.
 *
 * The same source as in hash.c, which the compiler makes other instructions of; the values are the
 * same on every processor.
 */
#include "lib/base/hash.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)

#pragma GCC push_options
#pragma GCC target("avx512f")
#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t long_avx512(const void *p, size_t n)
{
	return XXH3_64bits(p, n);
}
#pragma GCC pop_options

hash_long_fn *hash_long_avx512(void)
{
	return __builtin_cpu_supports("avx512f") ? long_avx512 : NULL;
}

#else

hash_long_fn *hash_long_avx512(void)
{
	return NULL;
}

#endif
