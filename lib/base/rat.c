/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rat.c - fractions on 128-bit integers, with overflow checked at each step.
 *
 * Each operation first tries the schoolbook formula as it stands and, if that
 * overflows, once more with everything reduced. Magnitudes are unsigned, where
 * the most negative number has one too.
 */
#include "lib/base/rat.h"

#include <assert.h>

#include "lib/base/dec.h"

typedef unsigned __int128 u128;
typedef __int128 i128;

#define I128_MAX ((i128)(~(u128)0 >> 1))

static u128 magnitude(i128 v)
{
	return v < 0 ? 0 - (u128)v : (u128)v;
}

static u128 gcd(u128 a, u128 b)
{
	while (b) {
		u128 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

struct rat rat_int(int64_t v)
{
	return (struct rat){ v, 1 };
}

struct rat rat_scaled(int64_t v, int scale)
{
	return (struct rat){ v, dec_pow10(scale) };
}

/* False when the magnitude does not fit under the sign. */
static bool with_sign(i128 *out, u128 size, bool minus)
{
	if (size > (u128)I128_MAX + minus)
		return false;
	*out = minus ? (i128)(0 - size) : (i128)size;
	return true;
}

bool rat_make(struct rat *out, i128 num, i128 den)
{
	u128 n = magnitude(num);
	u128 d = magnitude(den);
	struct rat r;

	if (den == 0)
		return false;

	u128 common = gcd(n, d);

	if (!with_sign(&r.num, n / common, (num < 0) != (den < 0) && num != 0) ||
	    !with_sign(&r.den, d / common, false))
		return false;
	*out = r;
	return true;
}

struct rat rat_reduce(struct rat a)
{
	struct rat r = a;

	return rat_make(&r, a.num, a.den) ? r : a;
}

static bool try_mul(struct rat *out, struct rat a, struct rat b)
{
	struct rat r;

	if (__builtin_mul_overflow(a.num, b.num, &r.num) ||
	    __builtin_mul_overflow(a.den, b.den, &r.den))
		return false;
	*out = r;
	return true;
}

bool rat_mul(struct rat *out, struct rat a, struct rat b)
{
	struct rat left, right;

	if (try_mul(out, a, b))
		return true;
	/* Reduced crosswise the product is in lowest terms: if it does not fit, none does. */
	return rat_make(&a, a.num, a.den) && rat_make(&b, b.num, b.den) &&
	       rat_make(&left, a.num, b.den) && rat_make(&right, b.num, a.den) &&
	       try_mul(out, left, right);
}

bool rat_div(struct rat *out, struct rat a, struct rat b)
{
	struct rat inverse = { 1, b.num };

	if (b.den == 1 && b.num > 0)
		return rat_mul(out, a, inverse);
	return b.num != 0 && rat_make(&inverse, b.den, b.num) && rat_mul(out, a, inverse);
}

/* a + b over the least common multiple, common being the gcd of the denominators. */
static bool try_add(struct rat *out, struct rat a, struct rat b, i128 common)
{
	i128 left, right;
	struct rat r;

	if (__builtin_mul_overflow(a.num, b.den / common, &left) ||
	    __builtin_mul_overflow(b.num, a.den / common, &right) ||
	    __builtin_add_overflow(left, right, &r.num) ||
	    __builtin_mul_overflow(a.den, b.den / common, &r.den))
		return false;
	*out = r;
	return true;
}

bool rat_add(struct rat *out, struct rat a, struct rat b)
{
	struct rat r = a;

	if (a.den == b.den && !__builtin_add_overflow(a.num, b.num, &r.num)) {
		*out = r;
		return true;
	}
	if (try_add(out, a, b, 1))
		return true;
	a = rat_reduce(a);
	b = rat_reduce(b);
	return try_add(out, a, b, (i128)gcd((u128)a.den, (u128)b.den));
}

bool rat_sub(struct rat *out, struct rat a, struct rat b)
{
	return !__builtin_sub_overflow(0, b.num, &b.num) && rat_add(out, a, b);
}

/* a/b against c/d by their continued fractions: whole parts, then the inverted rests. */
static int compare_parts(u128 a, u128 b, u128 c, u128 d)
{
	for (int turn = 1;; turn = -turn) {
		u128 left = a / b;
		u128 right = c / d;
		u128 a_rest = a % b;
		u128 c_rest = c % d;

		if (left != right)
			return left < right ? -turn : turn;
		if (!a_rest || !c_rest)
			return turn * ((a_rest != 0) - (c_rest != 0));
		a = b;
		b = a_rest;
		c = d;
		d = c_rest;
	}
}

int rat_sign(struct rat a)
{
	return (a.num > 0) - (a.num < 0);
}

int rat_cmp(struct rat a, struct rat b, bool *ok)
{
	i128 left, right;
	bool fine = a.den > 0 && b.den > 0;

	if (ok)
		*ok = fine;
	if (!fine)
		return 0;
	if (!__builtin_mul_overflow(a.num, b.den, &left) &&
	    !__builtin_mul_overflow(b.num, a.den, &right))
		return (left > right) - (left < right);
	if (rat_sign(a) != rat_sign(b))
		return rat_sign(a) < rat_sign(b) ? -1 : 1;

	int c = compare_parts(magnitude(a.num), (u128)a.den, magnitude(b.num), (u128)b.den);

	return a.num < 0 ? -c : c;
}

/* The next decimal digit of rest/den, rest < den < 2^127; leaves the new rest. */
static unsigned next_digit(u128 *rest, u128 den)
{
	u128 sum = 0;
	unsigned digit = 0;

	if (*rest <= ~(u128)0 / 10) {
		u128 ten = *rest * 10;

		*rest = ten % den;
		return (unsigned)(ten / den);
	}
	for (int i = 0; i < 10; i++) { /* ten times the rest does not fit: add it up */
		sum += *rest;
		if (sum >= den) {
			sum -= den;
			digit++;
		}
	}
	*rest = sum;
	return digit;
}

bool rat_round(struct rat a, int scale, int64_t *out)
{
	u128 den = (u128)a.den;
	u128 whole = magnitude(a.num) / den;
	u128 rest = magnitude(a.num) % den;

	assert(scale >= 0 && scale <= DEC_MAX_SCALE);
	if (whole > INT64_MAX)
		return false;

	int64_t v = (int64_t)whole;

	for (int i = 0; i < scale; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (int64_t)next_digit(&rest, den), &v))
			return false;
	if (rest >= den - rest && __builtin_add_overflow(v, 1, &v))
		return false;
	*out = a.num < 0 ? -v : v;
	return true;
}

static void add_u128(struct buf *b, u128 v)
{
	char digits[40];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + (int)(v % 10));
		v /= 10;
	} while (v);
	buf_add(b, digits + at, sizeof digits - at);
}

/* Adds one at the last of n digits; true when the carry runs out at the front. */
static bool carry_up(char *digits, int n)
{
	while (n-- > 0) {
		if (digits[n] != '9') {
			digits[n]++;
			return false;
		}
		digits[n] = '0';
	}
	return true;
}

void rat_fmt(struct buf *b, struct rat a, int max_frac)
{
	char digits[DEC_MAX_SCALE];
	u128 den = (u128)a.den;
	u128 whole = magnitude(a.num) / den;
	u128 rest = magnitude(a.num) % den;
	int n = max_frac;

	assert(max_frac >= 0 && max_frac <= DEC_MAX_SCALE);
	for (int i = 0; i < n; i++)
		digits[i] = (char)('0' + next_digit(&rest, den));
	if (rest >= den - rest && carry_up(digits, n))
		whole++;
	while (n > 0 && digits[n - 1] == '0')
		n--;
	if (a.num < 0 && (whole || n))
		buf_addc(b, '-');
	add_u128(b, whole);
	if (n)
		buf_addc(b, '.');
	buf_add(b, digits, (size_t)n);
}
