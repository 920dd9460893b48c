/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse_example.c - 试例: tables drawn with bars, and what is expected.
 *
 * Read line by line, for cells are free text. A line with a bar belongs to a table; a
 * word before its first bar starts a new one. Every other line is an expectation.
 */
#include "lib/rule/parse.h"

#include <string.h>

#include "lib/rule/marks.h"

#define MAX_CELLS 128

/* Bytes of a bar (| or ｜) at `pos`, 0 when there is none. */
static uint32_t bar_at(const struct parser *p, uint32_t pos, uint32_t end)
{
	if (p->lex.text[pos] == '|')
		return 1;
	return end - pos >= 3 && memcmp(p->lex.text + pos, "\xef\xbd\x9c", 3) == 0 ? 3 : 0;
}

static uint32_t find_bar(const struct parser *p, uint32_t pos, uint32_t end)
{
	while (pos < end && bar_at(p, pos, end) == 0)
		pos++;
	return pos;
}

/* The text between two offsets without blanks around it, full-width ones too. */
static struct span trimmed(const struct parser *p, uint32_t from, uint32_t to)
{
	const char *t = p->lex.text;

	for (;;) {
		if (from < to && (t[from] == ' ' || t[from] == '\t'))
			from++;
		else if (to - from >= 3 && memcmp(t + from, "\xe3\x80\x80", 3) == 0)
			from += 3;
		else
			break;
	}
	for (;;) {
		if (from < to && (t[to - 1] == ' ' || t[to - 1] == '\t' || t[to - 1] == '\r'))
			to--;
		else if (to - from >= 3 && memcmp(t + to - 3, "\xe3\x80\x80", 3) == 0)
			to -= 3;
		else
			break;
	}
	return (struct span){ p->lex.file, from, to };
}

static struct str text_of(struct parser *p, struct span at)
{
	return arena_str(p->arena, str_make(p->lex.text + at.start, at.end - at.start));
}

/* row = "|" cell ("|" cell)* ["|"] */
static struct syn_row read_row(struct parser *p, uint32_t pos, uint32_t end)
{
	struct syn_row row = { .at = trimmed(p, pos, end) };
	struct span cell[MAX_CELLS];

	while (pos < end && row.n_cell < MAX_CELLS) {
		uint32_t from = pos + bar_at(p, pos, end), to = find_bar(p, from, end);
		struct span at = trimmed(p, from, to);

		if (to == end && at.start == at.end)
			break;
		cell[row.n_cell++] = at;
		pos = to;
	}
	row.cell = arena_array(p->arena, row.n_cell + (size_t)1, sizeof *row.cell);
	row.cell_at = arena_array(p->arena, row.n_cell + (size_t)1, sizeof *row.cell_at);
	for (uint32_t i = 0; i < row.n_cell; i++) {
		row.cell[i] = text_of(p, cell[i]);
		row.cell_at[i] = cell[i];
	}
	return row;
}

/* Room for one more behind n things of a growing array in the arena. */
static void *grown(struct parser *p, void *old, uint32_t n, size_t size)
{
	void *more;

	if ((n & (n + 1)) != 0)
		return old;
	more = arena_array(p->arena, 2 * (size_t)n + 1, size);
	if (n > 0)
		memcpy(more, old, n * size);
	return more;
}

static void table_line(struct parser *p, struct syn_example *x, struct span line, uint32_t bar)
{
	struct span name = trimmed(p, line.start, bar);
	struct syn_row row = read_row(p, bar, line.end);
	struct syn_example_table *t;

	if (name.start < name.end) {
		x->table = grown(p, x->table, x->n_table, sizeof *x->table);
		t = &x->table[x->n_table++];
		*t = (struct syn_example_table){ .at = name,
						 .stream = text_of(p, name),
						 .head = row };
		return;
	}
	if (x->n_table == 0) {
		p->tok.at = line;
		diag_add(p->d, line, DIAG_EXPECTED, parse_say(p, "记录的种类和表头", "a kind of record and a header"),
			 text_of(p, line).p);
		p->failed = true;
		return;
	}
	t = &x->table[x->n_table - 1];
	t->row = grown(p, t->row, t->n_row, sizeof *t->row);
	t->row[t->n_row++] = row;
}

/* A word behind a number says nothing, but has a spelling in both languages. */
static void counter(struct parser *p, const char *zh, const char *en)
{
	if (str_eq(p->tok.text, str_of(zh)) || str_eq(p->tok.text, str_of(en)))
		mark_term(p->d, p->tok.at, zh, en);
	parse_take(p, TOKEN_WORD);
}

static int64_t read_count(struct parser *p)
{
	struct token t = p->tok;

	if (!parse_want(p, TOKEN_NUMBER, "一个数", "a number"))
		return 0;
	if (!t.number_ok || t.value.den != 1) {
		diag_add(p->d, t.at, DIAG_BAD_NUMBER, lex_shown(&p->lex, &t));
		p->failed = true;
		return 0;
	}
	counter(p, "条", "hits");
	return (int64_t)t.value.num;
}

/* expectation = ("应命中" n [word] | "应无法判断" n [word] | "违规金额" number [word]) ("，" …)* */
static void expectation(struct parser *p, struct syn_example *x)
{
	do {
		if (parse_take_word(p, KW_EXPECT)) {
			x->expects = true;
			x->hits = read_count(p);
		} else if (parse_take_word(p, KW_EXPECT_UNKNOWN)) {
			x->expects_unknown = true;
			x->unknown = read_count(p);
		} else if (parse_take_word(p, KW_AMOUNT)) {
			struct token t = p->tok;

			x->expects_amount = parse_want(p, TOKEN_NUMBER, "金额", "an amount");
			x->amount = t.text;
			x->amount_at = t.at;
			counter(p, "元", "yuan");
		} else {
			parse_fail(p, "“应命中 n 条”", "`expect n hits`");
		}
	} while (parse_take(p, TOKEN_COMMA));
	if (p->tok.kind != TOKEN_END)
		parse_fail(p, "行末", "the end of the line");
}

static void expectation_line(struct parser *p, struct syn_example *x, struct span line)
{
	uint32_t limit = p->lex.limit;

	p->lex.limit = line.end;
	lex_seek(&p->lex, line.start);
	p->last_end = line.start;
	p->failed = false;
	p->tok = lex_next(&p->lex);
	p->failed = p->tok.kind == TOKEN_BAD;
	if (x->expect_at.end == 0)
		x->expect_at = line;
	if (p->tok.kind != TOKEN_END) /* a comment */
		expectation(p, x);
	p->lex.limit = limit;
}

/* example = 「name」 (table | expectation)* */
void parse_example(struct parser *p, struct syn_example *x)
{
	uint32_t limit = p->lex.limit, pos = p->tok.at.start;

	if (p->tok.kind == TOKEN_END)
		return;
	while (pos < limit && p->d->n <= DIAG_MAX) {
		uint32_t end = lex_line_end(&p->lex, pos), bar;
		struct span line;

		end = end < limit ? end : limit;
		line = trimmed(p, pos, end);
		bar = find_bar(p, line.start, line.end);
		if (line.start < line.end && p->lex.text[line.start] != '#') {
			if (bar < line.end)
				table_line(p, x, line, bar);
			else
				expectation_line(p, x, line);
		}
		for (pos = end;
		     pos < limit && (p->lex.text[pos] == '\r' || p->lex.text[pos] == '\n');)
			pos++;
	}
	p->failed = true; /* all of it was read; nothing may trail */
}
