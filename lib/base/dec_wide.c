/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dec_wide.c - four decimals at a time where the processor can.
 *
 * Each text of one to eight bytes lies in a lane of its own. The point is found and closed up, the
 * digits are moved to the lane's end and joined to pairs, fours and eights; what stands behind the
 * point says by which power of ten the number is multiplied. Anything else than digits with at
 * most one point is left to dec.c, which also holds the same for one text.
 */
#include "lib/base/dec.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WITH_AVX2 __attribute__((target("avx2")))
#define INLINE static inline __attribute__((always_inline))
#define LANES 4u
#define SCALE_MAX 7 /* as many powers as fit into a register */

struct four {
	__m256i text, n;
};

WITH_AVX2 INLINE __m256i each(int64_t v)
{
	return _mm256_set1_epi64x(v);
}

WITH_AVX2 INLINE __m256i each_byte(char v)
{
	return _mm256_set1_epi8(v);
}

/* False: a text is empty or too long. */
WITH_AVX2 INLINE bool load_four(const struct str *s, struct four *f)
{
	for (unsigned i = 0; i < LANES; i++)
		if (s[i].n - 1u > 7)
			return false;
	f->text = _mm256_setr_epi64x((int64_t)bytes_load(s[0].p, s[0].n),
				     (int64_t)bytes_load(s[1].p, s[1].n),
				     (int64_t)bytes_load(s[2].p, s[2].n),
				     (int64_t)bytes_load(s[3].p, s[3].n));
	f->n = _mm256_setr_epi64x(s[0].n, s[1].n, s[2].n, s[3].n);
	return true;
}

/* Takes the first point out of each text; returns how many digits stand behind it. */
WITH_AVX2 INLINE __m256i close_up(struct four *f)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i dot = _mm256_cmpeq_epi8(f->text, each_byte('.'));
	__m256i below = _mm256_andnot_si256(dot, _mm256_add_epi64(dot, each(-1)));
	__m256i none = _mm256_cmpeq_epi64(dot, zero);
	__m256i at = _mm256_sad_epu8(_mm256_and_si256(below, each_byte(1)), zero);
	f->text = _mm256_or_si256(_mm256_and_si256(f->text, below),
				  _mm256_andnot_si256(below, _mm256_srli_epi64(f->text, 8)));
	f->n = _mm256_sub_epi64(f->n, _mm256_andnot_si256(none, each(1)));
	return _mm256_andnot_si256(none, _mm256_sub_epi64(f->n, at));
}

/* The numbers that the digits are; false when one has others or none. */
WITH_AVX2 INLINE bool join_digits(const struct four *f, __m256i *v)
{
	__m256i room = _mm256_slli_epi64(_mm256_sub_epi64(each(8), f->n), 3);
	__m256i digit = _mm256_xor_si256(_mm256_sllv_epi64(f->text, room),
					 _mm256_sllv_epi64(each_byte('0'), room));
	__m256i right = _mm256_cmpeq_epi8(_mm256_min_epu8(digit, each_byte(9)), digit);
	__m256i some = _mm256_cmpgt_epi64(f->n, _mm256_setzero_si256());
	__m256i pair = _mm256_maddubs_epi16(digit, _mm256_set1_epi16(10 + (1 << 8)));
	__m256i quad = _mm256_madd_epi16(pair, _mm256_set1_epi32(100 + (1 << 16)));
	*v = _mm256_add_epi64(_mm256_mul_epu32(quad, each(10000)), _mm256_srli_epi64(quad, 32));
	return _mm256_movemask_epi8(_mm256_and_si256(right, some)) == -1;
}

WITH_AVX2 static uint32_t many_avx2(const struct str *s, uint32_t n, int scale, int64_t *out)
{
	const __m256i power = _mm256_setr_epi32(1, 10, 100, 1000, 10000, 100000, 1000000, 10000000);
	uint32_t i = 0;
	struct four f;
	__m256i v;
	if (scale > SCALE_MAX)
		return 0;
	for (; i + LANES <= n && load_four(s + i, &f); i += LANES) {
		__m256i missing = _mm256_sub_epi64(each(scale), close_up(&f));
		if (!join_digits(&f, &v) || _mm256_movemask_pd(_mm256_castsi256_pd(missing)))
			break;
		v = _mm256_mul_epu32(v, _mm256_permutevar8x32_epi32(power, missing));
		_mm256_storeu_si256((__m256i *)(void *)(out + i), v);
	}
	return i;
}

dec_usual_fn *dec_usual_avx2(void)
{
	return __builtin_cpu_supports("avx2") ? many_avx2 : NULL;
}

#else

dec_usual_fn *dec_usual_avx2(void)
{
	return NULL;
}

#endif
