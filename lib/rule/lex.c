/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lex.c - one token at a time, straight from the text.
 *
 * Each character is first folded to its ASCII twin; what a folded character means
 * is decided in one table.
 */
#include "lib/rule/lex.h"

#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/base/utf8.h"

#define TAB_CELLS 8
#define MAX_DIGITS 18

struct character {
	uint32_t cp;    /* folded */
	uint32_t raw;
	uint32_t bytes; /* 0 at the limit */
};

static const struct {
	uint32_t from, to;
} twins[] = {
	{ 0x3000, ' ' }, { 0x00A0, ' ' }, { 0x3001, ',' }, { 0x2212, '-' }, { 0x2013, '-' },
	{ 0x2014, '-' }, { 0x00D7, '*' }, { 0x00F7, '/' }, { 0x201C, '"' }, { 0x201D, '"' },
	{ 0x3010, '[' }, { 0x3011, ']' }, { 0x2267, 0x2265 }, { 0x2A7E, 0x2265 },
	{ 0x2266, 0x2264 }, { 0x2A7D, 0x2264 }, { 0x300E, 0x300C }, { 0x300F, 0x300D },
};

static uint32_t fold(uint32_t cp)
{
	if (cp < 0x80)
		return cp;
	if (cp >= 0xFF01 && cp <= 0xFF5E)
		return cp - 0xFF01 + '!';
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
		if (twins[i].from == cp)
			return twins[i].to;
	return cp;
}

static struct character look(const struct lexer *l, uint32_t pos)
{
	struct character c = { 0 };

	if (pos >= l->limit)
		return c;
	c.bytes = utf8_next(l->text + pos, l->limit - pos, &c.raw);
	c.cp = fold(c.raw);
	return c;
}

static bool is_digit(uint32_t cp)
{
	return cp >= '0' && cp <= '9';
}

static bool is_letter(uint32_t cp)
{
	return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || cp == '_';
}

/* Non-ASCII characters that are no punctuation belong to words. */
static bool is_word(uint32_t cp)
{
	if (cp < 0x80)
		return is_letter(cp) || is_digit(cp);
	if (cp >= 0x2000 && cp <= 0x2BFF) /* only letterlike signs, Roman and circled numerals */
		return (cp >= 0x2100 && cp <= 0x218F) || (cp >= 0x2460 && cp <= 0x24FF);
	if (cp >= 0x3000 && cp <= 0x303F)
		return cp == 0x3005 || cp == 0x3007;
	return cp > 0xBF && cp != 0xFEFF && cp != UTF8_BAD;
}

void lex_init(struct lexer *l, uint32_t file, struct arena *arena, struct diag_list *d)
{
	struct str text = d->file[file].text;

	*l = (struct lexer){
		.text = text.p, .n = text.n, .limit = text.n, .file = file, .arena = arena, .d = d,
		.fresh = true,
	};
	if (str_starts(text, STR("\xef\xbb\xbf")))
		l->pos = l->line_start = 3;
}

void lex_seek(struct lexer *l, uint32_t pos)
{
	uint32_t start = pos;

	while (start > 0 && l->text[start - 1] != '\n')
		start--;
	l->pos = pos;
	l->line_start =
		start == 0 && l->n >= 3 && memcmp(l->text, "\xef\xbb\xbf", 3) == 0 ? 3 : start;
	l->fresh = true;
	for (uint32_t p = l->line_start; p < pos; ) {
		struct character c = look(l, p);

		if (c.cp != ' ' && c.cp != '\t')
			l->fresh = false;
		p += c.bytes > 0 ? c.bytes : 1;
	}
}

uint32_t lex_line_end(const struct lexer *l, uint32_t pos)
{
	const char *end = pos < l->n ? memchr(l->text + pos, '\n', l->n - pos) : NULL;
	uint32_t e = end == NULL ? l->n : (uint32_t)(end - l->text);

	return e > pos && l->text[e - 1] == '\r' ? e - 1 : e;
}

struct str lex_text(const struct lexer *l, struct span at)
{
	return str_make(l->text + at.start, at.end - at.start);
}

const char *lex_shown(const struct lexer *l, const struct token *t)
{
	if (t->kind == TOKEN_END)
		return l->d->english ? "the end of the line" : "行末";
	return arena_str(&l->d->arena, lex_text(l, t->at)).p;
}

/* Cells from the start of a line to its first character that is no blank. */
static uint32_t indent_of(const struct lexer *l, uint32_t line, uint32_t upto)
{
	uint32_t cells = 0;

	while (line < upto) {
		struct character c = look(l, line);

		if (c.cp == '\t')
			cells += TAB_CELLS - cells % TAB_CELLS;
		else
			cells += (uint32_t)utf8_width(c.raw);
		line += c.bytes > 0 ? c.bytes : 1;
	}
	return cells;
}

