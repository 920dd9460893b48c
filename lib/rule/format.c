/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format.c - blocks, clauses and the gaps between them.
 *
 * The marks of the parser cut the text into segments, each a header or a clause; what
 * stands between the last word of one and the first of the next is its gap: empty lines
 * and comments. A list or table written in one line stays in one, and such lines that
 * follow each other share columns.
 */
#include "lib/rule/format.h"

#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/rule/format_parts.h"
#include "lib/rule/syntax.h"

#define ROW_CELLS 8u

struct segment {
	const struct mark *mark;
	uint32_t end;      /* start of the next, or of the text's end */
	uint32_t content;  /* end of its own words */
	bool first;        /* first on its line */
};

struct block {
	uint32_t from, to; /* segments; the first is the header */
	bool inlined;
	struct str cell[ROW_CELLS];
	uint32_t n_cell;
	struct str comment;
};

struct layout {
	struct formatter *f;
	uint32_t n;        /* bytes of the text */
	struct segment *segment;
	uint32_t n_segment, cap_segment;
	struct block *block;
	uint32_t n_block, cap_block;
};

static bool is_raw(enum keyword k)
{
	return k == KW_BASIS || k == KW_SAY;
}

static bool is_declaration(enum keyword k)
{
	return k == KW_LIST || k == KW_TABLE || k == KW_EXTEND || k == KW_EXCEPTION;
}

/* ---- segments ---- */

static void open_lexer(const struct formatter *f, struct lexer *lex, uint32_t from, uint32_t to)
{
	lex_init(lex, f->file, f->arena, f->d);
	lex->limit = to;
	lex_seek(lex, from);
}

/* Where a path behind 来自 ends, `pos` being behind the word. */
static uint32_t path_end(const struct formatter *f, uint32_t pos, uint32_t to)
{
	struct lexer lex;

	while (pos < to && format_blank(f->text[pos]))
		pos++;
	if (pos < to && f->text[pos] == '"') {
		open_lexer(f, &lex, pos, to);
		return lex_next(&lex).at.end;
	}
	while (pos < to && !format_blank(f->text[pos]) &&
	       memcmp(f->text + pos, "\xe3\x80\x80", 3 < to - pos ? 3 : to - pos) != 0)
		pos++;
	return pos;
}

static uint32_t last_token_end(const struct formatter *f, const struct segment *s)
{
	struct piece_list l = { NULL, 0, 0 };
	uint32_t from = s->mark->at.start, end;

	if (s->mark->keyword == KW_FROM && s->mark->kind == MARK_CLAUSE)
		return path_end(f, s->mark->at.end, s->end);
	pieces_read((struct formatter *)f, &l, from, s->end);
	end = l.n > 0 ? l.v[l.n - 1].tok.at.end : s->mark->at.end;
	xfree(l.v);
	return end;
}

static void measure(const struct layout *y, struct segment *s)
{
	const struct formatter *f = y->f;
	struct lexer lex;
	struct token t;
	enum keyword k = s->mark->keyword;

	open_lexer(f, &lex, s->mark->at.start, s->end);
	t = lex_next(&lex);
	s->first = t.first;
	if (s->mark->kind == MARK_CLAUSE && (is_raw(k) || k == KW_EXAMPLE)) {
		uint32_t end = lex_block_end(&lex, &t);

		s->content = s->mark->at.start + format_line(f, s->mark->at.start, end).n;
	} else {
		s->content = last_token_end(f, s);
	}
}

static void add_segment(struct layout *y, const struct mark *m)
{
	GROW(y->segment, y->cap_segment, y->n_segment + 1);
	y->segment[y->n_segment++] = (struct segment){ .mark = m, .end = y->n };
	if (y->n_segment > 1)
		y->segment[y->n_segment - 2].end = m->at.start;
}

static void add_block(struct layout *y, uint32_t from, uint32_t to)
{
	struct block b = { .from = from, .to = to };

	b.inlined = is_declaration(y->segment[from].mark->keyword);
	for (uint32_t i = from + 1; i < to; i++)
		b.inlined &= !y->segment[i].first;
	GROW(y->block, y->cap_block, y->n_block + 1);
	y->block[y->n_block++] = b;
}

static void cut(struct layout *y)
{
	uint32_t from = 0;

	for (uint32_t i = 0; i < y->f->marks->n; i++)
		if (y->f->marks->v[i].kind <= MARK_CLAUSE)
			add_segment(y, &y->f->marks->v[i]);
	for (uint32_t i = 0; i < y->n_segment; i++)
		measure(y, &y->segment[i]);
	for (uint32_t i = 1; i <= y->n_segment; i++)
		if (i == y->n_segment || y->segment[i].mark->kind == MARK_BLOCK) {
			add_block(y, from, i);
			from = i;
		}
}

