/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse_clause.c - the clauses: which blocks they belong to, and what each holds.
 *
 * One function a shape of clause, one row a clause; free text (依据, 说明, paths) is taken as
 * it stands, before any token is made of it.
 */
#include "lib/rule/parse.h"

#include <string.h>

/* ---- lists of items ---- */

static struct syn_item *push(struct parser *p, struct syn_clause *c)
{
	if (c->n_item == PARSE_MAX_ITEMS) { /* the last place is written over */
		parse_too_long(p, PARSE_MAX_ITEMS);
		return &c->item[c->n_item - 1];
	}
	if ((c->n_item & (c->n_item + 1)) == 0) { /* room for 1, 3, 7, … */
		struct syn_item *more =
			arena_array(p->arena, 2 * (size_t)c->n_item + 1, sizeof *more);

		if (c->n_item > 0)
			memcpy(more, c->item, c->n_item * sizeof *more);
		c->item = more;
	}
	return &c->item[c->n_item++];
}

/* word ("、" word)* */
static void read_words(struct parser *p, struct syn_clause *c)
{
	do {
		struct token t = p->tok;
		struct syn_item *x;

		if (!parse_want(p, TOKEN_WORD, "一个词", "a word"))
			return;
		x = push(p, c);
		x->name = t.text;
		x->at = t.at;
	} while (parse_take(p, TOKEN_COMMA));
}

/* key ("、" key)*; key = name | lookup */
static void read_keys(struct parser *p, struct syn_clause *c)
{
	do {
		struct syn *name = parse_is(p, TOKEN_NAME) ? parse_sum(p) : parse_name(p);
		struct syn_item *x;

		if (p->failed)
			return;
		x = push(p, c);
		*x = (struct syn_item){ .name = name->text, .at = name->at, .expr = name };
	} while (parse_take(p, TOKEN_COMMA));
}

/* window = number unit | word | name "." column */
static void read_window(struct parser *p, struct syn_clause *c)
{
	struct syn_window *w = arena_new(p->arena, struct syn_window);
	uint32_t start = p->tok.at.start;
	struct buf b;

	buf_init(&b, 400);
	while (!p->failed && (parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_NUMBER) ||
			      parse_is(p, TOKEN_DOT))) {
		buf_addstr(&b, p->tok.text);
		buf_adds(&b, parse_is(p, TOKEN_DOT) ? "." : "");
		parse_advance(p);
	}
	if (b.n == 0)
		parse_fail(p, "时间区间，如 7 天", "a window, as 7 days");
	w->text = arena_str(p->arena, buf_str(&b));
	w->at = parse_span(p, start);
	c->window = w;
	buf_fini(&b);
}

/* ---- clauses ---- */

static void read_int(struct parser *p, struct syn_clause *c)
{
	struct token t = p->tok;

	if (!parse_want(p, TOKEN_NUMBER, "一个整数", "a whole number"))
		return;
	if (!t.number_ok || t.value.den != 1) {
		diag_add(p->d, t.at, DIAG_BAD_NUMBER, lex_shown(&p->lex, &t));
		p->failed = true;
		return;
	}
	c->number = (int64_t)t.value.num;
	c->text_at = t.at;
}

/* ---- clauses of free text: nothing is lexed ahead of them ---- */

