/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buf.c - a growing byte buffer. Every add is all or nothing, except JSON and CSV
 * strings, which are composed of several adds and leave a cut tail on failure.
 */
#include "lib/base/buf.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/utf8.h"

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max ? max : UINT32_MAX };
}

void buf_fini(struct buf *b)
{
	xfree(b->p);
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

/* Room for n more bytes and the NUL, or the sticky failure. */
static bool make_room(struct buf *b, size_t n)
{
	if (b->failed || n > b->max - b->n) {
		b->failed = true;
		return false;
	}
	GROW(b->p, b->cap, b->n + n + 1);
	return true;
}

static void advance(struct buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (!make_room(b, n))
		return;
	if (n)
		memcpy(b->p + b->n, p, n);
	advance(b, n);
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addstr(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vaddf(b, fmt, args);
	va_end(args);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);

	int n = vsnprintf(NULL, 0, fmt, args);

	if (n < 0)
		b->failed = true;
	else if (make_room(b, (size_t)n)) {
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		advance(b, (size_t)n);
	}
	va_end(again);
}

void buf_addu(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, digits + at, sizeof digits - at);
}

void buf_addi(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_addu(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_fill(struct buf *b, char c, size_t n)
{
	if (!make_room(b, n))
		return;
	memset(b->p + b->n, c, n);
	advance(b, n);
}

/* What stands for an ASCII byte in JSON, or NULL when it stands for itself. */
static const char *json_escape(unsigned char c)
{
	static const char *const escapes[256] = {
		['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
		['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t", [0x7F] = "\\u007f",
	};

	return escapes[c];
}

static bool json_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

#define EACH(byte) ((byte) * UINT64_C(0x0101010101010101))

/* Whether eight bytes all stand for themselves. What borrows from the byte above is none. */
static bool eight_plain(uint64_t v)
{
	uint64_t quote = v ^ EACH('"'), slash = v ^ EACH('\\'), del = v ^ EACH(0x7F);

	return !((v | (v - EACH(0x20)) | (quote - EACH(1)) | (slash - EACH(1)) |
		  (del - EACH(1))) & EACH(0x80));
}

static uint64_t load_eight(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static uint64_t load_four(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Whether the last bytes of a string do, fewer than eight: with some before them once more. */
static bool end_plain(struct str s)
{
	if (s.n >= 8)
		return eight_plain(load_eight(s.p + s.n - 8));
	return s.n >= 4 && eight_plain(load_four(s.p) | load_four(s.p + s.n - 4) << 32);
}

/* How many bytes from the first on stand for themselves. */
static uint32_t plain_bytes(struct str s)
{
	uint32_t at = 0, cp, len;

	while (at < s.n) {
		if (s.n - at >= 8 && eight_plain(load_eight(s.p + at))) {
			at += 8;
			continue;
		}
		if (s.n - at < 8 && end_plain(s))
			return s.n;
		len = (unsigned char)s.p[at] >= 0x80 ? utf8_next(s.p + at, s.n - at, &cp) : 0;
		if (len < 2 && !json_plain((unsigned char)s.p[at]))
			break;
		at += len ? len : 1;
	}
	return at;
}

/* One that does not; returns how many bytes it took. */
static uint32_t json_special(struct buf *b, const char *p, uint32_t n)
{
	unsigned char c = (unsigned char)*p;
	uint32_t cp;
	uint32_t len = utf8_next(p, n, &cp);

	if (c >= 0x80)
		buf_adds(b, "\xEF\xBF\xBD");
	else if (json_escape(c))
		buf_adds(b, json_escape(c));
	else
		buf_addf(b, "\\u%04x", c);
	return len;
}

void buf_json(struct buf *b, struct str s)
{
	uint32_t n = plain_bytes(s);

	if (n == s.n && make_room(b, (size_t)n + 2)) {
		b->p[b->n] = '"';
		if (n)
			memcpy(b->p + b->n + 1, s.p, n);
		b->p[b->n + n + 1] = '"';
		advance(b, (size_t)n + 2);
		return;
	}
	buf_addc(b, '"');
	while (s.n) {
		buf_add(b, s.p, n);
		s = str_make(s.p + n, s.n - n);
		n = s.n ? json_special(b, s.p, s.n) : 0;
		s = str_make(s.p + n, s.n - n);
		n = plain_bytes(s);
	}
	buf_addc(b, '"');
}

static bool csv_needs_quotes(struct str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r')
			return true;
	return s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

void buf_csv(struct buf *b, struct str s)
{
	if (!csv_needs_quotes(s)) {
		buf_addstr(b, s);
		return;
	}
	buf_addc(b, '"');
	for (uint32_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_addc(b, '"');
		buf_addc(b, s.p[i]);
	}
	buf_addc(b, '"');
}

struct str buf_str(const struct buf *b)
{
	return str_make(b->p, b->n);
}

const char *buf_cstr(const struct buf *b)
{
	return b->p ? b->p : "";
}

char *buf_take(struct buf *b, size_t *n)
{
	char *p = b->p ? b->p : xcalloc(1, 1);

	if (n)
		*n = b->n;
	buf_init(b, b->max);
	return p;
}