/* ---- gaps ---- */

enum gap { GAP_HEAD, GAP_ALONE, GAP_CLAUSE, GAP_FIRST_CLAUSE, GAP_BLOCK, GAP_DECLARATION,
		GAP_TAIL };

static bool next_line(const struct formatter *f, uint32_t *pos, uint32_t to, struct str *line)
{
	const char *nl;
	uint32_t end;

	if (*pos >= to)
		return false;
	nl = memchr(f->text + *pos, '\n', to - *pos);
	end = nl == NULL ? to : (uint32_t)(nl - f->text);
	*line = str_make(f->text + *pos, end - *pos);
	*pos = end + 1;
	return true;
}

/* Without blanks around it, full-width ones too. */
static struct str bare(struct str s)
{
	for (uint32_t n = s.n + 1; s.n < n; ) {
		n = s.n;
		s = str_trim(s);
		if (str_starts(s, STR("　")))
			s = str_sub(s, 3, s.n);
		else if (str_starts(s, STR("\xc2\xa0")))
			s = str_sub(s, 2, s.n);
	}
	return s;
}

static bool all_blank(struct str s)
{
	return bare(s).n == 0;
}

/* Empty lines and comments of [from, to). */
static void put_gap(struct formatter *f, uint32_t from, uint32_t to, enum gap kind)
{
	bool empty = false, any = false, parted = kind != GAP_BLOCK;
	bool head = kind == GAP_HEAD || kind == GAP_ALONE;
	uint32_t column = head ? 0 : CLAUSE_INDENT;
	struct str line;

	if (!head && !next_line(f, &from, to, &line))
		return;
	while (next_line(f, &from, to, &line)) {
		bool margin = line.n > 0 && line.p[0] != ' ' && line.p[0] != '\t';

		if (from > to && all_blank(line))
			break; /* what the next segment is indented by */
		if (all_blank(line)) {
			empty = any || (!head && kind != GAP_FIRST_CLAUSE);
			continue;
		}
		if (empty || (!parted && margin)) {
			buf_addc(f->out, '\n');
			parted = true;
		}
		format_comments(f, line, column);
		empty = false;
		any = true;
	}
	if ((empty || !parted) && kind != GAP_TAIL && kind != GAP_ALONE)
		buf_addc(f->out, '\n');
}

/* ---- clauses ---- */

static void put_comment(struct formatter *f, struct str comment)
{
	buf_adds(f->out, "  ");
	buf_addstr(f->out, comment);
}

/* As the parser reads a line of free text: blanks at its start are none of it. */
static struct str raw_line(struct str line)
{
	while (str_starts(line = str_trim(line), STR("　")))
		line = str_sub(line, 3, line.n);
	return line;
}

/* Lines of free text, each at the column. */
static void put_lines(struct formatter *f, uint32_t from, uint32_t to, uint32_t column)
{
	struct str line;
	bool first = true;

	while (next_line(f, &from, to, &line)) {
		line = raw_line(line);
		if (line.n == 0)
			continue;
		buf_fill(f->out, ' ', first ? 0 : column);
		buf_addstr(f->out, line);
		buf_addc(f->out, '\n');
		first = false;
	}
}

static void put_words(struct formatter *f, const struct segment *s, uint32_t column)
{
	struct piece_list l = { NULL, 0, 0 };
	const struct piece *key;

	pieces_read(f, &l, s->mark->at.start, s->end);
	key = &l.v[0];
	if (key->comment.n > 0 && l.n > 1) {
		put_comment(f, key->comment);
		buf_addc(f->out, '\n');
		buf_fill(f->out, ' ', column);
	}
	pieces_write(f, &l, 1, column);
	xfree(l.v);
}

/* A comment behind the last word of a line. */
static struct str tail_comment(const struct formatter *f, const struct segment *s)
{
	uint32_t pos = s->content;
	struct str line = { NULL, 0 };

	next_line(f, &pos, s->end, &line);
	line = bare(line);
	return str_starts(line, STR("#")) || str_starts(line, STR("＃")) ? line
									 : (struct str){ NULL, 0 };
}

static void put_path(struct formatter *f, const struct segment *s)
{
	struct str comment = tail_comment(f, s);

	buf_addstr(f->out, str_trim(str_make(f->text + s->mark->at.end,
			s->content - s->mark->at.end)));
	if (comment.n > 0)
		put_comment(f, comment);
	buf_addc(f->out, '\n');
}

