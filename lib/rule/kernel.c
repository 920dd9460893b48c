/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel.c - the loops of kernel.h, stamped from lists where only an operator differs.
 */
#include "lib/rule/kernel.h"

#include <assert.h>

#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/simd.h"

KERNEL void kernel_range(uint8_t *restrict out, const int64_t *restrict v, uint32_t n, int64_t lo,
		  int64_t hi, bool outside)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t in = (uint8_t)(((v[i] >= lo) & (v[i] <= hi)) ^ outside);

		out[i] = v[i] == MISSING_I64 ? TRUTH_UNKNOWN : (uint8_t)(in * TRUTH_TRUE);
	}
}

#define COMPARE(name, op)                                                                \
	KERNEL static void cmp_##name(uint8_t *restrict out, const int64_t *restrict a,         \
			       const int64_t *restrict b, uint32_t n)                    \
	{                                                                                \
		for (uint32_t i = 0; i < n; i++) {                                       \
			uint8_t t = (uint8_t)((a[i] op b[i]) * TRUTH_TRUE);              \
			bool gone = (a[i] == MISSING_I64) | (b[i] == MISSING_I64);       \
			out[i] = gone ? TRUTH_UNKNOWN : t;                               \
		}                                                                        \
	}
COMPARE(eq, ==)
COMPARE(ne, !=)
COMPARE(lt, <)
COMPARE(le, <=)
COMPARE(gt, >)
COMPARE(ge, >=)
#undef COMPARE

void kernel_cmp(enum kernel_cmp op, uint8_t *restrict out, const int64_t *restrict a,
		const int64_t *restrict b, uint32_t n)
{
	static void (*const by_op[])(uint8_t *restrict, const int64_t *restrict,
				     const int64_t *restrict, uint32_t) = {
		[KERNEL_EQ] = cmp_eq, [KERNEL_NE] = cmp_ne, [KERNEL_LT] = cmp_lt,
		[KERNEL_LE] = cmp_le, [KERNEL_GT] = cmp_gt, [KERNEL_GE] = cmp_ge,
	};
	by_op[op](out, a, b, n);
}

KERNEL void kernel_code_in(uint8_t *restrict out, const uint32_t *restrict v, uint32_t n,
		    const uint32_t *code, uint32_t k, bool negated)
{
	uint32_t c[4];

	assert(k >= 1 && k <= 4);
	for (uint32_t i = 0; i < 4; i++) /* a constant nobody has yet: a code nobody has */
		c[i] = i < k && code[i] ? code[i] : UINT32_MAX;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t in = (uint8_t)(((v[i] == c[0]) | (v[i] == c[1]) | (v[i] == c[2]) |
					(v[i] == c[3])) ^ negated);

		out[i] = v[i] == MISSING_CODE ? TRUTH_UNKNOWN : (uint8_t)(in * TRUTH_TRUE);
	}
}

KERNEL void kernel_code_eq(uint8_t *restrict out, const uint32_t *restrict a,
		    const uint32_t *restrict b, uint32_t n, bool negated)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t in = (uint8_t)((a[i] == b[i]) ^ negated);
		bool gone = (a[i] == MISSING_CODE) | (b[i] == MISSING_CODE);

		out[i] = gone ? TRUTH_UNKNOWN : (uint8_t)(in * TRUTH_TRUE);
	}
}

static int order_of(int64_t a, int64_t by_a, int64_t b, int64_t by_b)
{
	__int128 x = (__int128)a * by_a, y = (__int128)b * by_b;

	return (x > y) - (x < y);
}

void kernel_cmp_scaled(enum kernel_cmp op, uint8_t *restrict out, const int64_t *restrict a,
		       int64_t by_a, const int64_t *restrict b, int64_t by_b, uint32_t n)
{
	static const uint8_t holds[][3] = { /* below, equal, above */
		[KERNEL_EQ] = { 0, TRUTH_TRUE, 0 }, [KERNEL_NE] = { TRUTH_TRUE, 0, TRUTH_TRUE },
		[KERNEL_LT] = { TRUTH_TRUE, 0, 0 }, [KERNEL_LE] = { TRUTH_TRUE, TRUTH_TRUE, 0 },
		[KERNEL_GT] = { 0, 0, TRUTH_TRUE }, [KERNEL_GE] = { 0, TRUTH_TRUE, TRUTH_TRUE },
	};

	for (uint32_t i = 0; i < n; i++) {
		bool gone = a[i] == MISSING_I64 || b[i] == MISSING_I64;

		out[i] = gone ? TRUTH_UNKNOWN : holds[op][order_of(a[i], by_a, b[i], by_b) + 1];
	}
}

