/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diag.c - collecting diagnostics, and finding the place of a byte.
 *
 * Everything a diagnostic holds lies in the list's arena. Offsets become lines and
 * columns only when asked. How they look on paper is in diag_print.c.
 */
#include "lib/rule/diag.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/utf8.h"

#define MAX_REPAIR 4096 /* bytes of a line that is worth showing repaired */

static const struct {
	const char *word;
	enum severity severity;
	const char *text[2], *explain[2];
} rows[DIAG_COUNT] = {
#define DIAG(code, word, sev, zh, en, xzh, xen) \
	[DIAG_##code] = { word, SEVERITY_##sev, { zh, en }, { xzh, xen } },
#include "lib/rule/diag.def"
#undef DIAG
};

void diag_init(struct diag_list *d, bool english)
{
	memset(d, 0, sizeof *d);
	arena_init(&d->arena);
	d->english = english;
}

void diag_fini(struct diag_list *d)
{
	for (uint32_t i = 0; i < d->n_files; i++)
		xfree(d->file[i].line);
	xfree(d->file);
	xfree(d->diag);
	xfree(d->repair);
	arena_fini(&d->arena);
	memset(d, 0, sizeof *d);
}

static void index_lines(struct source_file *f)
{
	uint32_t cap = 0;

	GROW(f->line, cap, 16);
	f->line[f->n_lines++] = 0;
	for (const char *p = f->text.p, *end = p + f->text.n; p < end; ) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (p == NULL)
			return;
		p++;
		GROW(f->line, cap, f->n_lines + 1);
		f->line[f->n_lines++] = (uint32_t)(p - f->text.p);
	}
}

uint32_t diag_source(struct diag_list *d, const char *name, struct str text)
{
	struct source_file *f;

	GROW(d->file, d->cap_files, d->n_files + 1);
	f = &d->file[d->n_files];
	*f = (struct source_file){
		.name = arena_strdup(&d->arena, name),
		.text = arena_str(&d->arena, text),
	};
	index_lines(f);
	return d->n_files++;
}

/* The code's sentence with its %s filled. */
static char *sentence(struct diag_list *d, enum diag_code code, va_list args)
{
	const char *t = rows[code].text[d->english];
	struct buf b;
	char *out;

	buf_init(&b, 4096);
	while (*t != '\0') {
		if (t[0] == '%' && t[1] == 's') {
			const char *arg = va_arg(args, const char *);

			buf_add(&b, arg, strnlen(arg, 400));
			t += 2;
		} else {
			buf_addc(&b, *t++);
		}
	}
	out = arena_strdup(&d->arena, buf_cstr(&b));
	buf_fini(&b);
	return out;
}

/* Whether there is no place left for one of this kind; warnings never crowd out errors. */
static bool is_full(const struct diag_list *d, enum severity s)
{
	return d->n > DIAG_MAX || (s == SEVERITY_WARNING && d->warnings > DIAG_MAX / 2);
}

static bool is_last(const struct diag_list *d, enum severity s)
{
	return d->n == DIAG_MAX || (s == SEVERITY_WARNING && d->warnings == DIAG_MAX / 2);
}

struct diag *diag_add(struct diag_list *d, struct span at, enum diag_code code, ...)
{
	enum severity s = rows[code].severity;
	bool full = is_full(d, s), last = is_last(d, s);
	struct diag *one;
	va_list args;

	assert(code < DIAG_COUNT && at.file < d->n_files);
	d->errors += s == SEVERITY_ERROR;
	d->warnings += s == SEVERITY_WARNING;
	if (full || last)
		d->lost += s == SEVERITY_ERROR;
	if (full) {
		d->spill = (struct diag){ .at = at, .code = DIAG_TOO_MANY, .text = "" };
		return &d->spill;
	}
	if (last)
		code = DIAG_TOO_MANY;
	GROW(d->diag, d->cap, d->n + 1);
	one = &d->diag[d->n++];
	*one = (struct diag){ .at = at, .code = code };
	va_start(args, code);
	one->text = sentence(d, code, args);
	va_end(args);
	return one;
}

