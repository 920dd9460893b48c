/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pgcopy.c - big-endian integers, base-10000 numerics, days and microseconds since 2000.
 */
#include "daemon/sink/pgcopy.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "lib/base/dec.h"
#include "lib/base/utf8.h"

#define DAYS_1970_TO_2000 10957
#define SECS_1970_TO_2000 (INT64_C(10957) * SECS_PER_DAY)
#define MICROS INT64_C(1000000)
#define SHORT_TEXT 60u
#define OID_TEXT 25u
#define NUMERIC_NEGATIVE 0x4000u
#define NUMERIC_DIGITS 8 /* base-10000 digits of an int64 at any scale, with room */

static const char signature[11] = "PGCOPY\n\377\r\n"; /* and its NUL */

static void add16(struct buf *b, uint16_t v)
{
	v = htobe16(v);
	buf_add(b, &v, sizeof v);
}

static void add32(struct buf *b, uint32_t v)
{
	v = htobe32(v);
	buf_add(b, &v, sizeof v);
}

void pgcopy_begin(struct buf *b)
{
	buf_add(b, signature, sizeof signature);
	add32(b, 0); /* flags */
	add32(b, 0); /* no header extension */
}

void pgcopy_end(struct buf *b)
{
	add16(b, UINT16_MAX);
}

void pgcopy_row(struct buf *b, unsigned columns)
{
	add16(b, (uint16_t)columns);
}

void pgcopy_null(struct buf *b)
{
	add32(b, UINT32_MAX);
}

void pgcopy_bool(struct buf *b, bool v)
{
	add32(b, 1);
	buf_addc(b, v ? 1 : 0);
}

/* Values are put together first: one addition to the buffer each. */
void pgcopy_int(struct buf *b, int32_t v)
{
	uint32_t both[2] = { htobe32(sizeof v), htobe32((uint32_t)v) };
	buf_add(b, both, sizeof both);
}

void pgcopy_bigint(struct buf *b, int64_t v)
{
	uint32_t all[3] = { htobe32(sizeof v), htobe32((uint32_t)((uint64_t)v >> 32)),
			    htobe32((uint32_t)v) };
	buf_add(b, all, sizeof all);
}

void pgcopy_bytes(struct buf *b, const void *p, size_t n)
{
	char both[4 + SHORT_TEXT];
	uint32_t size = htobe32((uint32_t)n);
	if (n > SHORT_TEXT) {
		add32(b, (uint32_t)n);
		buf_add(b, p, n);
		return;
	}
	memcpy(both, &size, sizeof size);
	if (n)
		memcpy(both + 4, p, n);
	buf_add(b, both, 4 + n);
}

void pgcopy_text(struct buf *b, struct str s)
{
	pgcopy_bytes(b, s.n ? s.p : "", s.n);
}

void pgcopy_texts(struct buf *b, const struct str *s, uint32_t n)
{
	uint32_t bytes = 12;
	if (n > 0)
		bytes += 8;
	for (uint32_t i = 0; i < n; i++)
		bytes += 4 + s[i].n;
	add32(b, bytes);
	add32(b, n ? 1 : 0); /* dimensions */
	add32(b, 0);         /* no NULLs */
	add32(b, OID_TEXT);
	if (n > 0) {
		add32(b, n);
		add32(b, 1); /* lower bound */
	}
	for (uint32_t i = 0; i < n; i++)
		pgcopy_text(b, s[i]);
}

/* The four-digit groups of whole.fraction, most significant first. */
static unsigned numeric_digits(uint64_t v, int scale, uint16_t digit[NUMERIC_DIGITS], int *weight)
{
	uint16_t whole[NUMERIC_DIGITS];
	uint64_t unit = (uint64_t)dec_pow10(scale), ip, fp;
	unsigned n = 0, n_whole = 0;

	if (scale == 6) { /* most are: by a constant it costs a tenth */
		ip = v / 1000000;
		fp = v % 1000000;
	} else {
		ip = v / unit;
		fp = v % unit;
	}

	while (ip > 0) {
		whole[n_whole++] = (uint16_t)(ip % 10000);
		ip /= 10000;
	}
	while (n_whole > n) {
		digit[n] = whole[n_whole - 1 - n];
		n++;
	}
	*weight = (int)n_whole - 1;
	for (int groups = (scale + 3) / 4; groups > 0 && fp > 0; groups--) {
		fp *= 10000;
		uint64_t group = scale == 6 ? fp / 1000000 : fp / unit;
		digit[n++] = (uint16_t)group;
		fp -= group * unit;
	}
	while (n > 0 && digit[n - 1] == 0)
		n--;
	return n;
}