#define NULL_TEST(name, type, missing)                                                   \
	KERNEL void kernel_null_##name(uint8_t *restrict out, const type *restrict v, uint32_t n) \
	{                                                                                \
		for (uint32_t i = 0; i < n; i++)                                         \
			out[i] = (uint8_t)((v[i] == (missing)) * TRUTH_TRUE);            \
	}
NULL_TEST(i64, int64_t, MISSING_I64)
NULL_TEST(i32, int32_t, MISSING_I32)
NULL_TEST(u32, uint32_t, MISSING_CODE)
NULL_TEST(u8, uint8_t, TRUTH_UNKNOWN)
#undef NULL_TEST

KERNEL void kernel_and(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = out[i] < a[i] ? out[i] : a[i];
}

KERNEL void kernel_or(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = out[i] > a[i] ? out[i] : a[i];
}

KERNEL void kernel_not(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = (uint8_t)(TRUTH_TRUE - a[i]);
}

/* The greatest byte stands for what is not known yet. */
KERNEL void kernel_and_open(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t least = out[i] < a[i] ? out[i] : a[i], most = out[i] > a[i] ? out[i] : a[i];

		out[i] = ((least != 0) & (most == 0xFF)) ? 0xFF : least;
	}
}

KERNEL void kernel_or_open(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		bool yes = (out[i] == TRUTH_TRUE) | (a[i] == TRUTH_TRUE);

		out[i] = yes ? TRUTH_TRUE : out[i] > a[i] ? out[i] : a[i];
	}
}

KERNEL void kernel_not_open(uint8_t *restrict out, const uint8_t *restrict a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = a[i] == 0xFF ? 0xFF : (uint8_t)(TRUTH_TRUE - a[i]);
}

KERNEL uint8_t kernel_bits(const uint8_t *v, uint32_t n)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum |= v[i];
	return sum;
}

KERNEL void kernel_scope(uint8_t *restrict out, const uint8_t *restrict scope, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = (uint8_t)((scope[i] != 0) * TRUTH_TRUE);
}

KERNEL uint32_t kernel_count(const uint8_t *restrict v, uint32_t n, uint8_t what)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += v[i] == what;
	return sum;
}

#define ARITHMETIC(name, builtin)                                                        \
	KERNEL bool kernel_##name(int64_t *restrict out, const int64_t *restrict a,             \
			   const int64_t *restrict b, uint32_t n)                        \
	{                                                                                \
		bool any = false;                                                        \
                                                                                         \
		for (uint32_t i = 0; i < n; i++) {                                       \
			bool gone = a[i] == MISSING_I64 || b[i] == MISSING_I64;          \
			bool over = builtin(a[i], b[i], &out[i]) ||                      \
				    out[i] == MISSING_I64;                               \
                                                                                         \
			if (gone || over)                                                \
				out[i] = MISSING_I64;                                    \
			any |= over && !gone;                                            \
		}                                                                        \
		return any;                                                              \
	}
ARITHMETIC(add, __builtin_add_overflow)
ARITHMETIC(sub, __builtin_sub_overflow)
ARITHMETIC(mul, __builtin_mul_overflow)
#undef ARITHMETIC

KERNEL void kernel_widen(int64_t *restrict out, const int32_t *restrict v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = v[i] == MISSING_I32 ? MISSING_I64 : v[i];
}

KERNEL void kernel_fill(int64_t *restrict out, int64_t v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = v;
}

KERNEL bool kernel_pick(int64_t *restrict out, const int64_t *restrict v,
			const uint8_t *restrict truth, uint32_t n)
{
	const uint64_t most = UINT64_C(1) << 42;
	uint64_t large = n > 1u << 20;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t in = -(uint64_t)(truth[i] == TRUTH_TRUE), x = (uint64_t)v[i] & in;

		out[i] = (int64_t)x;
		large |= (x + most) & ~(2 * most - 1); /* not in -most .. most - 1 */
	}
	return !large;
}