/* Offset of the first character of a line that is no blank, or of its end. */
static uint32_t line_body(const struct lexer *l, uint32_t pos, uint32_t end)
{
	while (pos < end) {
		struct character c = look(l, pos);

		if (c.cp != ' ' && c.cp != '\t' && c.cp != '\r')
			return pos;
		pos += c.bytes;
	}
	return end;
}

uint32_t lex_block_end(const struct lexer *l, const struct token *t)
{
	uint32_t pos = t->at.start, comment = UINT32_MAX; /* comments at the end are not in it */

	for (;;) {
		const char *nl = memchr(l->text + pos, '\n', l->limit - pos);
		uint32_t end, body;

		if (nl == NULL)
			return comment < l->limit ? comment : l->limit;
		pos = (uint32_t)(nl - l->text) + 1;
		end = lex_line_end(l, pos);
		end = end < l->limit ? end : l->limit;
		body = line_body(l, pos, end);
		if (body == end)
			continue;
		if (look(l, body).cp == '#')
			comment = comment < pos ? comment : pos;
		else if (indent_of(l, pos, body) <= t->indent)
			return comment < pos ? comment : pos;
		else
			comment = UINT32_MAX;
	}
}

static void skip_blanks(struct lexer *l)
{
	bool blank = false; /* a comment's # stands behind a blank or at the start of a line */

	for (;;) {
		struct character c = look(l, l->pos);

		if (c.bytes == 0)
			return;
		if (c.cp == '#' && (blank || l->fresh)) {
			l->pos = lex_line_end(l, l->pos);
			l->pos = l->pos < l->limit ? l->pos : l->limit;
			continue;
		}
		if (c.cp != ' ' && c.cp != '\t' && c.cp != '\r' && c.cp != '\n')
			return;
		blank = true;
		l->pos += c.bytes;
		if (c.cp == '\n') {
			l->line_start = l->pos;
			l->fresh = true;
		}
	}
}

static void bad(struct lexer *l, struct token *t, enum diag_code code)
{
	t->kind = TOKEN_BAD;
	diag_add(l->d, t->at, code, lex_shown(l, t));
}

/* The folded text of a span, in the arena. */
static struct str folded(struct lexer *l, uint32_t from, uint32_t to)
{
	char *out = arena_alloc(l->arena, (size_t)(to - from) + 1);
	uint32_t n = 0;

	while (from < to) {
		struct character c = look(l, from);
		char bytes[4];
		uint32_t k = utf8_put(bytes, c.cp);

		memcpy(out + n, bytes, k);
		n += k;
		from += c.bytes;
	}
	return str_make(out, n);
}

static void read_word(struct lexer *l, struct token *t)
{
	uint32_t before = 0;

	for (;;) {
		struct character c = look(l, l->pos);

		if (c.raw == '-' && is_letter(before) && is_letter(look(l, l->pos + c.bytes).cp))
			before = 0;
		else if (is_word(c.cp) && c.bytes > 0)
			before = c.cp;
		else
			break;
		l->pos += c.bytes;
	}
	t->kind = TOKEN_WORD;
	t->text = folded(l, t->at.start, l->pos);
}

static uint32_t digits(struct lexer *l)
{
	uint32_t n = 0;

	for (struct character c; c = look(l, l->pos), c.bytes > 0 && is_digit(c.cp); n++)
		l->pos += c.bytes;
	return n;
}

/* -03-01 behind four digits makes a date. */
static bool read_date(struct lexer *l, struct token *t)
{
	uint32_t start = l->pos;

	for (int part = 0; part < 2; part++) {
		struct character c = look(l, l->pos);
		uint32_t n;

		l->pos += c.cp == '-' ? c.bytes : 0;
		n = c.cp == '-' ? digits(l) : 0;
		if (n < 1 || n > 2) {
			l->pos = start;
			return false;
		}
	}
	t->kind = TOKEN_DATE;
	t->at.end = l->pos;
	t->text = folded(l, t->at.start, l->pos);
	if (!civil_parse_date(t->text, &t->day))
		bad(l, t, DIAG_BAD_DATE);
	return true;
}

static void read_number(struct lexer *l, struct token *t)
{
	uint32_t whole = digits(l), frac = 0;
	struct character dot = look(l, l->pos);
	int64_t v;

	if (whole == 4 && read_date(l, t))
		return;
	if (dot.cp == '.' && is_digit(look(l, l->pos + dot.bytes).cp)) {
		l->pos += dot.bytes;
		frac = digits(l);
	}
	t->kind = TOKEN_NUMBER;
	t->text = folded(l, t->at.start, l->pos);
	t->number_ok = whole + frac <= MAX_DIGITS && dec_parse(t->text, (int)frac, &v);
	if (t->number_ok)
		t->value = rat_scaled(v, (int)frac);
}