size_t pgcopy_put_numeric(char *to, int64_t v, int scale)
{
	uint16_t digit[NUMERIC_DIGITS];
	int weight;

	assert(scale >= 0 && scale <= 8);
	unsigned n = numeric_digits(v < 0 ? (uint64_t)-v : (uint64_t)v, scale, digit, &weight);
	uint16_t all[6 + NUMERIC_DIGITS] = {
		0, htobe16((uint16_t)(8 + 2 * n)), htobe16((uint16_t)n),
		htobe16((uint16_t)weight), htobe16(v < 0 ? NUMERIC_NEGATIVE : 0),
		htobe16((uint16_t)scale),
	};
	for (unsigned i = 0; i < n; i++)
		all[6 + i] = htobe16(digit[i]);
	_Static_assert(sizeof all <= PGCOPY_VALUE_MAX, "a numeric is the largest value");
	memcpy(to, all, sizeof all);
	return (6 + n) * sizeof *all;
}

void pgcopy_numeric(struct buf *b, int64_t v, int scale)
{
	char bytes[PGCOPY_VALUE_MAX];
	if (v == MISSING_I64)
		pgcopy_null(b);
	else
		buf_add(b, bytes, pgcopy_put_numeric(bytes, v, scale));
}

int64_t pgcopy_micros(int64_t secs)
{
	return (secs - SECS_1970_TO_2000) * MICROS;
}

int32_t pgcopy_days(int32_t days)
{
	return days - DAYS_1970_TO_2000;
}

void pgcopy_timestamp(struct buf *b, int64_t secs)
{
	if (secs == MISSING_I64)
		pgcopy_null(b);
	else
		pgcopy_bigint(b, pgcopy_micros(secs));
}

void pgcopy_instant(struct buf *b, int64_t micros)
{
	pgcopy_bigint(b, micros - SECS_1970_TO_2000 * MICROS);
}

void pgcopy_date(struct buf *b, int32_t days)
{
	if (days == MISSING_I32)
		pgcopy_null(b);
	else
		pgcopy_int(b, pgcopy_days(days));
}

bool pgcopy_clean(struct str s, struct buf *out)
{
	if (utf8_valid(s.p, s.n) && (s.n == 0 || !memchr(s.p, 0, s.n)))
		return true;
	for (uint32_t at = 0; at < s.n;) {
		uint32_t cp;
		char bytes[4];
		uint32_t n = utf8_next(s.p + at, s.n - at, &cp);
		buf_add(out, bytes, utf8_put(bytes, cp ? cp : 0x2400));
		at += n;
	}
	return false;
}

/* ---- reading ---- */

static bool take(struct pgrow *r, void *to, size_t n)
{
	if (r->failed || (size_t)(r->end - r->p) < n) {
		r->failed = true;
		memset(to, 0, n);
		return false;
	}
	memcpy(to, r->p, n);
	r->p += n;
	return true;
}

static uint16_t take16(struct pgrow *r)
{
	uint16_t v;
	(void)take(r, &v, sizeof v);
	return be16toh(v);
}

static uint32_t take32(struct pgrow *r)
{
	uint32_t v;
	(void)take(r, &v, sizeof v);
	return be32toh(v);
}

bool pgrow_begin(struct pgrow *r, const char *p, size_t n, bool *started)
{
	*r = (struct pgrow){ .p = p, .end = p + n };
	if (!*started) {
		char head[sizeof signature];
		*started = true;
		r->failed = !take(r, head, sizeof head) ||
			    memcmp(head, signature, sizeof head) != 0;
		(void)take32(r);
		uint32_t extension = take32(r);
		if (r->failed || extension > (size_t)(r->end - r->p)) {
			r->failed = true;
			return false;
		}
		r->p += extension;
		if (r->p == r->end)
			return false; /* the header came alone */
	}
	r->columns = take16(r);
	return !r->failed && r->columns != UINT16_MAX;
}

