/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dec.c - text to scaled integer and back, by integer arithmetic alone.
 */
#include "lib/base/dec.h"

#include <assert.h>
#include <string.h>

static const int64_t pow10_table[DEC_MAX_SCALE + 1] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
	10000000000000000,
	100000000000000000,
	1000000000000000000,
};

int64_t dec_pow10(int n)
{
	assert(n >= 0 && n <= DEC_MAX_SCALE);
	return pow10_table[n];
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Magnitude being read; fraction digits past the scale must be zeros. */
struct reading {
	int64_t value;
	int digits;   /* seen in all */
	int fraction; /* of them behind the point and taken into value */
	bool point;
};

static bool take_digit(struct reading *r, char c, int scale)
{
	r->digits++;
	if (r->point && r->fraction == scale)
		return c == '0';
	r->fraction += r->point;
	return !__builtin_mul_overflow(r->value, 10, &r->value) &&
	       !__builtin_add_overflow(r->value, c - '0', &r->value);
}

static bool take_char(struct reading *r, char c, int scale)
{
	if (is_digit(c))
		return take_digit(r, c, scale);
	if (c != '.' || r->point)
		return false;
	r->point = true;
	return true;
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* The usual form, at most eight digits and point in all, taken together without a branch for each.
 * False says nothing: the long way decides. */
static inline bool parse_usual(struct str s, int scale, int64_t *out)
{
	if (s.n == 0 || s.n > 8)
		return false;

	uint64_t word = bytes_load(s.p, s.n), differ = word ^ EACH_BYTE * '.';
	uint64_t points = (differ - EACH_BYTE) & ~differ & EACH_BYTE * 0x80;
	unsigned digits = s.n, fraction = 0;

	if (points) {
		unsigned at = (unsigned)__builtin_ctzll(points) / 8;
		uint64_t before = (UINT64_C(1) << at * 8) - 1;

		word = (word & before) | (word >> 8 & ~before);
		fraction = s.n - 1 - at;
		digits--;
	}
	if (digits == 0 || fraction > (unsigned)scale || (unsigned)scale - fraction > 10)
		return false;

	uint64_t v = word << (8 - digits) * 8; /* the last digit into the highest byte */
	uint64_t zeros = EACH_BYTE * '0' << (8 - digits) * 8;

	v ^= zeros;
	if (((v + EACH_BYTE * 0x76) | v) & EACH_BYTE * 0x80)
		return false;
	v = v * 10 + (v >> 8); /* pairs in every other byte, then fours, then all */
	v = ((v & UINT64_C(0x000000ff000000ff)) * (100 + (UINT64_C(1000000) << 32)) +
	     (v >> 16 & UINT64_C(0x000000ff000000ff)) * (1 + (UINT64_C(10000) << 32))) >>
	    32;
	*out = (int64_t)v * dec_pow10(scale - (int)fraction);
	return true;
}

bool dec_parse(struct str s, int scale, int64_t *out)
{
	struct reading r = { 0 };
	bool minus = false;

	assert(scale >= 0 && scale <= DEC_MAX_SCALE);
	if (parse_usual(s, scale, out))
		return true;
	s = str_trim(s);
	if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
		minus = s.p[0] == '-';
		s = str_sub(s, 1, s.n);
	}
	for (uint32_t i = 0; i < s.n; i++)
		if (!take_char(&r, s.p[i], scale))
			return false;
	if (!r.digits ||
	    __builtin_mul_overflow(r.value, dec_pow10(scale - r.fraction), &r.value))
		return false;
	*out = minus ? -r.value : r.value;
	return true;
}

enum { ALONE = 4 }; /* texts taken one by one where the wide way stops */

uint32_t dec_parse_many(const struct str *s, uint32_t n, int scale, int64_t *out)
{
	dec_usual_fn *wide = dec_usual_avx2();

	for (uint32_t i = 0; i < n;) {
		i += wide ? wide(s + i, n - i, scale, out + i) : 0;

		uint32_t end = n - i < ALONE ? n : i + ALONE;

		for (; i < end; i++)
			if (!parse_usual(s[i], scale, &out[i]) && !dec_parse(s[i], scale, &out[i]))
				return i;
	}
	return n;
}

void dec_add(struct buf *b, int64_t v, int scale, int min_frac)
{
	uint64_t unit = (uint64_t)dec_pow10(scale);
	uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	uint64_t rest = size % unit;
	char digits[DEC_MAX_SCALE];
	int keep = scale;

	for (int i = scale; i-- > 0; rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	while (keep > min_frac && digits[keep - 1] == '0')
		keep--;
	if (v < 0)
		buf_addc(b, '-');
	buf_addu(b, size / unit);
	if (keep || min_frac > 0)
		buf_addc(b, '.');
	buf_add(b, digits, (size_t)keep);
	if (min_frac > scale)
		buf_fill(b, '0', (size_t)(min_frac - scale));
}

static int64_t narrow(int64_t v, int64_t unit)
{
	int64_t rest = v % unit;
	int64_t away = v < 0 ? -1 : 1;
	int64_t size = rest < 0 ? -rest : rest;

	return v / unit + (size >= unit - size ? away : 0);
}

int64_t dec_round(int64_t v, int from_scale, int to_scale)
{
	int64_t wide;

	if (to_scale < from_scale)
		return narrow(v, dec_pow10(from_scale - to_scale));
	if (__builtin_mul_overflow(v, dec_pow10(to_scale - from_scale), &wide))
		return INT64_MIN;
	return wide;
}