static void put_example(struct formatter *f, const struct segment *s)
{
	struct lexer lex;
	struct token name;
	struct str rest = { NULL, 0 };
	uint32_t pos;

	open_lexer(f, &lex, s->mark->at.end, s->content);
	name = lex_next(&lex);
	pos = name.at.end;
	if ((unsigned char)f->out->p[f->out->n - 1] < 0x80 || name.kind != TOKEN_NAME)
		buf_addc(f->out, ' '); /* 试例「…」 but example 「…」 */
	buf_add(f->out, f->text + name.at.start, name.at.end - name.at.start);
	if (next_line(f, &pos, s->content, &rest) && !all_blank(rest)) {
		rest = str_trim(rest);
		if (rest.p[0] == '#')
			put_comment(f, rest);
		else
			pos = name.at.end;
	}
	buf_addc(f->out, '\n');
	format_example(f, pos, s->content);
}

static void put_clause(struct formatter *f, const struct segment *s)
{
	struct str key = str_make(f->text + s->mark->at.start, s->mark->at.end - s->mark->at.start);
	uint32_t cells = utf8_cells(key), column;
	enum keyword k = s->mark->keyword;

	column = CLAUSE_INDENT + cells + 2 > BODY_COLUMN ? CLAUSE_INDENT + cells + 2 : BODY_COLUMN;
	buf_fill(f->out, ' ', CLAUSE_INDENT);
	buf_addstr(f->out, key);
	if (k == KW_EXAMPLE) {
		put_example(f, s);
		return;
	}
	buf_fill(f->out, ' ', column - CLAUSE_INDENT - cells);
	if (is_raw(k))
		put_lines(f, s->mark->at.end, s->content, column);
	else if (k == KW_FROM)
		put_path(f, s);
	else
		put_words(f, s, column);
}

/* ---- declarations in one line ---- */

/* A segment by itself, without its line end. */
static struct str cell_of(struct formatter *f, const struct segment *s)
{
	struct piece_list l = { NULL, 0, 0 };
	struct buf b, *out = f->out;
	struct str text;

	buf_init(&b, 0);
	f->out = &b;
	if (s->mark->keyword == KW_FROM && s->mark->kind == MARK_CLAUSE) {
		buf_add(&b, f->text + s->mark->at.start, s->mark->at.end - s->mark->at.start);
		buf_addc(&b, ' ');
		buf_addstr(&b, str_trim(str_make(f->text + s->mark->at.end,
						 s->content - s->mark->at.end)));
	} else {
		pieces_read(f, &l, s->mark->at.start, s->content);
		pieces_write(f, &l, 0, BODY_COLUMN);
	}
	text = arena_str(f->arena, str_trim(buf_str(&b)));
	f->out = out;
	buf_fini(&b);
	xfree(l.v);
	return text;
}

static void read_cells(struct layout *y, struct block *b)
{
	for (uint32_t i = b->from; i < b->to && b->n_cell < ROW_CELLS; i++)
		b->cell[b->n_cell++] = cell_of(y->f, &y->segment[i]);
	b->comment = tail_comment(y->f, &y->segment[b->to - 1]);
}

static bool follows_directly(const struct layout *y, const struct block *b)
{
	const struct segment *last = &y->segment[b->to - 1];
	struct str line;
	uint32_t pos = last->content;

	next_line(y->f, &pos, last->end, &line);
	return !next_line(y->f, &pos, last->end, &line);
}

/* Widths of the first two cells over the lines that follow each other directly. */
static uint32_t run_widths(const struct layout *y, uint32_t i, uint32_t width[2])
{
	width[0] = width[1] = 0;
	for (;; i++) {
		const struct block *b = &y->block[i];

		for (uint32_t j = 0; j < 2 && j < b->n_cell; j++) {
			uint32_t cells = utf8_cells(b->cell[j]);

			width[j] = cells > width[j] ? cells : width[j];
		}
		if (i + 1 == y->n_block || !y->block[i + 1].inlined || !follows_directly(y, b))
			return i + 1;
	}
}

static void put_row(struct formatter *f, const struct block *b, const uint32_t width[2])
{
	for (uint32_t j = 0; j < b->n_cell; j++) {
		uint32_t cells = utf8_cells(b->cell[j]);
		uint32_t pad = j < 2 && width[j] > cells ? width[j] - cells : 0;

		buf_addstr(f->out, b->cell[j]);
		if (j + 1 < b->n_cell)
			buf_fill(f->out, ' ', pad + (j == 0 ? 2 : 3));
	}
	if (b->comment.n > 0)
		put_comment(f, b->comment);
	buf_addc(f->out, '\n');
}

/* ---- blocks ---- */

static void set_language(struct formatter *f, const struct segment *s)
{
	f->english = (unsigned char)f->text[s->mark->at.start] < 0x80;
}

