/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utf8_wide.c - whether a long text is UTF-8, 32 bytes at a time where the processor can.
 *
 * Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte" (2021): three
 * table look-ups over the halves of neighbouring bytes name every fault two bytes can show;
 * what needs three or four bytes is a comparison with the bytes before. All faults are
 * gathered and looked at once at the end: the strict way in utf8.c says where.
 */
#include "lib/base/utf8.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define WITH_AVX2 __attribute__((target("avx2")))
#define INLINE static inline __attribute__((always_inline))

enum fault {
	TOO_SHORT = 1,      /* a lead, then no continuation */
	TOO_LONG = 2,       /* ASCII, then a continuation */
	OVERLONG_3 = 4,
	TOO_LARGE = 8,
	SURROGATE = 16,
	OVERLONG_2 = 32,
	TOO_LARGE_1000 = 64,
	OVERLONG_4 = 64,
	TWO_CONTS = 128,
	CARRY = TOO_SHORT | TOO_LONG | TWO_CONTS,
};

#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define C(x) ((char)(x))

WITH_AVX2 INLINE __m256i high_of_first(__m256i half)
{
	return _mm256_shuffle_epi8(
		TWICE(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
		      TOO_LONG, C(TWO_CONTS), C(TWO_CONTS), C(TWO_CONTS), C(TWO_CONTS),
		      TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
		      TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4),
		half);
}

WITH_AVX2 INLINE __m256i low_of_first(__m256i half)
{
	return _mm256_shuffle_epi8(
		TWICE(C(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), C(CARRY | OVERLONG_2),
		      C(CARRY), C(CARRY), C(CARRY | TOO_LARGE),
		      C(CARRY | TOO_LARGE | TOO_LARGE_1000), C(CARRY | TOO_LARGE | TOO_LARGE_1000),
		      C(CARRY | TOO_LARGE | TOO_LARGE_1000), C(CARRY | TOO_LARGE | TOO_LARGE_1000),
		      C(CARRY | TOO_LARGE | TOO_LARGE_1000), C(CARRY | TOO_LARGE | TOO_LARGE_1000),
		      C(CARRY | TOO_LARGE | TOO_LARGE_1000), C(CARRY | TOO_LARGE | TOO_LARGE_1000),
		      C(CARRY | TOO_LARGE | TOO_LARGE_1000 | SURROGATE),
		      C(CARRY | TOO_LARGE | TOO_LARGE_1000), C(CARRY | TOO_LARGE | TOO_LARGE_1000)),
		half);
}

WITH_AVX2 INLINE __m256i high_of_second(__m256i half)
{
	return _mm256_shuffle_epi8(
		TWICE(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
		      TOO_SHORT, C(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | OVERLONG_4),
		      C(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE),
		      C(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE),
		      C(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE), TOO_SHORT,
		      TOO_SHORT, TOO_SHORT, TOO_SHORT),
		half);
}

/* The block moved n bytes up, the end of the block before in front. */
#define MOVED(block, before, n) \
	_mm256_alignr_epi8(block, _mm256_permute2x128_si256(before, block, 0x21), 16 - (n))

/* Faults of one block, as bits in bytes. */
WITH_AVX2 INLINE __m256i faults(__m256i block, __m256i before)
{
	const __m256i half = _mm256_set1_epi8(0x0f);
	__m256i first = MOVED(block, before, 1);
	__m256i two = _mm256_and_si256(
		_mm256_and_si256(high_of_first(_mm256_and_si256(_mm256_srli_epi16(first, 4), half)),
				 low_of_first(_mm256_and_si256(first, half))),
		high_of_second(_mm256_and_si256(_mm256_srli_epi16(block, 4), half)));
	const __m256i of_three = _mm256_set1_epi8(C(0xe0 - 0x80));
	const __m256i of_four = _mm256_set1_epi8(C(0xf0 - 0x80));
	__m256i third = _mm256_subs_epu8(MOVED(block, before, 2), of_three);
	__m256i fourth = _mm256_subs_epu8(MOVED(block, before, 3), of_four);
	__m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(C(0x80)));
	return _mm256_xor_si256(must, two);
}

/* The text's end is a block filled up with zeros: a character cut off shows as too short. */
WITH_AVX2 static bool valid_avx2(const char *p, size_t n)
{
	__m256i before = _mm256_setzero_si256(), bad = before;
	char last[32] = { 0 };
	size_t at = 0;
	for (; at + 32 <= n; at += 32) {
		__m256i block = _mm256_loadu_si256((const __m256i *)(const void *)(p + at));
		if (_mm256_movemask_epi8(_mm256_or_si256(block, before)))
			bad = _mm256_or_si256(bad, faults(block, before));
		before = block;
	}
	memcpy(last, p + at, n - at);
	__m256i block = _mm256_loadu_si256((const __m256i *)(const void *)last);
	bad = _mm256_or_si256(bad, faults(block, before));
	return _mm256_testz_si256(bad, bad);
}

utf8_valid_fn *utf8_valid_avx2(void)
{
	return __builtin_cpu_supports("avx2") ? valid_avx2 : NULL;
}

#else

utf8_valid_fn *utf8_valid_avx2(void)
{
	return NULL;
}

#endif
