/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simd.h - loops that the compiler makes SIMD of, for the processor that is there.
 */
#pragma once

/* Before a function: compiled for AVX2 and AVX-512 as well and chosen when the program starts;
 * sanitizers cannot stand the choosing. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                   \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if __GNUC__ >= 12
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define KERNEL __attribute__((target_clones("avx2", "default")))
#endif
#else
#define KERNEL
#endif