/* Bytes of a blank at `pos`, 0 when there is none. */
static uint32_t blank_at(const struct parser *p, uint32_t pos)
{
	const char *t = p->lex.text + pos;

	if (pos >= p->lex.limit)
		return 0;
	if (*t == ' ' || *t == '\t' || *t == '\r' || *t == '\n')
		return 1;
	return p->lex.limit - pos >= 3 && memcmp(t, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

/* Start of the text behind the keyword; the clause's end when there is none. */
static uint32_t raw_start(struct parser *p)
{
	uint32_t pos = p->lex.pos, n;

	while ((n = blank_at(p, pos)) > 0)
		pos += n;
	return pos;
}

/* End of the text: blanks at the end of the clause left out. */
static uint32_t raw_end(const struct parser *p, uint32_t start)
{
	uint32_t end = p->lex.limit;

	while (end > start && strchr(" \t\r\n", p->lex.text[end - 1]) != NULL)
		end--;
	return end;
}

static void raw_done(struct parser *p, uint32_t end)
{
	lex_seek(&p->lex, end);
	p->last_end = end;
	p->tok = lex_next(&p->lex);
}

/* A line end and the blanks around it are nothing. Where `pos` goes on. */
static uint32_t skip_line_end(const struct parser *p, uint32_t pos, uint32_t end)
{
	uint32_t at = pos, n;
	bool line = false;

	while (at < end && (n = blank_at(p, at)) > 0) {
		line |= p->lex.text[at] == '\n';
		at += n;
	}
	return line ? at : pos;
}

static void read_text(struct parser *p, struct syn_clause *c)
{
	uint32_t pos = raw_start(p), end = raw_end(p, pos);
	struct buf b;

	c->text_at = (struct span){ p->lex.file, pos, end };
	buf_init(&b, 0);
	while (pos < end) {
		uint32_t next = skip_line_end(p, pos, end);

		if (next == pos)
			buf_addc(&b, p->lex.text[pos++]);
		else
			pos = next;
	}
	c->text = arena_str(p->arena, buf_str(&b));
	buf_fini(&b);
	raw_done(p, end);
	if (c->text.n == 0)
		parse_fail(p, "一段文字", "some text");
}

/* Which brace stands at `pos`: '{' or '}', full width too; 0 for none. *n is its length. */
static char brace_at(const struct parser *p, uint32_t pos, uint32_t end, uint32_t *n)
{
	const char *t = p->lex.text + pos;

	*n = 1;
	if (pos >= end)
		return 0;
	if (*t == '{' || *t == '}')
		return *t;
	*n = 3;
	if (end - pos < 3)
		return 0;
	return memcmp(t, "\xef\xbd\x9b", 3) == 0   ? '{'
	       : memcmp(t, "\xef\xbd\x9d", 3) == 0 ? '}'
						   : 0;
}

static void push_text(struct parser *p, struct syn_clause *c, struct buf *b)
{
	if (b->n > 0)
		push(p, c)->name = arena_str(p->arena, buf_str(b));
	buf_reset(b);
}

/* {expr}: `pos` is behind the brace. Returns where the text goes on, 0 when it is broken. */
static uint32_t read_hole(struct parser *p, struct syn_clause *c, uint32_t pos, uint32_t end)
{
	uint32_t close = pos, n = 0, limit = p->lex.limit;
	struct syn *e;

	while (close < end && brace_at(p, close, end, &n) != '}')
		close++;
	if (close == end) {
		diag_add(p->d, (struct span){ p->lex.file, pos - 1, pos }, DIAG_BAD_BRACE);
		p->failed = true;
		return 0;
	}
	p->lex.limit = close;
	lex_seek(&p->lex, pos);
	p->last_end = pos;
	p->tok = lex_next(&p->lex);
	p->failed = p->tok.kind == TOKEN_BAD;
	e = parse_expr(p);
	if (p->tok.kind != TOKEN_END)
		parse_fail(p, "“}”", "`}`");
	p->lex.limit = limit;
	*push(p, c) = (struct syn_item){ .at = e->at, .expr = e };
	return p->failed ? 0 : close + n;
}

/* say = (text | "{" expr "}" | "{{" | "}}")* */
static void read_say(struct parser *p, struct syn_clause *c)
{
	uint32_t pos = raw_start(p), end = raw_end(p, pos), n, m;
	struct buf b;

	buf_init(&b, 0);
	c->text_at = (struct span){ p->lex.file, pos, end };
	while (pos < end && pos > 0) {
		char brace = brace_at(p, pos, end, &n);
		uint32_t next = skip_line_end(p, pos, end);

		if (brace != 0 && brace_at(p, pos + n, end, &m) == brace) {
			buf_addc(&b, brace);
			pos += n + m;
		} else if (brace == '{') {
			push_text(p, c, &b);
			pos = read_hole(p, c, pos + n, end);
		} else if (next > pos) {
			pos = next;
		} else {
			buf_addc(&b, p->lex.text[pos++]);
		}
	}
	push_text(p, c, &b);
	buf_fini(&b);
	if (!p->failed)
		raw_done(p, end);
	if (c->n_item == 0)
		parse_fail(p, "一段文字", "some text");
}

/* A path runs to the next blank; quotes allow blanks in it. */
static void read_path(struct parser *p, struct syn_clause *c)
{
	uint32_t start = raw_start(p), end = start;

	if (start < p->lex.limit && p->lex.text[start] == '"') {
		parse_advance(p);
		c->text = p->tok.text;
		c->text_at = p->tok.at;
		parse_want(p, TOKEN_STRING, "文件的路径", "the path of a file");
		return;
	}
	while (end < p->lex.limit && blank_at(p, end) == 0)
		end++;
	c->text = arena_str(p->arena, str_make(p->lex.text + start, end - start));
	c->text_at = (struct span){ p->lex.file, start, end };
	raw_done(p, end);
	if (c->text.n == 0)
		parse_fail(p, "文件的路径", "the path of a file");
}

/* effective = date "起" ["至" date] | date "至" date */
static void read_effective(struct parser *p, struct syn_clause *c)
{
	struct token t = p->tok;

	c->from = c->until = MISSING_I32;
	if (!parse_is_word(p, KW_TO)) {
		if (!parse_want(p, TOKEN_DATE, "日期，如 2026-01-01", "a date, as 2026-01-01"))
			return;
		c->from = t.day;
		parse_take_word(p, KW_ONWARD);
	}
	parse_take(p, TOKEN_COMMA);
	if (!parse_take_word(p, KW_TO))
		return;
	t = p->tok;
	if (parse_want(p, TOKEN_DATE, "日期，如 2026-12-31", "a date, as 2026-12-31"))
		c->until = t.day;
}

/* named = word "=" expr; several may follow each other */
static void read_named(struct parser *p, struct syn_clause *c)
{
	do {
		struct token t = p->tok;
		struct syn_item *x;

		if (!parse_want(p, TOKEN_WORD, "一个名字", "a name"))
			return;
		if (!parse_want(p, TOKEN_ASSIGN, "“=”", "`=`"))
			return;
		x = push(p, c);
		*x = (struct syn_item){ .name = t.text, .at = t.at };
		x->expr = parse_expr(p);
		parse_take(p, TOKEN_COMMA);
	} while (parse_is(p, TOKEN_WORD));
}

/* on = stream [role] ("、" stream [role])? */
static void read_streams(struct parser *p, struct syn_clause *c)
{
	do {
		struct token t = p->tok;
		struct syn_item *x;

		if (!parse_want(p, TOKEN_WORD, "记录的种类", "a kind of record"))
			return;
		x = push(p, c);
		*x = (struct syn_item){ .name = t.text, .at = t.at };
		if (!parse_is(p, TOKEN_WORD))
			continue;
		x->extra = p->tok.text;
		x->extra_at = p->tok.at;
		parse_advance(p);
	} while (parse_take(p, TOKEN_COMMA));
}

/* related = stream role "同" keys ["窗口" window]; item 0 is the stream, the others are keys */
static void read_related(struct parser *p, struct syn_clause *c)
{
	struct token t = p->tok;
	struct syn_item *x;

	if (!parse_want(p, TOKEN_WORD, "记录的种类", "a kind of record"))
		return;
	x = push(p, c);
	*x = (struct syn_item){ .name = t.text, .at = t.at, .extra = p->tok.text,
				.extra_at = p->tok.at };
	if (parse_is_word(p, KW_SAME) || !parse_take(p, TOKEN_WORD)) {
		parse_fail(p, "一个名字，如 丙", "a name, as c");
		return;
	}
	if (!parse_take_word(p, KW_SAME)) {
		parse_fail(p, "“同”", "`same`");
		return;
	}
	read_keys(p, c);
	if (parse_take_word(p, KW_WINDOW))
		read_window(p, c);
}

static void read_expr(struct parser *p, struct syn_clause *c)
{
	c->expr = parse_expr(p);
}

/* group = keys ["窗口" window] */
static void read_group(struct parser *p, struct syn_clause *c)
{
	read_keys(p, c);
	if (parse_take_word(p, KW_WINDOW))
		read_window(p, c);
}

/* named_var = 「name」 [word] */
static void read_name_var(struct parser *p, struct syn_clause *c)
{
	c->text = p->tok.text;
	c->text_at = p->tok.at;
	parse_want_name(p, "「名称」", "a name in 「」");
	c->var = p->tok.text;
	c->var_at = p->tok.at;
	if (!parse_take(p, TOKEN_WORD))
		c->var = (struct str){ NULL, 0 };
}

/* first = role "后" role ["间隔" sum "至" sum] ["取" word] */
static void read_first(struct parser *p, struct syn_clause *c)
{
	for (int role = 0; role < 2 && !p->failed; role++) {
		struct token t = p->tok;
		struct syn_item *x = push(p, c);

		*x = (struct syn_item){ .name = t.text, .at = t.at };
		parse_want(p, TOKEN_WORD, "角色", "a role");
		if (role == 0)
			parse_want_word(p, KW_THEN);
	}
	if (parse_take_word(p, KW_GAP)) {
		c->expr = parse_sum(p);
		parse_want_word(p, KW_TO);
		c->expr2 = parse_sum(p);
	}
	if (!parse_take_word(p, KW_PICK))
		return;
	c->var = p->tok.text;
	c->var_at = p->tok.at;
	parse_want(p, TOKEN_WORD, "“最近”或“每对”", "`nearest` or `each`");
}

/* at-least = number [words of a unit] */
static void read_at_least(struct parser *p, struct syn_clause *c)
{
	read_int(p, c);
	c->var = p->tok.text;
	c->var_at = p->tok.at;
	if (!parse_take(p, TOKEN_WORD))
		c->var = (struct str){ NULL, 0 };
}

/* peers = [keys] "至少" number [unit]; without keys every cell of the period is a peer */
static void read_peers(struct parser *p, struct syn_clause *c)
{
	if (!parse_is_word(p, KW_AT_LEAST))
		read_keys(p, c);
	if (parse_want_word(p, KW_AT_LEAST))
		read_at_least(p, c);
}

/* keys of a list or table = name ["前缀" | "正则"] ("、" …)* */
static void read_file_keys(struct parser *p, struct syn_clause *c)
{
	do {
		struct syn *name = parse_name(p);
		struct syn_item *x;

		if (p->failed)
			return;
		x = push(p, c);
		*x = (struct syn_item){ .name = name->text, .at = name->at };
		x->extra = p->tok.text;
		x->extra_at = p->tok.at;
		if (!parse_take_word(p, KW_PREFIX) && !parse_take_word(p, KW_REGEX))
			x->extra = (struct str){ NULL, 0 };
	} while (parse_take(p, TOKEN_COMMA));
}

/* columns = name [":" word] ("、" …)* */
static void read_columns(struct parser *p, struct syn_clause *c)
{
	do {
		struct syn *name = parse_name(p);
		struct syn_item *x;

		if (p->failed)
			return;
		x = push(p, c);
		*x = (struct syn_item){ .name = name->text, .at = name->at };
		if (!parse_take(p, TOKEN_COLON))
			continue;
		x->extra = p->tok.text;
		x->extra_at = p->tok.at;
		parse_want(p, TOKEN_WORD, "列的种类", "the type of the column");
	} while (parse_take(p, TOKEN_COMMA));
}

/* valid = name ["至" name] */
static void read_valid(struct parser *p, struct syn_clause *c)
{
	for (int i = 0; i < 2; i++) {
		struct syn *name = parse_name(p);
		struct syn_item *x;

		if (p->failed)
			return;
		x = push(p, c);
		*x = (struct syn_item){ .name = name->text, .at = name->at };
		if (i > 0 || !parse_take_word(p, KW_TO))
			return;
	}
}

static void read_example(struct parser *p, struct syn_clause *c)
{
	(void)c;
	parse_fail(p, "试例", "an example"); /* examples are read by read_clause itself */
}

#define OF(block) (1u << KW_##block)
#define REPEATS CLAUSE_REPEATS
#define RAW CLAUSE_RAW
#define CONDITION CLAUSE_CONDITION

static const struct clause_kind clauses[] = {
	{ KW_VERSION, OF(RULE) | OF(OVERRIDE), 0, read_int },
	{ KW_BASIS, OF(RULE) | OF(OVERRIDE), RAW, read_text },
	{ KW_CATEGORY, OF(RULE), 0, read_words },
	{ KW_NATURE, OF(RULE), 0, read_words },
	{ KW_STAGE, OF(RULE), 0, read_words },
	{ KW_SEVERITY, OF(RULE) | OF(OVERRIDE), 0, read_words },
	{ KW_STATE, OF(RULE) | OF(OVERRIDE), 0, read_words },
	{ KW_EFFECTIVE, OF(RULE) | OF(OVERRIDE), 0, read_effective },
	{ KW_PARAM, OF(RULE) | OF(OVERRIDE), REPEATS, read_named },
	{ KW_ON, OF(RULE) | OF(INDICATOR), 0, read_streams },
	{ KW_SCOPE, OF(RULE) | OF(INDICATOR), 0, read_words },
	{ KW_RELATED, OF(RULE), REPEATS, read_related },
	{ KW_BY_TABLE, OF(RULE), 0, read_name_var },
	{ KW_SAME, OF(RULE), 0, read_keys },
	{ KW_FIRST, OF(RULE), 0, read_first },
	{ KW_WINDOW, OF(RULE), 0, read_window },
	{ KW_WHERE, OF(RULE) | OF(INDICATOR), CONDITION, read_expr },
	{ KW_UNLESS, OF(RULE) | OF(INDICATOR), CONDITION, read_expr },
	{ KW_GROUP, OF(RULE), 0, read_group },
	{ KW_SUBJECT, OF(RULE), 0, read_keys },
	{ KW_COMPARE, OF(RULE), 0, read_name_var },
	{ KW_PEERS, OF(RULE), 0, read_peers },
	{ KW_LET, OF(RULE), REPEATS, read_named },
	{ KW_WHEN, OF(RULE), CONDITION, read_expr },
	{ KW_EXCEPTED_BY, OF(RULE), 0, read_keys },
	{ KW_AMOUNT, OF(RULE), 0, read_expr },
	{ KW_SAY, OF(RULE), RAW, read_say },
	{ KW_EXAMPLE, OF(RULE), REPEATS, read_example },
	{ KW_BY, OF(INDICATOR), 0, read_keys },
	{ KW_VALUE, OF(INDICATOR), 0, read_expr },
	{ KW_AT_LEAST, OF(INDICATOR), 0, read_at_least },
	{ KW_FROM, OF(LIST) | OF(TABLE) | OF(EXTEND) | OF(EXCEPTION), RAW, read_path },
	{ KW_KEY, OF(LIST) | OF(TABLE), 0, read_file_keys },
	{ KW_COLUMNS, OF(TABLE), 0, read_columns },
	{ KW_VALID, OF(LIST) | OF(TABLE), 0, read_valid },
};

const struct clause_kind *parse_clause_kind(struct str word, enum keyword block)
{
	for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
		if ((clauses[i].blocks & (1u << block)) != 0 &&
		    keyword_is(word, clauses[i].keyword))
			return &clauses[i];
	return NULL;
}

const struct clause_kind *parse_clause_row(unsigned i)
{
	return i < sizeof clauses / sizeof *clauses ? &clauses[i] : NULL;
}