KERNEL void kernel_day(int64_t *restrict out, const int64_t *restrict v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = v[i] == MISSING_I64 ? MISSING_I64
					     : v[i] / CIVIL_DAY - (v[i] % CIVIL_DAY < 0);
}

/* A day is 675 times 2^7 seconds; so far, and no farther, 32 bits do. */
KERNEL bool kernel_dates(int32_t *restrict out, const int64_t *restrict time, uint32_t n)
{
	uint64_t beyond = 0;

	static_assert(CIVIL_DAY == 675 << 7, "a day's seconds");
	for (uint32_t i = 0; i < n; i++) {
		uint64_t gone = time[i] == MISSING_I64 ? UINT64_MAX : 0;
		uint64_t t = (uint64_t)time[i] & ~gone;
		uint32_t day = (uint32_t)(t >> 7) / 675u;

		out[i] = gone ? MISSING_I32 : (int32_t)day;
		beyond |= t >> 39;
	}
	return !beyond;
}

KERNEL void kernel_first(int64_t *restrict out, const int64_t *restrict v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = out[i] == MISSING_I64 ? v[i] : out[i];
}

KERNEL void kernel_key_codes(uint64_t *restrict out, const uint32_t *restrict v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = v[i] == MISSING_CODE ? UINT64_MAX : v[i];
}

KERNEL void kernel_key_days(uint64_t *restrict out, const int32_t *restrict v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = v[i] == MISSING_I32 ? UINT64_MAX : (uint32_t)v[i];
}

KERNEL void kernel_key_i64(uint64_t *restrict out, const int64_t *restrict v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = v[i] == MISSING_I64 ? UINT64_MAX : (uint64_t)v[i];
}

/* Good in its upper bits, and folded so that it is in the others; the greatest number is free. */
static inline uint64_t scramble(uint64_t v)
{
	v *= UINT64_C(0x9e3779b97f4a7c15);
	return (v ^ v >> 32) >> 1;
}

KERNEL bool kernel_hash(uint64_t *restrict out, const uint64_t *restrict v, uint32_t n)
{
	uint64_t any = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t none = v[i] == UINT64_MAX ? UINT64_MAX : 0;

		out[i] = scramble(v[i]) | none;
		any |= none;
	}
	return any;
}

KERNEL bool kernel_hash_join(uint64_t *restrict out, const uint64_t *restrict v, uint32_t n)
{
	uint64_t any = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t none = v[i] == UINT64_MAX ? UINT64_MAX : 0;

		none |= out[i] == UINT64_MAX ? UINT64_MAX : 0;
		out[i] = scramble(out[i] ^ v[i]) | none;
		any |= none;
	}
	return any;
}

/* By pieces: most columns that differ do so soon. */
KERNEL bool kernel_constant(const uint32_t *v, uint32_t n)
{
	uint32_t differ = 0;

	for (uint32_t i = 0, end; i < n && !differ; i = end) {
		end = n - i < 256 ? n : i + 256;
		for (uint32_t k = i; k < end; k++)
			differ |= v[k] ^ v[0];
	}
	return !differ;
}

KERNEL uint32_t kernel_most(const uint32_t *v, uint32_t n)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < n; i++)
		most = v[i] > most ? v[i] : most;
	return most;
}

KERNEL void kernel_set(uint32_t *out, uint32_t v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = v;
}

KERNEL void kernel_breaks(uint8_t *restrict out, const uint64_t *restrict v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		out[i] |= v[i] != v[i - 1];
}

KERNEL void kernel_join(uint64_t *restrict out, const uint32_t *restrict a, uint64_t by,
			const uint64_t *restrict b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = hash_join(a[i] * by, b[i]);
}

KERNEL void kernel_add_by(uint64_t *restrict out, const int64_t *restrict v, uint64_t by,
			  uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] += (uint64_t)v[i] * by;
}

KERNEL void kernel_digit(uint64_t *restrict out, const uint8_t *restrict v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = out[i] * 3 + v[i];
}
