/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel.h - plain loops over columns: tests to truth bytes, numbers to numbers.
 *
 * No calls, no memory, no failure; the compiler makes SIMD of them (-O3). Truth is a byte:
 * false 0, unknown 1, true 2, so that AND is min, OR is max and NOT is 2 - x.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/record/value.h"

enum kernel_cmp { KERNEL_EQ, KERNEL_NE, KERNEL_LT, KERNEL_LE, KERNEL_GT, KERNEL_GE };

/* lo <= v <= hi, or the opposite. */
void kernel_range(uint8_t *restrict out, const int64_t *restrict v, uint32_t n, int64_t lo,
		  int64_t hi, bool outside);
void kernel_cmp(enum kernel_cmp op, uint8_t *restrict out, const int64_t *restrict a,
		const int64_t *restrict b, uint32_t n);
/* The same for a * by_a against b * by_b. */
void kernel_cmp_scaled(enum kernel_cmp op, uint8_t *restrict out, const int64_t *restrict a,
		       int64_t by_a, const int64_t *restrict b, int64_t by_b, uint32_t n);

/* v is one of code[0..k), or none of them. Code 0 in `code` fits nothing. */
void kernel_code_in(uint8_t *restrict out, const uint32_t *restrict v, uint32_t n,
		    const uint32_t *code, uint32_t k, bool negated);
void kernel_code_eq(uint8_t *restrict out, const uint32_t *restrict a,
		    const uint32_t *restrict b, uint32_t n, bool negated);

void kernel_null_i64(uint8_t *restrict out, const int64_t *restrict v, uint32_t n);
void kernel_null_i32(uint8_t *restrict out, const int32_t *restrict v, uint32_t n);
void kernel_null_u32(uint8_t *restrict out, const uint32_t *restrict v, uint32_t n);
void kernel_null_u8(uint8_t *restrict out, const uint8_t *restrict v, uint32_t n);

void kernel_and(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n);
void kernel_or(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n);
void kernel_not(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n);

/* The same where 0xFF stands for a truth not made yet: it stays unless the other side decides. */
void kernel_and_open(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n);
void kernel_or_open(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n);
void kernel_not_open(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n);
/* All bits that occur. */
uint8_t kernel_bits(const uint8_t *v, uint32_t n);

/* Settled rows: 1 -> true, 0 -> false. */
void kernel_scope(uint8_t *restrict out, const uint8_t *restrict scope, uint32_t n);
uint32_t kernel_count(const uint8_t *restrict v, uint32_t n, uint8_t what);

/* Missing stays missing, and so becomes what does not fit: then true. */
bool kernel_add(int64_t *restrict out, const int64_t *restrict a, const int64_t *restrict b,
		uint32_t n);
bool kernel_sub(int64_t *restrict out, const int64_t *restrict a, const int64_t *restrict b,
		uint32_t n);
bool kernel_mul(int64_t *restrict out, const int64_t *restrict a, const int64_t *restrict b,
		uint32_t n);
void kernel_widen(int64_t *restrict out, const int32_t *restrict v, uint32_t n);
void kernel_fill(int64_t *restrict out, int64_t v, uint32_t n);
/* v where truth is true, else 0; false when one of these is missing or so large that the sum of
 * 2^20 of them might not fit. */
bool kernel_pick(int64_t *restrict out, const int64_t *restrict v, const uint8_t *restrict truth,
		 uint32_t n);
/* Days of seconds, towards the past. */
void kernel_day(int64_t *restrict out, const int64_t *restrict v, uint32_t n);
/* The same of times from 1970 on, as dates; false when one is neither such nor missing. */
bool kernel_dates(int32_t *restrict out, const int64_t *restrict time, uint32_t n);
/* Where `out` is missing, what `v` has. */
void kernel_first(int64_t *restrict out, const int64_t *restrict v, uint32_t n);

/* Keys of rows, UINT64_MAX where there is none: codes, days, 64-bit numbers as they are. */
void kernel_key_codes(uint64_t *restrict out, const uint32_t *restrict v, uint32_t n);
void kernel_key_days(uint64_t *restrict out, const int32_t *restrict v, uint32_t n);
void kernel_key_i64(uint64_t *restrict out, const int64_t *restrict v, uint32_t n);
/* A hash of several keys: of the first, then with each further one in it. UINT64_MAX where one is
 * missing; true when any is. */
bool kernel_hash(uint64_t *restrict out, const uint64_t *restrict v, uint32_t n);
bool kernel_hash_join(uint64_t *restrict out, const uint64_t *restrict v, uint32_t n);
/* Whether all n are one code; none are. */
bool kernel_constant(const uint32_t *v, uint32_t n);
uint32_t kernel_most(const uint32_t *v, uint32_t n); /* the greatest; 0 of none */
void kernel_set(uint32_t *out, uint32_t v, uint32_t n);

/* Makes 1 of what is not the value before it; the first is left. */
void kernel_breaks(uint8_t *restrict out, const uint64_t *restrict v, uint32_t n);

/* Digests: a number times an odd one joined with another; a column times such added; one more digit
 * to the base of 3. */
void kernel_join(uint64_t *restrict out, const uint32_t *restrict a, uint64_t by,
		 const uint64_t *restrict b, uint32_t n);
void kernel_add_by(uint64_t *restrict out, const int64_t *restrict v, uint64_t by, uint32_t n);
void kernel_digit(uint64_t *restrict out, const uint8_t *restrict v, uint32_t n);
