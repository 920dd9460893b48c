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

#include "lib/base/str.h"

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
	if (__builtin_parityll(mask)) {
		*to++ = base + (unsigned)__builtin_ctzll(mask);
		mask &= mask - 1;
	}
	for (; mask; mask &= mask - 1, to += 2) { /* two at a time */
		to[0] = base + (unsigned)__builtin_ctzll(mask);
		mask &= mask - 1;
		to[1] = base + (unsigned)__builtin_ctzll(mask);
	}
	return to;
}

/* Lines and rare bytes of a block whose ends are not yet counted. */
INLINE void put_others(struct masks m, uint32_t base, struct text_index *out)
{
	for (uint64_t left = m.line; left; left &= left - 1) {
		uint64_t up_to = m.end & (left ^ (left - 1));
		out->line[out->n_line++] =
			out->n_end + (unsigned)__builtin_popcountll(up_to) - 1;
	}
	if (m.rare)
		out->n_rare = (uint32_t)(put_bits(m.rare, base, out->rare + out->n_rare) -
					 out->rare);
}

INLINE void put_masks(struct masks m, uint32_t base, struct text_index *out)
{
	put_others(m, base, out);
	out->n_end = (uint32_t)(put_bits(m.end, base, out->end + out->n_end) - out->end);
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

/* ---- AVX-512: masks come as they are, and the places of their bits are one instruction ---- */

#define WITH_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,popcnt")))

WITH_AVX512 INLINE struct masks masks_avx512(const char *p, char separator)
{
	__m512i v = _mm512_loadu_si512(p);
	struct masks m;
	m.line = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
	m.end = m.line | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(separator));
	m.rare = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) | _mm512_testn_epi8_mask(v, v);
	return m;
}

/* The places of a byte in a block, ascending. */
static const uint8_t places[BLOCK] = {
	0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
	22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
	44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

WITH_AVX512 INLINE void put_masks_avx512(struct masks m, uint32_t base, struct text_index *out)
{
	uint32_t n = (uint32_t)__builtin_popcountll(m.end);
	uint32_t *end = out->end + out->n_end;
	__m512i at = _mm512_maskz_compress_epi8(m.end, _mm512_loadu_si512(places));
	at = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(at));
	put_others(m, base, out);
	out->n_end += n;
	_mm512_storeu_si512(end, _mm512_add_epi32(_mm512_set1_epi32((int)base), at));
	if (n > 16) /* as good as never */
		put_bits(m.end, base, end);
}

WITH_AVX512 static void index_avx512(const char *p, size_t n, char separator,
				     struct text_index *out)
{
	char last[BLOCK];
	size_t at = 0;
	assert(n <= INDEX_MAX);
	out->n_end = out->n_line = out->n_rare = 0;
	for (; at + BLOCK <= n && out->n_line < INDEX_LINES; at += BLOCK)
		put_masks_avx512(masks_avx512(p + at, separator), (uint32_t)at, out);
	if (at == n || out->n_line >= INDEX_LINES)
		return;
	memset(last, 'x' == separator ? 'y' : 'x', sizeof last);
	memcpy(last, p + at, n - at);
	put_masks_avx512(masks_avx512(last, separator), (uint32_t)at, out);
}

text_index_fn *text_index_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
			       __builtin_cpu_supports("avx512vbmi2") &&
			       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")
		       ? index_avx512
		       : NULL;
}

#else

text_index_fn *text_index_avx2(void)
{
	return NULL;
}

text_index_fn *text_index_avx512(void)
{
	return NULL;
}

#endif

/* The high bit of each byte that is zero; bits above the lowest may be wrong. */
static inline uint64_t first_zero(uint64_t x)
{
	return (x - all_bytes(1)) & ~x & all_bytes((char)0x80);
}

size_t text_stop(const char *p, size_t from, size_t n, char separator)
{
	for (; from + 8 <= n; from += 8) {
		uint64_t word = bytes_load(p + from, 8);
		uint64_t stop = first_zero(word ^ all_bytes(separator)) |
				first_zero(word ^ all_bytes('\n')) |
				first_zero(word ^ all_bytes('"'));
		if (stop)
			return from + (unsigned)__builtin_ctzll(stop) / 8;
	}
	while (from < n && p[from] != separator && p[from] != '\n' && p[from] != '"')
		from++;
	return from;
}

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
	text_index_fn *fast = text_index_avx512();
	if (!fast)
		fast = text_index_avx2();
	return fast ? fast : text_index_portable;
}