static void put_block(struct layout *y, const struct block *b)
{
	struct formatter *f = y->f;
	const struct segment *head = &y->segment[b->from];
	struct piece_list l = { NULL, 0, 0 };

	pieces_read(f, &l, head->mark->at.start, head->end);
	pieces_write(f, &l, 0, BODY_COLUMN);
	xfree(l.v);
	for (uint32_t i = b->from + 1; i < b->to; i++) {
		const struct segment *before = &y->segment[i - 1];

		put_gap(f, before->content, before->end,
			i == b->from + 1 ? GAP_FIRST_CLAUSE : GAP_CLAUSE);
		put_clause(f, &y->segment[i]);
	}
}

static void gap_behind(struct layout *y, uint32_t i)
{
	const struct block *b = &y->block[i];
	const struct segment *last = &y->segment[b->to - 1];
	enum gap kind = i + 1 == y->n_block ? GAP_TAIL
		      : b->inlined && y->block[i + 1].inlined ? GAP_DECLARATION : GAP_BLOCK;

	put_gap(y->f, last->content, last->end, kind);
}

static void put_blocks(struct layout *y)
{
	uint32_t width[2] = { 0, 0 }, run = 0;

	for (uint32_t i = 0; i < y->n_block; i++) {
		set_language(y->f, &y->segment[y->block[i].from]);
		if (y->block[i].inlined)
			read_cells(y, &y->block[i]);
	}
	for (uint32_t i = 0; i < y->n_block; i++) {
		struct block *b = &y->block[i];

		set_language(y->f, &y->segment[b->from]);
		if (b->inlined && i >= run)
			run = run_widths(y, i, width);
		if (b->inlined)
			put_row(y->f, b, width);
		else
			put_block(y, b);
		gap_behind(y, i);
	}
}

static void layout(struct formatter *f, uint32_t n)
{
	struct layout y = { .f = f, .n = n };
	uint32_t start = n >= 3 && memcmp(f->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	cut(&y);
	put_gap(f, start, y.n_segment > 0 ? y.segment[0].mark->at.start : n,
		y.n_segment > 0 ? GAP_HEAD : GAP_ALONE);
	put_blocks(&y);
	xfree(y.segment);
	xfree(y.block);
}

/* ---- the whole ---- */

/* Lays the source out; reading it has given no error. */
static void lay_out(struct diag_list *d, uint32_t file, struct buf *out)
{
	struct arena a;
	struct formatter f = {
		.d = d, .file = file, .text = d->file[file].text.p, .marks = d->marks,
		.arena = &a, .out = out,
	};

	arena_init(&a);
	layout(&f, d->file[file].text.n);
	arena_fini(&a);
}

bool format_draft(struct str text, struct buf *out)
{
	struct diag_list d;
	struct marks marks;
	struct syn_block *blocks = NULL, **tail = &blocks;
	struct arena a;
	bool ok;

	diag_init(&d, true);
	marks_init(&marks);
	arena_init(&a);
	d.marks = &marks;
	syntax_parse(diag_source(&d, "", text), &a, &d, &tail);
	marks_sort(&marks);
	ok = d.errors == 0;
	if (ok)
		lay_out(&d, 0, out);
	arena_fini(&a);
	marks_fini(&marks);
	diag_fini(&d);
	return ok;
}

/* Signs of comments, and of free text that looks like one. */
static uint32_t count_hashes(struct str s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.n; i++)
		n += s.p[i] == '#' || (s.n - i >= 3 && memcmp(s.p + i, "\xef\xbc\x83", 3) == 0);
	return n;
}

bool format_same(struct str a, struct str b)
{
	struct buf x, y;
	struct diag_list d;
	bool same;

	diag_init(&d, true);
	buf_init(&x, 0);
	buf_init(&y, 0);
	format_canon(&d, diag_source(&d, "", a), &x);
	format_canon(&d, diag_source(&d, "", b), &y);
	same = d.errors == 0 && str_eq(buf_str(&x), buf_str(&y)) &&
			count_hashes(a) == count_hashes(b);
	buf_fini(&x);
	buf_fini(&y);
	diag_fini(&d);
	return same;
}

bool format_text(struct str text, struct buf *out)
{
	if (!format_draft(text, out))
		return false;
	if (!format_same(text, buf_str(out))) { /* better ugly than different */
		buf_reset(out);
		buf_addstr(out, text);
	}
	return true;
}

bool format_source(struct diag_list *d, uint32_t file, struct buf *out)
{
	struct arena a;
	uint32_t errors = d->errors;
	struct syn_block *blocks = NULL, **tail = &blocks;

	arena_init(&a);
	syntax_parse(file, &a, d, &tail);
	arena_fini(&a);
	return d->errors == errors && format_text(d->file[file].text, out);
}
