/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * index.c - compare a block with the wanted bytes, then walk the set bits.
 *
 * A block is 64 bytes and three masks of 64 bits, whoever makes the masks: the walk is the
 * same for both ways. The last, partial block is copied so that nothing behind p[n) is read.
 */
#include "lib/record/index.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define HAS_AVX2 1
#endif

#define BLOCK 64u

struct masks {
	uint64_t end, line, rare;
};

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t *put_bits(uint64_t mask, uint32_t base, uint32_t *to)
{
	for (; mask; mask &= mask - 1)
		*to++ = base + (unsigned)__builtin_ctzll(mask);
	return to;
}

INLINE void put_masks(struct masks m, uint32_t base, struct text_index *out)
{
	uint32_t *end = out->end + out->n_end;
	for (uint64_t left = m.line; left; left &= left - 1) {
		uint64_t up_to = m.end & (left ^ (left - 1));
		out->line[out->n_line++] =
			out->n_end + (unsigned)__builtin_popcountll(up_to) - 1;
	}
	out->n_end = (uint32_t)(put_bits(m.end, base, end) - out->end);
	if (m.rare)
		out->n_rare = (uint32_t)(put_bits(m.rare, base, out->rare + out->n_rare) -
					 out->rare);
}

/* ---- eight bytes at a time ---- */

/* A bit per byte of x that is zero: the high bits, gathered into the low eight. */
static inline uint64_t zero_bytes(uint64_t x)
{
	const uint64_t low7 = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t high = ~(((x & low7) + low7) | x | low7);
	return (high >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline uint64_t all_bytes(char c)
{
	return (unsigned char)c * UINT64_C(0x0101010101010101);
}

static struct masks masks_portable(const char *p, char separator)
{
	struct masks m = { 0, 0, 0 };
	for (unsigned i = 0; i < BLOCK; i += 8) {
		uint64_t word;
		memcpy(&word, p + i, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		word = __builtin_bswap64(word);
#endif
		uint64_t line = zero_bytes(word ^ all_bytes('\n'));
		m.line |= line << i;
		m.end |= (line | zero_bytes(word ^ all_bytes(separator))) << i;
		m.rare |= (zero_bytes(word ^ all_bytes('"')) | zero_bytes(word)) << i;
	}
	return m;
}

void text_index_portable(const char *p, size_t n, char separator, struct text_index *out)
{
	char last[BLOCK];
	size_t at = 0;
	assert(n <= INDEX_MAX);
	out->n_end = out->n_line = out->n_rare = 0;
	for (; at + BLOCK <= n && out->n_line < INDEX_LINES; at += BLOCK)
		put_masks(masks_portable(p + at, separator), (uint32_t)at, out);
	if (at == n || out->n_line >= INDEX_LINES)
		return;
	memset(last, 'x' == separator ? 'y' : 'x', sizeof last);
	memcpy(last, p + at, n - at);
	put_masks(masks_portable(last, separator), (uint32_t)at, out);
}

/* ---- AVX2 ---- */

#ifdef HAS_AVX2

#define WITH_AVX2 __attribute__((target("avx2,bmi,popcnt")))

WITH_AVX2 static inline uint64_t equal_bytes(__m256i a, __m256i b, __m256i to)
{
	uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, to));
	uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, to));
	return low | (uint64_t)high << 32;
}

WITH_AVX2 static inline bool any_rare(__m256i a, __m256i b)
{
	const __m256i quote = _mm256_set1_epi8('"');
	__m256i nul = _mm256_cmpeq_epi8(_mm256_min_epu8(a, b), _mm256_setzero_si256());
	__m256i any = _mm256_or_si256(_mm256_cmpeq_epi8(a, quote), _mm256_cmpeq_epi8(b, quote));
	any = _mm256_or_si256(any, nul);
	return !_mm256_testz_si256(any, any);
}

WITH_AVX2 static inline struct masks masks_avx2(const char *p, char separator)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	struct masks m;
	m.line = equal_bytes(a, b, _mm256_set1_epi8('\n'));
	m.end = m.line | equal_bytes(a, b, _mm256_set1_epi8(separator));
	m.rare = 0;
	if (any_rare(a, b))
		m.rare = equal_bytes(a, b, _mm256_set1_epi8('"')) |
			 equal_bytes(a, b, _mm256_setzero_si256());
	return m;
}

WITH_AVX2 static void index_avx2(const char *p, size_t n, char separator, struct text_index *out)
{
	char last[BLOCK];
	size_t at = 0;
	assert(n <= INDEX_MAX);
	out->n_end = out->n_line = out->n_rare = 0;
	for (; at + BLOCK <= n && out->n_line < INDEX_LINES; at += BLOCK)
		put_masks(masks_avx2(p + at, separator), (uint32_t)at, out);
	if (at == n || out->n_line >= INDEX_LINES)
		return;
	memset(last, 'x' == separator ? 'y' : 'x', sizeof last);
	memcpy(last, p + at, n - at);
	put_masks(masks_avx2(last, separator), (uint32_t)at, out);
}

text_index_fn *text_index_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
			       __builtin_cpu_supports("popcnt")
		       ? index_avx2
		       : NULL;
}

#else

text_index_fn *text_index_avx2(void)
{
	return NULL;
}

#endif

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* In a stretch so short that a byte can count the line ends of each place. */
static uint64_t lines_of(const char *p, size_t blocks)
{
	bytes16 few = { 0 }, x;
	uint64_t lines = 0;
	for (size_t i = 0; i < blocks; i++) {
		memcpy(&x, p + i * sizeof x, sizeof x);
		few -= (bytes16)(x == '\n');
	}
	for (unsigned i = 0; i < sizeof few; i++)
		lines += few[i];
	return lines;
}

uint64_t text_lines(const char *p, size_t n)
{
	const size_t most = 255 * sizeof(bytes16);
	uint64_t lines = 0;
	size_t at = 0;
	for (size_t some; (some = n - at) >= sizeof(bytes16); at += some) {
		some = (some < most ? some : most) & ~(sizeof(bytes16) - 1);
		lines += lines_of(p + at, some / sizeof(bytes16));
	}
	for (; at < n; at++)
		lines += p[at] == '\n';
	return lines;
}

text_index_fn *text_index_best(void)
{
	text_index_fn *fast = text_index_avx2();
	return fast ? fast : text_index_portable;
}
