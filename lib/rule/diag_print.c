/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diag_print.c - diagnostics on paper: source line, caret and hints, or JSON.
 *
 * Columns are counted in characters, carets are laid out in terminal cells so that
 * they stand right under CJK text; tabs are copied. A span over several lines is cut
 * at the end of its first.
 */
#include "lib/rule/diag.h"

#include "lib/base/utf8.h"

#define MAX_LINE 600 /* bytes of a source line that are shown */

static const char *const severity_word[2][3] = {
	{ "错误", "警告", "说明" },
	{ "error", "warning", "note" },
};

static const char *word(const struct diag_list *d, const char *zh, const char *en)
{
	return d->english ? en : zh;
}

static void print_margin(struct buf *out, uint32_t line)
{
	if (line == 0)
		buf_adds(out, "      | ");
	else
		buf_addf(out, "%5u | ", line);
}

/* Blanks as wide as `s`, its tabs kept. */
static void print_indent(struct buf *out, struct str s)
{
	while (s.n > 0) {
		uint32_t cp, n = utf8_next(s.p, s.n, &cp);
		int cells = utf8_width(cp);

		if (cp == '\t')
			buf_addc(out, '\t');
		else
			buf_fill(out, ' ', cells > 0 ? (size_t)cells : 0);
		s = str_sub(s, n, s.n - n);
	}
}

/* The text with what is no UTF-8 replaced. */
static void print_text(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t good = utf8_valid_prefix(s.p, s.n);

		buf_add(out, s.p, good);
		if (good == s.n)
			return;
		buf_adds(out, "\xef\xbf\xbd");
		s = str_sub(s, good + 1, s.n);
	}
}

/* The source line with a caret under the span. */
static void print_source(const struct diag_list *d, struct span at, struct buf *out)
{
	struct str text = diag_line(d, at), before, under;
	uint32_t line, col, cells, from;

	diag_place(d, at, &line, &col);
	from = (uint32_t)(d->file[at.file].text.p + at.start - text.p);
	if (str_starts(text, STR("\xef\xbb\xbf"))) {
		from = from >= 3 ? from - 3 : 0;
		text = str_sub(text, 3, text.n - 3);
	}
	if (text.n > MAX_LINE) { /* a window of it */
		uint32_t cut = from > MAX_LINE / 2 ? from - MAX_LINE / 2 : 0;

		while (cut > 0 && ((unsigned char)text.p[cut] & 0xC0) == 0x80)
			cut--;
		text = str_sub(text, cut, MAX_LINE);
		text.n = (uint32_t)utf8_valid_prefix(text.p, text.n);
		from = from - cut < text.n ? from - cut : text.n;
	}
	before = str_sub(text, 0, from);
	under = str_sub(text, from, at.end - at.start);
	print_margin(out, line);
	print_text(out, text);
	buf_addc(out, '\n');
	print_margin(out, 0);
	print_indent(out, before);
	cells = utf8_cells(under);
	buf_fill(out, '^', cells > 0 ? cells : 1);
	buf_addc(out, '\n');
}

static void print_place(const struct diag_list *d, struct span at, struct buf *out)
{
	uint32_t line, col;

	diag_place(d, at, &line, &col);
	buf_addf(out, "  %s:%u:%u\n", d->file[at.file].name, line, col);
}

static void print_hint(const char *label, const char *text, struct buf *out)
{
	if (text != NULL)
		buf_addf(out, "      = %s%s\n", label, text);
}

static void print_one(const struct diag_list *d, const struct diag *x, struct buf *out)
{
	buf_addf(out, "%s[%s] %s\n", severity_word[d->english][diag_severity(x->code)],
		 diag_word(x->code), x->text);
	print_place(d, x->at, out);
	print_source(d, x->at, out);
	print_hint(word(d, "可以写：", "expected: "), x->expected, out);
	print_hint("", x->near, out);
	print_hint(word(d, "建议：", "write: "), x->fixed, out);
	if (x->also.end == 0)
		return;
	print_hint("", x->also_text, out);
	print_place(d, x->also, out);
	print_source(d, x->also, out);
}

void diag_print(const struct diag_list *d, struct buf *out)
{
	for (uint32_t i = 0; i < d->n; i++)
		print_one(d, &d->diag[i], out);
}

static void json_text(const char *key, const char *value, struct buf *out)
{
	if (value == NULL)
		return;
	buf_addf(out, ",\"%s\":", key);
	buf_json(out, str_of(value));
}

static void json_place(const struct diag_list *d, struct span at, struct buf *out)
{
	uint32_t line, col;

	diag_place(d, at, &line, &col);
	buf_adds(out, "\"file\":");
	buf_json(out, str_of(d->file[at.file].name));
	buf_addf(out, ",\"line\":%u,\"column\":%u,\"start\":%u,\"end\":%u", line, col, at.start,
		 at.end);
}

static void json_one(const struct diag_list *d, const struct diag *x, struct buf *out)
{
	buf_addf(out, "{\"code\":\"%s\",\"severity\":\"%s\",", diag_word(x->code),
		 severity_word[1][diag_severity(x->code)]);
	json_place(d, x->at, out);
	json_text("text", x->text, out);
	json_text("expected", x->expected, out);
	json_text("near", x->near, out);
	json_text("fixed", x->fixed, out);
	if (x->also.end > 0) {
		buf_adds(out, ",\"also\":{");
		json_place(d, x->also, out);
		json_text("text", x->also_text, out);
		buf_addc(out, '}');
	}
	buf_addc(out, '}');
}

void diag_json(const struct diag_list *d, struct buf *out)
{
	buf_addc(out, '[');
	for (uint32_t i = 0; i < d->n; i++) {
		buf_adds(out, i > 0 ? ",\n" : "");
		json_one(d, &d->diag[i], out);
	}
	buf_adds(out, "]\n");
}