bool pgrow_bytes(struct pgrow *r, struct str *s)
{
	uint32_t n = take32(r);
	*s = (struct str){ NULL, 0 };
	if (r->failed || n == UINT32_MAX)
		return false;
	if (n > (size_t)(r->end - r->p)) {
		r->failed = true;
		return false;
	}
	*s = (struct str){ r->p, n };
	r->p += n;
	return true;
}

/* The value's bytes when it is there and has the right size. */
static bool sized(struct pgrow *r, void *to, size_t n)
{
	struct str s;
	if (!pgrow_bytes(r, &s))
		return false;
	if (s.n != n) {
		r->failed = true;
		return false;
	}
	memcpy(to, s.p, n);
	return true;
}

struct str pgrow_text(struct pgrow *r)
{
	struct str s;
	(void)pgrow_bytes(r, &s);
	return s;
}

bool pgrow_bool(struct pgrow *r)
{
	char v;
	return sized(r, &v, sizeof v) && v;
}

int32_t pgrow_int(struct pgrow *r)
{
	uint32_t v;
	return sized(r, &v, sizeof v) ? (int32_t)be32toh(v) : 0;
}

int64_t pgrow_bigint(struct pgrow *r)
{
	uint64_t v;
	return sized(r, &v, sizeof v) ? (int64_t)be64toh(v) : MISSING_I64;
}

/* Value of one base-10000 digit in units of 10^-scale, added to *sum; false on overflow. */
static bool numeric_add(int64_t *sum, uint16_t digit, int power, int scale)
{
	int tens = power * 4 + scale; /* digit * 10^tens */
	int64_t part = digit;
	if (tens < 0) { /* below the scale: only zeros can stand there */
		int64_t cut = tens > -4 ? dec_pow10(-tens) : 10000;
		if (part % cut != 0)
			return false;
		part /= cut;
	} else if (tens > 18 || __builtin_mul_overflow(part, dec_pow10(tens), &part)) {
		return false;
	}
	return !__builtin_add_overflow(*sum, part, sum);
}

int64_t pgrow_numeric(struct pgrow *r, int scale)
{
	struct str s;
	int64_t sum = 0;
	if (!pgrow_bytes(r, &s))
		return MISSING_I64;
	struct pgrow v = { .p = s.p, .end = s.p + s.n };
	unsigned n = take16(&v);
	int weight = (int16_t)take16(&v);
	uint16_t sign = take16(&v);
	(void)take16(&v);
	for (unsigned i = 0; i < n; i++)
		if (!numeric_add(&sum, take16(&v), weight - (int)i, scale))
			v.failed = true;
	if (v.failed || (sign != 0 && sign != NUMERIC_NEGATIVE)) {
		r->failed = true;
		return MISSING_I64;
	}
	return sign ? -sum : sum;
}

int64_t pgrow_timestamp(struct pgrow *r)
{
	int64_t v = pgrow_bigint(r);
	if (v == MISSING_I64)
		return v;
	int64_t secs = v / MICROS;
	if (v % MICROS < 0)
		secs--;
	return secs + SECS_1970_TO_2000;
}

int32_t pgrow_date(struct pgrow *r)
{
	uint32_t v;
	return sized(r, &v, sizeof v) ? (int32_t)be32toh(v) + DAYS_1970_TO_2000 : MISSING_I32;
}

uint32_t pgrow_texts(struct pgrow *r, struct str *out, uint32_t max)
{
	struct str s;
	if (!pgrow_bytes(r, &s))
		return 0;
	struct pgrow v = { .p = s.p, .end = s.p + s.n };
	uint32_t dims = take32(&v);
	(void)take32(&v);
	(void)take32(&v);
	if (dims == 0)
		return 0;
	uint32_t n = take32(&v);
	(void)take32(&v);
	if (dims != 1 || n > max)
		v.failed = true;
	for (uint32_t i = 0; i < n && !v.failed; i++)
		out[i] = pgrow_text(&v);
	r->failed |= v.failed;
	return v.failed ? 0 : n;
}
