/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_piece.c - the words of one clause: which blanks stand between them, how signs
 * are spelled, where lines break.
 *
 * Blanks follow from the two neighbours alone. A word that touches a name or code keeps
 * touching it, for there the blank would change the meaning.
 */
#include "lib/rule/format_parts.h"

#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/rule/parse.h"

#define MAX_OPEN 256u

/* ---- reading ---- */

const struct mark *format_mark(const struct formatter *f, uint32_t pos)
{
	uint32_t lo = 0, hi = f->marks->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->marks->v[mid].at.start < pos)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < f->marks->n && f->marks->v[lo].at.start == pos; lo++)
		if (f->marks->v[lo].kind <= MARK_KEYWORD)
			return &f->marks->v[lo];
	return NULL;
}

bool format_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str format_line(const struct formatter *f, uint32_t from, uint32_t to)
{
	while (to > from && format_blank(f->text[to - 1]))
		to--;
	return str_make(f->text + from, to - from);
}

static bool is_comment(const char *p, uint32_t n)
{
	return n > 0 && (*p == '#' || (n >= 3 && memcmp(p, "\xef\xbc\x83", 3) == 0)); /* ＃ */
}

static uint32_t blank(const char *p, uint32_t n)
{
	if (n > 0 && (*p == ' ' || *p == '\t' || *p == '\r'))
		return 1;
	if (n >= 2 && memcmp(p, "\xc2\xa0", 2) == 0)
		return 2;
	return n >= 3 && memcmp(p, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

/* What stands between two tokens: a comment on the line of the first, then whole lines. */
static void read_between(struct formatter *f, uint32_t from, uint32_t to, struct piece *before,
			 struct piece *next)
{
	uint32_t pos = from, lines = UINT32_MAX, last = from;
	bool same_line = before != NULL;

	while (pos < to) {
		uint32_t n = blank(f->text + pos, to - pos);

		if (n > 0) {
			pos += n;
		} else if (f->text[pos] == '\n') {
			same_line = false;
			pos++;
		} else if (is_comment(f->text + pos, to - pos)) {
			const char *nl = memchr(f->text + pos, '\n', to - pos);
			uint32_t end = nl == NULL ? to : (uint32_t)(nl - f->text);

			if (same_line)
				before->comment = format_line(f, pos, end);
			else if (lines == UINT32_MAX)
				lines = pos;
			last = end;
			pos = end;
		} else {
			break; /* nothing else stands between tokens */
		}
	}
	if (lines == UINT32_MAX || next == NULL)
		return;
	while (lines > from && f->text[lines - 1] != '\n')
		lines--;
	next->lead = format_line(f, lines, last);
}

static struct token next_token(struct lexer *lex, bool pattern)
{
	struct lexer saved = *lex;
	struct token t;

	if (!pattern)
		return lex_next(lex);
	t = lex_regex(lex);
	if (t.kind == TOKEN_REGEX)
		return t;
	*lex = saved;
	return lex_next(lex);
}

static bool is_sign(enum token_kind k)
{
	return k == TOKEN_PLUS || k == TOKEN_MINUS || k == TOKEN_STAR || k == TOKEN_SLASH ||
	       (k >= TOKEN_ASSIGN && k <= TOKEN_NE);
}

static bool is_unary(const struct piece *before, enum token_kind k)
{
	if (k != TOKEN_PLUS && k != TOKEN_MINUS)
		return false;
	return before == NULL || is_sign(before->tok.kind) || before->keyword != KW_NONE ||
	       before->tok.kind == TOKEN_LPAREN || before->tok.kind == TOKEN_LBRACKET ||
	       before->tok.kind == TOKEN_COMMA;
}

void pieces_read(struct formatter *f, struct piece_list *l, uint32_t from, uint32_t to)
{
	uint32_t end = from;
	struct lexer lex;

	lex_init(&lex, f->file, f->arena, f->d);
	lex.limit = to;
	lex_seek(&lex, from);
	for (;;) {
		struct piece *before = l->n > 0 ? &l->v[l->n - 1] : NULL;
		bool pattern = before != NULL && (before->keyword == KW_MATCHES ||
						  before->keyword == KW_MATCHES_NOT);
		struct piece p = { .tok = next_token(&lex, pattern), .keyword = KW_NONE };
		const struct mark *m = format_mark(f, p.tok.at.start);

		if (p.tok.kind == TOKEN_END)
			p.tok.at.start = to;
		read_between(f, end, p.tok.at.start, before, &p);
		if (p.tok.kind == TOKEN_END)
			return;
		if (m != NULL && m->at.end == p.tok.at.end)
			p.keyword = m->keyword;
		p.breaks = p.tok.first && l->n > 0;
		p.unary = is_unary(before, p.tok.kind);
		end = p.tok.at.end;
		GROW(l->v, l->cap, l->n + 1);
		l->v[l->n++] = p;
	}
}

/* ---- blanks ---- */

static bool is_name_part(const struct piece *p)
{
	return p->tok.kind == TOKEN_WORD || p->tok.kind == TOKEN_NUMBER;
}

static bool wide_end(const struct piece *p)
{
	return p->tok.text.n > 0 && (unsigned char)p->tok.text.p[p->tok.text.n - 1] >= 0x80;
}

static bool takes_values(enum keyword k)
{
	return k == KW_IN || k == KW_IN_NOT || k == KW_BELONGS || k == KW_BELONGS_NOT ||
	       k == KW_STARTS || k == KW_STARTS_NOT;
}

static bool opens_call(const struct piece *before)
{
	return before != NULL && is_name_part(before) && before->keyword == KW_NONE;
}

/* Words that belong to the name behind them: 名单「…」. */
static bool names_next(enum keyword k)
{
	return k == KW_INLIST || k == KW_INLIST_NOT || k == KW_LIST || k == KW_TABLE ||
	       k == KW_INDICATOR;
}

static bool blank_before_paren(const struct piece *a)
{
	if (opens_call(a))
		return false;
	return !(a->keyword != KW_NONE && takes_values(a->keyword) && wide_end(a));
}

static bool touching(const struct piece *a, const struct piece *b)
{
	return b->tok.tight && is_name_part(a) && is_name_part(b) && a->keyword == KW_NONE &&
	       b->keyword == KW_NONE &&
	       !(a->tok.kind == TOKEN_NUMBER && parse_is_unit(b->tok.text));
}

/* Whether a blank stands between two pieces of one line; commas bring their own. */
static bool blank_between(const struct piece *a, const struct piece *b)
{
	enum token_kind k = b->tok.kind;

	if (a->tok.kind == TOKEN_COMMA || a->tok.kind == TOKEN_LPAREN ||
	    a->tok.kind == TOKEN_LBRACKET || a->tok.kind == TOKEN_DOT || a->unary)
		return false;
	if (k == TOKEN_COMMA || k == TOKEN_RPAREN || k == TOKEN_RBRACKET || k == TOKEN_PERCENT ||
	    k == TOKEN_DOT || k == TOKEN_LBRACKET)
		return false;
	if (k == TOKEN_LPAREN)
		return blank_before_paren(a);
	if (k == TOKEN_NAME && names_next(a->keyword))
		return !wide_end(a);
	return !touching(a, b);
}

/* ---- spelling ---- */

static const char *sign_text(enum token_kind k)
{
	static const char *const texts[] = {
		[TOKEN_LPAREN] = "(", [TOKEN_RPAREN] = ")", [TOKEN_LBRACKET] = "[",
		[TOKEN_RBRACKET] = "]", [TOKEN_COLON] = ":", [TOKEN_DOT] = ".", [TOKEN_PLUS] = "+",
		[TOKEN_MINUS] = "−", [TOKEN_STAR] = "×", [TOKEN_SLASH] = "÷", [TOKEN_PERCENT] = "%",
		[TOKEN_ASSIGN] = "=", [TOKEN_LT] = "<", [TOKEN_LE] = "≤", [TOKEN_GT] = ">",
		[TOKEN_GE] = "≥", [TOKEN_NE] = "≠",
	};

	return (size_t)k < sizeof texts / sizeof *texts ? texts[k] : NULL;
}

static const char *comma_text(const struct formatter *f, bool in_call)
{
	if (f->english || in_call)
		return ", ";
	return f->expectation ? "，" : "、";
}

static void put_name(struct buf *out, struct str name)
{
	buf_adds(out, "「");
	buf_addstr(out, name); /* it may hold anything, zero bytes too */
	buf_adds(out, "」");
}

static void put_piece(struct formatter *f, const struct piece *p, bool in_call, struct buf *out)
{
	const char *sign = sign_text(p->tok.kind);

	if (p->tok.kind == TOKEN_COMMA)
		buf_adds(out, comma_text(f, in_call));
	else if (sign != NULL)
		buf_adds(out, sign);
	else if (p->tok.kind == TOKEN_NAME)
		put_name(out, p->tok.text);
	else if (is_name_part(p) || p->tok.kind == TOKEN_DATE)
		buf_addstr(out, p->tok.text);
	else
		buf_add(out, f->text + p->tok.at.start, p->tok.at.end - p->tok.at.start);
}

/* ---- lines ---- */

/* A line begins with 且 or 或, never with a comma. */
static void move_breaks(struct piece_list *l, uint32_t first)
{
	for (uint32_t i = first; i + 1 < l->n; i++) {
		struct piece *a = &l->v[i], *b = &l->v[i + 1];
		bool joins = a->keyword == KW_AND || a->keyword == KW_OR;

		if (joins && b->breaks && a->comment.n == 0 && b->lead.n == 0 && i > first) {
			a->breaks = true;
			b->breaks = false;
		}
		if (a->breaks && a->tok.kind == TOKEN_COMMA && a->lead.n == 0 && i > first &&
		    l->v[i - 1].comment.n == 0) {
			a->breaks = false;
			b->breaks = true;
		}
	}
}

struct writing {
	struct formatter *f;
	bool call[MAX_OPEN]; /* what each open bracket is */
	uint32_t open;
	uint32_t column;
};

static bool in_call(const struct writing *w)
{
	return w->open > 0 && w->open <= MAX_OPEN && w->call[w->open - 1];
}

static void count_bracket(struct writing *w, const struct piece *before, const struct piece *p)
{
	enum token_kind k = p->tok.kind;

	if (k == TOKEN_LPAREN || k == TOKEN_LBRACKET) {
		if (w->open < MAX_OPEN)
			w->call[w->open] = k == TOKEN_LPAREN && opens_call(before);
		w->open++;
	} else if ((k == TOKEN_RPAREN || k == TOKEN_RBRACKET) && w->open > 0) {
		w->open--;
	}
}

static void trim_blanks(struct buf *out)
{
	while (out->n > 0 && out->p[out->n - 1] == ' ')
		out->p[--out->n] = '\0';
}

static void new_line(struct writing *w)
{
	trim_blanks(w->f->out);
	buf_addc(w->f->out, '\n');
}

void format_comments(struct formatter *f, struct str lines, uint32_t column)
{
	while (lines.n > 0) {
		int64_t nl = str_chr(lines, '\n');
		struct str one = nl < 0 ? lines : str_sub(lines, 0, (size_t)nl);
		uint32_t skip = 0, n;
		bool margin = one.n > 0 && is_comment(one.p, one.n);

		lines = nl < 0 ? (struct str){ NULL, 0 } : str_sub(lines, (size_t)nl + 1, lines.n);
		while ((n = blank(one.p + skip, one.n - skip)) > 0)
			skip += n;
		one = str_trim(str_sub(one, skip, one.n));
		if (one.n == 0)
			continue;
		buf_fill(f->out, ' ', margin ? 0 : column);
		buf_addstr(f->out, one);
		buf_addc(f->out, '\n');
	}
}

static void put_comment(struct writing *w, const struct piece *p)
{
	trim_blanks(w->f->out);
	buf_adds(w->f->out, "  ");
	buf_addstr(w->f->out, p->comment);
}

void pieces_write(struct formatter *f, struct piece_list *l, uint32_t first, uint32_t column)
{
	struct writing w = { .f = f, .column = column };

	move_breaks(l, first);
	for (uint32_t i = first; i < l->n; i++) {
		struct piece *p = &l->v[i], *before = i > first ? p - 1 : NULL;
		bool after_comment = before != NULL && before->comment.n > 0;

		if (p->lead.n > 0 || after_comment || (p->breaks && i > first)) {
			new_line(&w);
			format_comments(f, p->lead, column);
			buf_fill(f->out, ' ', column);
		} else if (before != NULL && blank_between(before, p)) {
			buf_addc(f->out, ' ');
		}
		put_piece(f, p, in_call(&w), f->out);
		count_bracket(&w, before, p);
		if (p->comment.n > 0)
			put_comment(&w, p);
	}
	new_line(&w);
}
