/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utf8_wide.c - whether a long text is UTF-8, 32 or 64 bytes at a time where the
 * processor can.
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

/* What the halves of a byte and of the next one say. */
static const uint8_t high_of_first[16] = {
	TOO_LONG,  TOO_LONG,  TOO_LONG,  TOO_LONG,
	TOO_LONG,  TOO_LONG,  TOO_LONG,  TOO_LONG,
	TWO_CONTS, TWO_CONTS, TWO_CONTS, TWO_CONTS,
	TOO_SHORT | OVERLONG_2,
	TOO_SHORT,
	TOO_SHORT | OVERLONG_3 | SURROGATE,
	TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4,
};

static const uint8_t low_of_first[16] = {
	CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4,
	CARRY | OVERLONG_2,
	CARRY,
	CARRY,
	CARRY | TOO_LARGE,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000 | SURROGATE,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
	CARRY | TOO_LARGE | TOO_LARGE_1000,
};

static const uint8_t high_of_second[16] = {
	TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
	TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
	TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | OVERLONG_4,
	TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE,
	TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE,
	TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE,
	TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
};

#define C(x) ((char)(x))

/* ---- AVX2 ---- */

WITH_AVX2 INLINE __m256i look_up(const uint8_t table[16], __m256i half)
{
	__m128i row = _mm_loadu_si128((const __m128i *)(const void *)table);
	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(row), half);
}

/* The block moved n bytes up, the end of the block before in front. */
#define MOVED(block, before, n) \
	_mm256_alignr_epi8(block, _mm256_permute2x128_si256(before, block, 0x21), 16 - (n))

/* Faults of one block, as bits in bytes. */
WITH_AVX2 INLINE __m256i faults(__m256i block, __m256i before)
{
	const __m256i half = _mm256_set1_epi8(0x0f);
	__m256i first = MOVED(block, before, 1);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(first, 4), half);
	__m256i next = _mm256_and_si256(_mm256_srli_epi16(block, 4), half);
	__m256i two = _mm256_and_si256(
		_mm256_and_si256(look_up(high_of_first, high),
				 look_up(low_of_first, _mm256_and_si256(first, half))),
		look_up(high_of_second, next));
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

/* ---- AVX-512: a block is a line of the cache, and none is looked at to be passed over ---- */

#define WITH_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi")))

WITH_AVX512 INLINE __m512i look_up_wide(const uint8_t table[16], __m512i half)
{
	__m128i row = _mm_loadu_si128((const __m128i *)(const void *)table);
	return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(row), half);
}

/* `before` moved up by a lane (16 bytes), then lanes by n bytes. */
#define MOVED_WIDE(block, lanes, n) _mm512_alignr_epi8(block, lanes, 16 - (n))

enum { AND_3 = 0x80, XOR_AND = 0xf0 ^ (0xcc & 0xaa) }; /* truth tables of three */

WITH_AVX512 INLINE __m512i faults_wide(__m512i block, __m512i before)
{
	const __m512i half = _mm512_set1_epi8(0x0f);
	const __m512i of_three = _mm512_set1_epi8(C(0xe0 - 0x80));
	const __m512i of_four = _mm512_set1_epi8(C(0xf0 - 0x80));
	__m512i lanes = _mm512_alignr_epi64(block, before, 6);
	__m512i first = MOVED_WIDE(block, lanes, 1);
	__m512i high = _mm512_and_si512(_mm512_srli_epi16(first, 4), half);
	__m512i next = _mm512_and_si512(_mm512_srli_epi16(block, 4), half);
	__m512i two = _mm512_ternarylogic_epi32(
		look_up_wide(high_of_first, high),
		look_up_wide(low_of_first, _mm512_and_si512(first, half)),
		look_up_wide(high_of_second, next), AND_3);
	__m512i third = _mm512_subs_epu8(MOVED_WIDE(block, lanes, 2), of_three);
	__m512i fourth = _mm512_subs_epu8(MOVED_WIDE(block, lanes, 3), of_four);
	return _mm512_ternarylogic_epi32(two, _mm512_or_si512(third, fourth),
					 _mm512_set1_epi8(C(0x80)), XOR_AND);
}

WITH_AVX512 static bool valid_avx512(const char *p, size_t n)
{
	__m512i before = _mm512_setzero_si512(), bad = before, block;
	size_t at = 0;
	for (; at + 64 <= n; at += 64) {
		block = _mm512_loadu_si512(p + at);
		bad = _mm512_or_si512(bad, faults_wide(block, before));
		before = block;
	}
	block = _mm512_maskz_loadu_epi8((UINT64_C(1) << (n - at)) - 1, p + at);
	bad = _mm512_or_si512(bad, faults_wide(block, before));
	return _mm512_test_epi8_mask(bad, bad) == 0;
}

utf8_valid_fn *utf8_valid_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
			       __builtin_cpu_supports("avx512vbmi")
		       ? valid_avx512
		       : NULL;
}

#else

utf8_valid_fn *utf8_valid_avx2(void)
{
	return NULL;
}

utf8_valid_fn *utf8_valid_avx512(void)
{
	return NULL;
}

#endif
