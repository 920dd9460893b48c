/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_example.c - the lines of an example: tables whose bars stand under each other,
 * expectations, comments.
 *
 * The names of all tables of an example share one column; the cells of each table have
 * their own. Lines are told apart as the parser does it.
 */
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/rule/format_parts.h"

#define NAME_CELLS 8u /* four characters, as most names of streams have */

struct row {
	struct str name;     /* before the first bar */
	uint32_t cell, n_cell; /* in the pool */
	struct str other;    /* a comment, or an expectation when .expects */
	bool expects, blank; /* .blank: an empty line stands above */
	bool table;
};

struct drawing {
	struct row *row;
	uint32_t n_row, cap_row;
	struct str *cell;
	uint32_t n_cell, cap_cell;
};

static uint32_t bar_at(const char *p, uint32_t n)
{
	if (n > 0 && *p == '|')
		return 1;
	return n >= 3 && memcmp(p, "\xef\xbd\x9c", 3) == 0 ? 3 : 0; /* ｜ */
}

static uint32_t find_bar(struct str s, uint32_t from)
{
	while (from < s.n && bar_at(s.p + from, s.n - from) == 0)
		from++;
	return from;
}

/* Without blanks around it, full-width ones too. */
static struct str trimmed(struct str s)
{
	for (;;) {
		struct str before = s;

		s = str_trim(s);
		if (str_starts(s, STR("　")))
			s = str_sub(s, 3, s.n);
		if (str_ends(s, STR("　")))
			s.n -= 3;
		if (s.n == before.n)
			return s;
	}
}

static struct row *add_row(struct drawing *d, bool blank)
{
	GROW(d->row, d->cap_row, d->n_row + 1);
	d->row[d->n_row] = (struct row){ .blank = blank, .cell = d->n_cell };
	return &d->row[d->n_row++];
}

static void read_cells(struct drawing *d, struct row *r, struct str line)
{
	uint32_t pos = find_bar(line, 0);

	r->table = true;
	r->name = trimmed(str_sub(line, 0, pos));
	while (pos < line.n) {
		uint32_t from = pos + bar_at(line.p + pos, line.n - pos), to = find_bar(line, from);
		struct str cell = trimmed(str_sub(line, from, to - from));

		if (to == line.n && cell.n == 0)
			break;
		GROW(d->cell, d->cap_cell, d->n_cell + 1);
		d->cell[d->n_cell++] = cell;
		r->n_cell++;
		pos = to;
	}
}

static void read_line(struct drawing *d, struct str raw, bool blank)
{
	struct str line = trimmed(raw);
	struct row *r = add_row(d, blank);

	if (line.p[0] == '#') {
		r->other = raw;
	} else if (find_bar(line, 0) < line.n) {
		read_cells(d, r, line);
	} else {
		r->other = line;
		r->expects = true;
	}
}

static void read_lines(struct formatter *f, struct drawing *d, uint32_t from, uint32_t to)
{
	bool blank = false;

	while (from < to) {
		const char *nl = memchr(f->text + from, '\n', to - from);
		uint32_t end = nl == NULL ? to : (uint32_t)(nl - f->text);
		struct str line = str_make(f->text + from, end - from);

		if (trimmed(line).n > 0)
			read_line(d, line, blank && d->n_row > 0);
		blank = trimmed(line).n == 0;
		from = end + 1;
	}
}

/* ---- writing ---- */

static void put_padded(struct buf *out, struct str s, uint32_t width)
{
	uint32_t cells = utf8_cells(s);

	buf_addstr(out, s);
	buf_fill(out, ' ', cells < width ? width - cells : 0);
}

/* The rows of one table: up to the next with a name. */
static uint32_t table_end(const struct drawing *d, uint32_t i)
{
	for (i++; i < d->n_row && !(d->row[i].table && d->row[i].name.n > 0); i++)
		;
	return i;
}

static uint32_t *column_widths(const struct drawing *d, uint32_t from, uint32_t to)
{
	uint32_t most = 0, *width;

	for (uint32_t i = from; i < to; i++)
		most = d->row[i].n_cell > most ? d->row[i].n_cell : most;
	width = xcalloc(most + (size_t)1, sizeof *width);
	for (uint32_t i = from; i < to; i++)
		for (uint32_t j = 0; j < d->row[i].n_cell; j++) {
			uint32_t cells = utf8_cells(d->cell[d->row[i].cell + j]);

			width[j] = cells > width[j] ? cells : width[j];
		}
	return width;
}

static void put_row(struct formatter *f, const struct drawing *d, const struct row *r,
		    const uint32_t *width, uint32_t names)
{
	buf_fill(f->out, ' ', LINE_INDENT);
	put_padded(f->out, r->name, names);
	buf_adds(f->out, " |");
	for (uint32_t j = 0; j < r->n_cell; j++) {
		buf_addc(f->out, ' ');
		put_padded(f->out, d->cell[r->cell + j], width[j]);
		buf_adds(f->out, " |");
	}
	buf_addc(f->out, '\n');
}

static void put_expectation(struct formatter *f, struct str line)
{
	uint32_t from = (uint32_t)(line.p - f->text);
	struct piece_list l = { NULL, 0, 0 };

	pieces_read(f, &l, from, from + line.n);
	buf_fill(f->out, ' ', LINE_INDENT);
	if (l.n == 0) { /* a comment with a full-width sign */
		buf_addstr(f->out, line);
		buf_addc(f->out, '\n');
		return;
	}
	f->expectation = true;
	pieces_write(f, &l, 0, LINE_INDENT);
	f->expectation = false;
	xfree(l.v);
}

static void put_rows(struct formatter *f, const struct drawing *d, uint32_t from, uint32_t to,
		     uint32_t names)
{
	uint32_t *width = column_widths(d, from, to);

	for (uint32_t i = from; i < to; i++) {
		const struct row *r = &d->row[i];

		if (r->blank)
			buf_addc(f->out, '\n');
		if (r->table)
			put_row(f, d, r, width, names);
		else if (r->expects)
			put_expectation(f, r->other);
		else
			format_comments(f, r->other, LINE_INDENT);
	}
	xfree(width);
}

void format_example(struct formatter *f, uint32_t from, uint32_t to)
{
	struct drawing d = { .row = NULL };
	uint32_t names = NAME_CELLS;

	read_lines(f, &d, from, to);
	for (uint32_t i = 0; i < d.n_row; i++) {
		uint32_t cells = utf8_cells(d.row[i].name);

		names = cells > names ? cells : names;
	}
	for (uint32_t i = 0, end; i < d.n_row; i = end) {
		end = table_end(&d, i);
		put_rows(f, &d, i, end, names);
	}
	xfree(d.row);
	xfree(d.cell);
}