/* Up to the closing sign on the same line; the text in between as written. */
static void read_quoted(struct lexer *l, struct token *t, enum token_kind kind, uint32_t close)
{
	uint32_t from, end = lex_line_end(l, l->pos);

	l->pos += look(l, l->pos).bytes;
	from = l->pos;
	end = end < l->limit ? end : l->limit;
	while (l->pos < end) {
		struct character c = look(l, l->pos);

		if (c.cp == close) {
			t->kind = kind;
			t->text = arena_str(l->arena, str_make(l->text + from, l->pos - from));
			l->pos += c.bytes;
			return;
		}
		l->pos += c.bytes;
	}
	t->at.end = l->pos;
	bad(l, t, DIAG_OPEN_QUOTE);
}

static enum token_kind sign(uint32_t cp)
{
	static const struct {
		uint32_t cp;
		enum token_kind kind;
	} signs[] = {
		{ '(', TOKEN_LPAREN }, { ')', TOKEN_RPAREN }, { '[', TOKEN_LBRACKET },
		{ ']', TOKEN_RBRACKET }, { ',', TOKEN_COMMA }, { ':', TOKEN_COLON },
		{ '.', TOKEN_DOT }, { '+', TOKEN_PLUS }, { '-', TOKEN_MINUS }, { '*', TOKEN_STAR },
		{ '/', TOKEN_SLASH }, { '%', TOKEN_PERCENT }, { '|', TOKEN_BAR },
		{ '=', TOKEN_ASSIGN }, { '<', TOKEN_LT }, { '>', TOKEN_GT }, { 0x2264, TOKEN_LE },
		{ 0x2265, TOKEN_GE }, { 0x2260, TOKEN_NE },
	};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (signs[i].cp == cp)
			return signs[i].kind;
	return TOKEN_BAD;
}

static void read_sign(struct lexer *l, struct token *t, struct character c)
{
	struct character next = look(l, l->pos + c.bytes);

	l->pos += c.bytes;
	t->kind = sign(c.cp);
	if (next.cp == '=' && next.bytes > 0 && (c.cp == '<' || c.cp == '>' || c.cp == '!')) {
		t->kind = c.cp == '<' ? TOKEN_LE : c.cp == '>' ? TOKEN_GE : TOKEN_NE;
		l->pos += next.bytes;
	} else if (c.cp == '<' && next.cp == '>') {
		t->kind = TOKEN_NE;
		l->pos += next.bytes;
	}
	t->at.end = l->pos;
	if (t->kind == TOKEN_BAD)
		bad(l, t, DIAG_BAD_CHAR);
}

struct token lex_next(struct lexer *l)
{
	uint32_t before = l->pos;
	struct token t = { 0 };
	struct character c;

	skip_blanks(l);
	t.at = (struct span){ l->file, l->pos, l->pos };
	t.first = l->fresh;
	t.tight = before == l->pos && !t.first;
	if (t.first)
		t.indent = indent_of(l, l->line_start, l->pos);
	c = look(l, l->pos);
	if (c.bytes == 0)
		return t;
	l->fresh = false;
	if (is_digit(c.cp))
		read_number(l, &t);
	else if (c.cp == '"')
		read_quoted(l, &t, TOKEN_STRING, '"');
	else if (c.cp == 0x300C)
		read_quoted(l, &t, TOKEN_NAME, 0x300D);
	else if (is_word(c.cp))
		read_word(l, &t);
	else
		read_sign(l, &t, c);
	t.at.end = l->pos;
	return t;
}

struct token lex_regex(struct lexer *l)
{
	struct token t = { 0 };
	uint32_t end;

	skip_blanks(l);
	end = lex_line_end(l, l->pos);
	end = end < l->limit ? end : l->limit;
	t.at = (struct span){ l->file, l->pos, end };
	if (look(l, l->pos).cp != '/') {
		t.kind = TOKEN_BAD;
		return t;
	}
	l->pos += look(l, l->pos).bytes;
	for (uint32_t p = l->pos; p < end; p += look(l, p).bytes) {
		if (l->text[p] == '\\' && p + 1 < end) {
			p++;
		} else if (l->text[p] == '/') {
			t.kind = TOKEN_REGEX;
			t.text = arena_str(l->arena, str_make(l->text + l->pos, p - l->pos));
			l->pos = t.at.end = p + 1;
			return t;
		}
	}
	l->pos = end;
	bad(l, &t, DIAG_OPEN_QUOTE);
	return t;
}