static uint32_t line_of(const struct source_file *f, uint32_t offset)
{
	uint32_t lo = 0, hi = f->n_lines;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->line[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

struct str diag_line(const struct diag_list *d, struct span at)
{
	const struct source_file *f = &d->file[at.file];
	uint32_t n = line_of(f, at.start), start = f->line[n];
	uint32_t end = n + 1 < f->n_lines ? f->line[n + 1] : f->text.n;

	while (end > start && (f->text.p[end - 1] == '\n' || f->text.p[end - 1] == '\r'))
		end--;
	return str_make(f->text.p + start, end - start);
}

void diag_place(const struct diag_list *d, struct span at, uint32_t *line, uint32_t *col)
{
	const struct source_file *f = &d->file[at.file];
	uint32_t n = line_of(f, at.start), start = f->line[n];

	/* The byte order mark is no column. */
	if (n == 0 && str_starts(f->text, STR("\xef\xbb\xbf")) && at.start >= 3)
		start = 3;
	*line = n + 1;
	*col = utf8_columns(str_make(f->text.p + start, at.start - start)) + 1;
}

char *diag_repair(struct diag_list *d, struct span at, struct str instead)
{
	struct str line = diag_line(d, at);
	uint32_t from = (uint32_t)(d->file[at.file].text.p + at.start - line.p);
	uint32_t to = from + (at.end - at.start);
	struct str head, tail;

	if (line.n > MAX_REPAIR)
		return NULL;
	if (to > line.n)
		to = line.n;
	head = str_trim(str_sub(line, 0, from));
	if (head.n > 0) /* blanks before the span belong to the line */
		head.n = (uint32_t)(line.p + from - head.p);
	tail = str_sub(line, to, line.n - to);
	GROW(d->repair, d->cap_repair, d->n_repair + 1);
	d->repair[d->n_repair] = (struct repair){
		.line = arena_printf(&d->arena, STR_FMT STR_FMT STR_FMT, STR_ARG(head),
				     STR_ARG(instead), STR_ARG(tail)),
		.at = at,
		.instead = arena_str(&d->arena, instead),
	};
	return (char *)d->repair[d->n_repair++].line;
}

const struct repair *diag_edit(const struct diag_list *d, const struct diag *x)
{
	for (uint32_t i = 0; i < d->n_repair && x->fixed != NULL; i++)
		if (d->repair[i].line == x->fixed)
			return &d->repair[i];
	return NULL;
}

static int by_place(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;

	if (x->at.file != y->at.file)
		return x->at.file < y->at.file ? -1 : 1;
	if (x->at.start != y->at.start)
		return x->at.start < y->at.start ? -1 : 1;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return strcmp(x->text, y->text);
}

void diag_sort(struct diag_list *d)
{
	uint32_t n = 0;

	if (d->n > 1)
		qsort(d->diag, d->n, sizeof *d->diag, by_place);
	d->errors = d->lost;
	d->warnings = 0;
	for (uint32_t i = 0; i < d->n; i++) {
		enum severity s = rows[d->diag[i].code].severity;

		if (n > 0 && by_place(&d->diag[n - 1], &d->diag[i]) == 0)
			continue;
		d->diag[n++] = d->diag[i];
		d->errors += s == SEVERITY_ERROR;
		d->warnings += s == SEVERITY_WARNING;
	}
	d->n = n;
}

const char *diag_word(enum diag_code c)
{
	return rows[c].word;
}

enum severity diag_severity(enum diag_code c)
{
	return rows[c].severity;
}

const char *diag_explain(enum diag_code c, bool english)
{
	return rows[c].explain[english];
}

enum diag_code diag_find(struct str word)
{
	for (unsigned c = 0; c < DIAG_COUNT; c++)
		if (str_eq(word, str_of(rows[c].word)))
			return (enum diag_code)c;
	return DIAG_COUNT;
}
