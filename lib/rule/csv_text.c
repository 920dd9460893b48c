/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv_text.c - decoding by the feeds' own decoder; repairs line by line.
 *
 * A row with quotes is left as it is: what stands in quotes is meant. A full-width comma becomes
 * a separator only where the row then has as many cells as the header and had not before.
 */
#include "lib/rule/csv_text.h"

#include <string.h>

#include "lib/base/utf8.h"
#include "lib/record/charset.h"

#define WIDE_COMMA "\xef\xbc\x8c"
#define LONGEST_LINE (1u << 20)

/* ---- decoding ---- */

struct decoding {
	struct buf *out;
	bool sound;
};

static bool take(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct decoding *d = ctx;

	(void)e;
	d->sound &= !suspect;
	buf_add(d->out, p, n);
	return true;
}

bool csv_decode(struct buf *text)
{
	struct decoding d = { .sound = true };
	struct charset *cs;
	struct buf out;
	struct flow to = { take, &d };
	struct err e;
	bool ok;

	if (utf8_valid_prefix(buf_cstr(text), text->n) == text->n)
		return false;
	buf_init(&out, 0);
	d.out = &out;
	cs = charset_new(CHARSET_GB18030, LONGEST_LINE);
	ok = charset_push(cs, buf_cstr(text), text->n, to, &e) && charset_finish(cs, to, &e) &&
	     d.sound && utf8_valid_prefix(buf_cstr(&out), out.n) == out.n;
	charset_free(cs);
	if (ok) {
		buf_reset(text);
		buf_addstr(text, buf_str(&out));
	}
	buf_fini(&out);
	return ok;
}

/* ---- repairs ---- */

static uint32_t count_of(struct str line, const char *sign)
{
	uint32_t n = 0;
	int64_t at;

	while ((at = str_find(line, str_of(sign))) >= 0) {
		line = str_sub(line, (size_t)at + strlen(sign), line.n);
		n++;
	}
	return n;
}

static struct str next_line(struct str *rest)
{
	int64_t end = str_chr(*rest, '\n');
	struct str line = end < 0 ? *rest : str_sub(*rest, 0, (size_t)end);

	*rest = end < 0 ? (struct str){ NULL, 0 } : str_sub(*rest, (size_t)end + 1, rest->n);
	return line;
}

/* A cell of nothing but digits and the signs of numbers and codes, some of them full-width. */
static bool is_wide_number(struct str cell)
{
	bool wide = false, digit = false;
	uint32_t cp;

	for (uint32_t at = 0; at < cell.n;) {
		at += utf8_next(cell.p + at, cell.n - at, &cp);
		if (cp >= 0xFF01 && cp <= 0xFF5E) {
			cp -= 0xFF01 - '!';
			wide = true;
		}
		digit |= cp >= '0' && cp <= '9';
		if (!((cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') ||
		      (cp >= 'a' && cp <= 'z') || cp == '.' || cp == '-' || cp == '%'))
			return false;
	}
	return wide && digit;
}

static void add_narrow(struct str cell, struct buf *out)
{
	uint32_t cp;

	for (uint32_t at = 0; at < cell.n;) {
		uint32_t n = utf8_next(cell.p + at, cell.n - at, &cp);

		if (cp >= 0xFF01 && cp <= 0xFF5E)
			buf_addc(out, (char)(cp - 0xFF01 + '!'));
		else
			buf_add(out, cell.p + at, n);
		at += n;
	}
}

static struct str trimmed(struct str s)
{
	struct str was;

	do {
		was = s;
		s = str_trim(s);
		if (str_starts(s, STR("　")))
			s = str_sub(s, 3, s.n);
		if (str_ends(s, STR("　")))
			s = str_sub(s, 0, s.n - 3);
	} while (s.n != was.n);
	return s;
}

static uint32_t repair_cell(struct str cell, struct buf *out)
{
	struct str s = trimmed(cell);

	if (is_wide_number(s)) {
		add_narrow(s, out);
		return 1;
	}
	buf_addstr(out, s);
	return s.n != cell.n;
}

/* Cells are told apart by `,` and, when `wide`, by its full-width twin. */
static uint32_t repair_row(struct str line, bool wide, struct buf *out)
{
	uint32_t made = wide;

	for (;;) {
		int64_t plain = str_chr(line, ','), full = -1;
		uint32_t skip = 1;

		if (wide)
			full = str_find(line, STR(WIDE_COMMA));
		if (full >= 0 && (plain < 0 || full < plain)) {
			plain = full;
			skip = 3;
		}
		if (plain < 0)
			return made + repair_cell(line, out);
		made += repair_cell(str_sub(line, 0, (size_t)plain), out);
		buf_addc(out, ',');
		line = str_sub(line, (size_t)plain + skip, line.n);
	}
}

uint32_t csv_repair(struct str text, struct buf *out)
{
	uint32_t made = 0, columns = 0;

	if (str_starts(text, STR("\xef\xbb\xbf"))) {
		text = str_sub(text, 3, text.n);
		made++;
	}
	while (text.n > 0) {
		struct str line = next_line(&text);
		bool cr = line.n > 0 && line.p[line.n - 1] == '\r';
		uint32_t plain, full;

		line = cr ? str_sub(line, 0, line.n - 1) : line;
		plain = count_of(line, ",");
		full = count_of(line, WIDE_COMMA);
		if (columns == 0) /* the header: full-width signs only when there are no others */
			columns = 1 + (plain > 0 ? plain : full);
		if (str_chr(line, '"') >= 0)
			buf_addstr(out, line);
		else
			made += repair_row(line, full > 0 && plain + 1 != columns &&
						 plain + full + 1 == columns, out);
		buf_adds(out, cr ? "\r\n" : "\n");
	}
	return made;
}
