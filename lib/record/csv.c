/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.c - find the record's end, cut it into cells, give it out.
 *
 * Stretches of text are indexed at once (index.h) and their lines cut by the index. A line
 * with a NUL or unusual quotes in it takes the careful way, alone; so do lines longer than a
 * stretch and the last one without an end. The carry holds what is not yet a whole record.
 */
#include "lib/record/csv.h"

#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/utf8.h"
#include "lib/record/decode.h"
#include "lib/record/index.h"

#define CELLS_MAX 4096u
#define FIRST_CELLS 512u /* room made at once; at most CELLS_MAX + 1 are kept */
#define SETTLE_EACH 16u        /* stretches; sooner when more is laid out than this: */
#define SCRATCH_MOST (64u << 10)
#define QUOTED_MAX (64u << 10) /* a quoted record that spans lines is not longer */

struct csv {
	char separator;
	csv_rows_fn *rows;
	csv_settle_fn *settle; /* or NULL */
	void *ctx;
	struct buf carry;
	size_t scanned;     /* bytes of the carry known to hold no line end */
	size_t open, stop;  /* a cell of the carry's record is open there, or 0; as cut last */
	uint64_t line;      /* lines before the next record */
	uint64_t offset;    /* of the next record */
	unsigned width;     /* 0 = not known yet */
	bool skipping;      /* inside a line given up for its length */
	bool suspect;
	unsigned bad;       /* 1-based cell where cutting stopped */
	struct str *cell;
	unsigned n, cap;
	struct csv_row run[CSV_ROWS_MAX]; /* good rows not given out yet */
	unsigned n_run;
	struct arena scratch; /* cells of rows with quotes, until these are settled */
	text_index_fn *make_index;
	struct text_index *index;
};

struct csv *csv_new(char separator, csv_rows_fn *rows, void *ctx)
{
	struct csv *csv = xcalloc(1, sizeof(*csv));
	csv->separator = separator;
	csv->rows = rows;
	csv->ctx = ctx;
	csv->make_index = text_index_best();
	csv->index = xmalloc(sizeof(*csv->index)); /* large, and written before it is read */
	GROW(csv->cell, csv->cap, FIRST_CELLS);
	buf_init(&csv->carry, 0);
	arena_init(&csv->scratch);
	return csv;
}

void csv_free(struct csv *csv)
{
	if (!csv)
		return;
	buf_fini(&csv->carry);
	arena_fini(&csv->scratch);
	xfree(csv->cell);
	xfree(csv->index);
	xfree(csv);
}

void csv_settles(struct csv *csv, csv_settle_fn *settle)
{
	csv->settle = settle;
}

void csv_skipped(struct csv *csv, uint64_t lines, uint64_t bytes)
{
	csv->line = lines;
	csv->offset = bytes;
	csv->skipping = false;
	csv->scanned = csv->open = 0;
	buf_reset(&csv->carry);
}

void csv_position(const struct csv *csv, uint64_t *lines, uint64_t *bytes)
{
	*lines = csv->line;
	*bytes = csv->offset;
}

bool csv_idle(const struct csv *csv)
{
	return csv->carry.n == 0 && !csv->skipping;
}

void csv_width(struct csv *csv, unsigned width)
{
	csv->width = width;
}

/* ---- cells ---- */

static void add_cell(struct csv *csv, const char *p, size_t n)
{
	if (csv->n > CELLS_MAX)
		return;
	GROW(csv->cell, csv->cap, csv->n + 1u);
	csv->cell[csv->n++] = (struct str){ p, (uint32_t)n };
}

/* Cuts a line without quotes at its separators. */
static void split_plain(struct csv *csv, const char *p, size_t n)
{
	size_t from = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] != csv->separator)
			continue;
		add_cell(csv, p + from, i - from);
		from = i + 1;
	}
	add_cell(csv, p + from, n - from);
}

enum cut { CUT_DONE, CUT_MORE, CUT_STRAY };

/* A cell's content between its quotes, doubled ones made single. */
static void add_quoted(struct csv *csv, const char *p, size_t n, bool doubled)
{
	if (!doubled) {
		add_cell(csv, p, n);
		return;
	}
	char *out = arena_alloc(&csv->scratch, n);
	size_t made = 0;
	for (size_t i = 0; i < n; i++) {
		out[made++] = p[i];
		i += p[i] == '"';
	}
	add_cell(csv, out, made);
}

/* The quoted cell at p[*at] (its opening quote); leaves *at behind the closing quote. */
static enum cut cut_quoted(struct csv *csv, const char *p, size_t n, size_t *at, bool end)
{
	size_t from = *at + 1, i = from;
	bool doubled = false;
	for (;;) {
		const char *quote = i < n ? memchr(p + i, '"', n - i) : NULL;
		csv->stop = quote ? (size_t)(quote - p) : n;
		if (!quote)
			return CUT_MORE;
		i = (size_t)(quote - p) + 1;
		if (i == n && !end)
			return CUT_MORE;
		if (i == n || p[i] != '"')
			break;
		doubled = true;
		i++;
	}
	csv->stop = 0;
	add_quoted(csv, p + from, i - 1 - from, doubled);
	*at = i;
	return CUT_DONE;
}

static enum cut cut_plain(struct csv *csv, const char *p, size_t n, size_t *at, bool end)
{
	size_t from = *at, i = text_stop(p, from, n, csv->separator);
	if (i == n && !end)
		return CUT_MORE;
	if (i < n && p[i] == '"')
		return CUT_STRAY;
	bool last = i == n || p[i] == '\n';
	add_cell(csv, p + from, i - from - (last && i > from && p[i - 1] == '\r'));
	*at = i;
	return CUT_DONE;
}

/* Behind a cell: a separator, or the record's end (with *ended and its length in *at). */
static enum cut cut_between(struct csv *csv, const char *p, size_t n, size_t *at, bool end,
			    bool *ended)
{
	size_t i = *at;
	if (i < n && p[i] == '\r')
		i++;
	if (i == n && !end)
		return CUT_MORE;
	*ended = i == n || p[i] == '\n';
	if (*ended) {
		*at = i;
		return CUT_DONE;
	}
	if (p[*at] != csv->separator)
		return CUT_STRAY;
	*at += 1;
	return CUT_DONE;
}

/* Cuts the record at p; *length is what it takes without the line end, or where it stopped. */
static enum cut cut_record(struct csv *csv, const char *p, size_t n, bool end, size_t *length)
{
	size_t at = 0;
	bool ended = false;
	csv->stop = 0;
	while (!ended) {
		enum cut c;
		csv->bad = csv->n + 1;
		if (at == n && !end)
			return CUT_MORE;
		if (at < n && p[at] == '"')
			c = cut_quoted(csv, p, n, &at, end);
		else
			c = cut_plain(csv, p, n, &at, end);
		if (c == CUT_DONE)
			c = cut_between(csv, p, n, &at, end, &ended);
		*length = at;
		if (c != CUT_DONE)
			return c;
	}
	csv->bad = 0;
	return CUT_DONE;
}

/* ---- giving out ---- */

static unsigned bad_cell(const struct csv *csv)
{
	for (unsigned i = 0; i < csv->n; i++)
		if (!utf8_valid(csv->cell[i].p, csv->cell[i].n))
			return i + 1;
	return 0;
}

static void trim_surplus(struct csv *csv)
{
	while (csv->width && csv->n > csv->width && csv->cell[csv->n - 1].n == 0)
		csv->n--;
}

/* ---- rows that wait to be given out together ---- */

static bool give_run(struct csv *csv, struct err *e)
{
	unsigned n = csv->n_run;
	csv->n_run = 0;
	return n == 0 || csv->rows(csv->ctx, csv->run, n, e);
}

/* The next row of the run; its members are set one by one, since a whole row read back right after
 * its parts were written has the processor wait for them. */
static inline struct csv_row *run_row(struct csv *csv, struct str raw)
{
	struct csv_row *row = &csv->run[csv->n_run];
	row->raw.p = raw.p;
	row->raw.n = raw.n;
	row->line = csv->line + 1;
	row->offset = csv->offset;
	row->why = REJECT_NONE;
	row->column = 0;
	return row;
}

static inline bool run_grows(struct csv *csv, struct err *e)
{
	return ++csv->n_run < CSV_ROWS_MAX || give_run(csv, e);
}

/* The cells cut with care one behind the other, as rows of the index lie. */
static struct row_cells lay_out(struct csv *csv)
{
	size_t size = csv->n;
	uint32_t at = 0;
	for (unsigned i = 0; i < csv->n; i++)
		size += csv->cell[i].n;
	uint32_t *end = arena_room(&csv->scratch, csv->n + 1u, sizeof(*end));
	char *text = arena_room(&csv->scratch, size, 1);
	for (unsigned i = 0; i < csv->n; i++, at++) {
		if (csv->cell[i].n)
			memcpy(text + at, csv->cell[i].p, csv->cell[i].n);
		at += csv->cell[i].n;
		end[i] = at;
	}
	return (struct row_cells){ .text = text, .end = end, .n = csv->n };
}

static bool give(struct csv *csv, struct str raw, enum reject_reason why, unsigned column,
		 struct err *e)
{
	struct csv_row row = {
		.raw = raw, .line = csv->line + 1, .offset = csv->offset, .why = why,
		.column = column,
	};
	if (why == REJECT_NONE)
		row.cells = lay_out(csv);
	if (why == REJECT_NONE && csv->width && csv->n == csv->width) {
		run_row(csv, raw)->cells = row.cells;
		return run_grows(csv, e);
	}
	return give_run(csv, e) && csv->rows(csv->ctx, &row, 1, e);
}

/* A record whose quotes are right: the last checks, then out. */
static bool give_cells(struct csv *csv, struct str raw, struct err *e)
{
	trim_surplus(csv);
	if (raw.n && memchr(raw.p, 0, raw.n))
		return give(csv, raw, REJECT_BAD_BYTE, 0, e);
	if (csv->suspect && !utf8_valid(raw.p, raw.n))
		return give(csv, raw, REJECT_BAD_CHARSET, bad_cell(csv), e);
	if (csv->n > CELLS_MAX || (csv->width && csv->n != csv->width))
		return give(csv, raw, REJECT_BAD_COLUMNS, 0, e);
	return give(csv, raw, REJECT_NONE, 0, e);
}

static struct str without_cr(const char *p, size_t n)
{
	return (struct str){ p, (uint32_t)(n - (n && p[n - 1] == '\r')) };
}

static uint64_t count_lines(const char *p, size_t n)
{
	uint64_t lines = 0;
	for (const char *nl; n && (nl = memchr(p, '\n', n)); lines++) {
		n -= (size_t)(nl - p) + 1;
		p = nl + 1;
	}
	return lines;
}

/* A line with quotes. Returns bytes taken without the line end, or SIZE_MAX for "more needed". */
static size_t quoted_record(struct csv *csv, const char *p, size_t n, size_t line, bool end,
			    bool *good, struct err *e)
{
	/* Looked at no further than this, however much there is: pieces must not matter. */
	size_t length = 0, most = line + QUOTED_MAX;
	bool all = n <= most;
	enum cut c = cut_record(csv, p, all ? n : most, end && all, &length);
	if (c == CUT_MORE && !end && all) {
		csv->open = csv->stop;
		return SIZE_MAX;
	}
	bool several = length > line;
	trim_surplus(csv);
	if (c == CUT_DONE && (!several || !csv->width || csv->n == csv->width)) {
		*good = give_cells(csv, without_cr(p, length), e);
		csv->line += count_lines(p, length);
		return length;
	}
	bool stray = c == CUT_STRAY && !several;
	*good = give(csv, without_cr(p, line), stray ? REJECT_STRAY_QUOTE : REJECT_OPEN_QUOTE,
		     csv->bad, e);
	return line;
}

/* One record at p. Returns bytes taken, 0 when more are needed. */
static size_t record(struct csv *csv, const char *p, size_t n, bool end, bool *good, struct err *e)
{
	const char *nl = n > csv->scanned ? memchr(p + csv->scanned, '\n', n - csv->scanned) : NULL;
	if (!nl && !end) {
		csv->scanned = n;
		return 0;
	}
	size_t line = nl ? (size_t)(nl - p) : n, taken = line;
	csv->n = 0;
	struct str text = without_cr(p, line);
	if (line > DECODE_LINE_MAX) {
		*good = give(csv, text, REJECT_LINE_TOO_LONG, 0, e);
	} else if (memchr(p, '"', line)) {
		taken = quoted_record(csv, p, n, line, end, good, e);
		if (taken == SIZE_MAX)
			return 0;
	} else if (text.n) {
		split_plain(csv, text.p, text.n);
		*good = give_cells(csv, text, e);
	}
	csv->scanned = 0;
	csv->line++;
	taken += taken < n;
	csv->offset += taken;
	return taken;
}

/* ---- lines by the index ---- */

/* The cells of an indexed line: text from p[begin], ends[0..n) behind each cell. */
static inline void cut_by_index(struct str *cell, const char *p, uint32_t begin,
				const uint32_t *ends, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		cell[i] = (struct str){ p + begin, ends[i] - begin };
		begin = ends[i] + 1u;
	}
}

/* One whole line p[begin..nl) without rare bytes, of n cells ending at ends[]. */
static inline bool plain_line(struct csv *csv, const char *p, uint32_t begin, uint32_t *ends,
			      uint32_t n, struct err *e)
{
	uint32_t nl = ends[n - 1];
	struct str raw = without_cr(p + begin, nl - begin);
	bool good = true;
	ends[n - 1] = begin + raw.n;
	if (raw.n && n == csv->width && !csv->suspect) {
		struct row_cells *cells = &run_row(csv, raw)->cells;
		cells->text = p;
		cells->end = ends;
		cells->cell = NULL;
		cells->begin = begin;
		cells->n = n;
		good = run_grows(csv, e);
	} else if (raw.n) {
		csv->n = n < CELLS_MAX + 1u ? n : CELLS_MAX + 1u;
		GROW(csv->cell, csv->cap, csv->n);
		cut_by_index(csv->cell, p, begin, ends, csv->n);
		good = give_cells(csv, raw, e);
	}
	csv->line++;
	csv->offset += nl + 1u - begin;
	return good;
}

/* ---- lines with plain quotes by the index ---- */

/* Copies p[from..to) behind what is there. */
static inline char *put_text(char *out, const char *p, uint32_t from, uint32_t to)
{
	memcpy(out, p + from, to - from);
	return out + (to - from);
}

/* Whether a[0] and a[1] are the quotes of a cell without others in it; the line ends at `stop`. */
static inline bool is_pair(const struct csv *csv, const char *p, const uint32_t *a, uint32_t begin,
			   uint32_t stop)
{
	return p[a[0]] == '"' && p[a[1]] == '"' &&
	       (a[0] == begin || p[a[0] - 1] == csv->separator) &&
	       (a[1] + 1 == stop || p[a[1] + 1] == csv->separator);
}

/* One whole line p[begin..ends[n - 1]) with quotes at rare[0..n_rare), laid out without them.
 * False, and nothing done: not each pair is that of a cell, or it is not as wide as it should. */
static bool quoted_line(struct csv *csv, const char *p, uint32_t begin, const uint32_t *ends,
			uint32_t n, const uint32_t *rare, uint32_t n_rare)
{
	struct str raw = without_cr(p + begin, ends[n - 1] - begin);
	uint32_t stop = begin + raw.n, from = begin, cells = 0, k = 0;
	if (csv->suspect || csv->width == 0 || n < csv->width || n_rare % 2)
		return false;
	uint32_t *end = arena_room(&csv->scratch, n, sizeof(*end));
	char *text = arena_room(&csv->scratch, raw.n, 1), *out = text;
	for (uint32_t i = 0; i < n_rare; i += 2) {
		if (!is_pair(csv, p, rare + i, begin, stop))
			return false;
		for (; ends[k] < rare[i]; k++)
			end[cells++] = ends[k] - begin - i;
		out = put_text(out, p, from, rare[i]);
		out = put_text(out, p, rare[i] + 1, rare[i + 1]);
		from = rare[i + 1] + 1;
		while (ends[k] < from)
			k++;
	}
	put_text(out, p, from, stop);
	for (; k < n - 1; k++)
		end[cells++] = ends[k] - begin - n_rare;
	end[cells++] = raw.n - n_rare;
	if (cells != csv->width)
		return false;
	struct row_cells *row = &run_row(csv, raw)->cells;
	*row = (struct row_cells){ .text = text, .end = end, .n = cells };
	csv->line++;
	csv->offset += ends[n - 1] + 1u - begin;
	return true;
}

/* How many of rare[0..n) come before `to`. */
static uint32_t rare_before(const uint32_t *rare, uint32_t n, uint32_t to)
{
	uint32_t i = 0;
	while (i < n && rare[i] < to)
		i++;
	return i;
}

/* The lines of an indexed stretch p[0..), of which n bytes follow in all. Returns bytes taken;
 * *stuck when the careful way needs more than there is. */
static size_t indexed_lines(struct csv *csv, const char *p, size_t n, bool end, bool *stuck,
			    struct err *e, bool *good)
{
	struct text_index *in = csv->index;
	uint32_t begin = 0, first = 0, rare = 0;
	for (uint32_t k = 0; k < in->n_line && k < INDEX_LINES && *good; k++) {
		uint32_t last = in->line[k], nl = in->end[last];
		if (nl < begin) /* inside a record that spanned lines */
			continue;
		for (; first <= last && in->end[first] < begin; first++)
			;
		for (; rare < in->n_rare && in->rare[rare] < begin; rare++)
			;
		if (rare == in->n_rare || in->rare[rare] > nl) {
			*good = plain_line(csv, p, begin, in->end + first, last - first + 1, e);
			begin = nl + 1;
			first = last + 1;
			continue;
		}
		if (quoted_line(csv, p, begin, in->end + first, last - first + 1, in->rare + rare,
				rare_before(in->rare + rare, in->n_rare - rare, nl))) {
			*good = run_grows(csv, e);
			begin = nl + 1;
			first = last + 1;
			continue;
		}
		size_t taken = record(csv, p + begin, n - begin, end, good, e);
		*stuck = taken == 0;
		if (*stuck)
			return begin;
		begin += (uint32_t)taken;
	}
	return begin;
}

/* The text before p[*at] goes, unless some of it is to be given again. */
static bool settle(struct csv *csv, size_t *at)
{
	uint64_t line, offset;
	bool good = !csv->settle || csv->settle(csv->ctx, &line, &offset);
	if (!good) {
		*at -= csv->offset - offset;
		csv->offset = offset;
		csv->line = line - 1;
		csv->scanned = csv->open = 0;
	}
	if (csv->scratch.used)
		arena_reset(&csv->scratch);
	return good;
}

/* As many records as there are; returns bytes taken. */
static size_t records(struct csv *csv, const char *p, size_t n, bool end, bool *good,
		      struct err *e)
{
	size_t at = 0;
	unsigned stretches = 0;
	bool stuck = false;
	while (*good && at < n && !stuck) {
		size_t left = n - at, taken = 0;
		if (csv->scanned == 0) {
			csv->make_index(p + at, left < INDEX_MAX ? left : INDEX_MAX,
					csv->separator, csv->index);
			taken = indexed_lines(csv, p + at, left, end, &stuck, e, good);
		}
		if (taken == 0 && *good && !stuck) {
			taken = record(csv, p + at, left, end, good, e);
			stuck = taken == 0;
		}
		at += taken;
		*good = give_run(csv, e) && *good; /* the index goes now, at last the text */
		if (at == n || stuck || csv->scratch.used > SCRATCH_MOST ||
		    ++stretches % SETTLE_EACH == 0)
			stuck = settle(csv, &at) && stuck;
	}
	return at;
}

/* The rest of a line that was given up; returns bytes to skip. */
static size_t skip(struct csv *csv, const char *p, size_t n)
{
	const char *nl = memchr(p, '\n', n);
	size_t skipped = nl ? (size_t)(nl - p) + 1 : n;
	csv->offset += skipped;
	csv->skipping = !nl;
	csv->line += nl != NULL;
	return skipped;
}

/* The carry is longer than any line may be. */
static bool give_up(struct csv *csv, struct err *e)
{
	csv->n = 0;
	bool good = give(csv, buf_str(&csv->carry), REJECT_LINE_TOO_LONG, 0, e);
	csv->offset += csv->carry.n;
	csv->skipping = true;
	csv->scanned = 0;
	buf_reset(&csv->carry);
	return good;
}

/* Whether the carry's quoted cell is not closed yet: a record that comes line by line is not cut
 * anew with each. */
static bool stays_open(struct csv *csv)
{
	const char *p = csv->carry.p, *quote;
	size_t n = csv->carry.n;
	if (csv->open == 0 || n > QUOTED_MAX)
		return false;
	while ((quote = memchr(p + csv->open, '"', n - csv->open))) {
		csv->open = (size_t)(quote - p);
		if (csv->open + 1 == n)
			return true;
		if (quote[1] != '"')
			return false;
		csv->open += 2;
	}
	csv->open = n;
	return true;
}

static bool push(struct csv *csv, const char *p, size_t n, bool end, struct err *e)
{
	bool good = true, held = csv->carry.n > 0;
	if (held) {
		buf_add(&csv->carry, p, n);
		if (!end && stays_open(csv))
			return true;
		p = csv->carry.p;
		n = csv->carry.n;
	}
	csv->open = 0;
	size_t taken = records(csv, p, n, end, &good, e);
	if (held && taken) {
		memmove(csv->carry.p, p + taken, n - taken);
		csv->carry.n = n - taken;
	} else if (!held && taken < n) {
		buf_add(&csv->carry, p + taken, n - taken);
	}
	if (good && csv->scanned > DECODE_LINE_MAX)
		return give_up(csv, e);
	return good;
}

bool csv_push(struct csv *csv, const char *p, size_t n, bool suspect, struct err *e)
{
	csv->suspect = suspect || (csv->suspect && !csv_idle(csv));
	if (csv->skipping && n) {
		size_t skipped = skip(csv, p, n);
		p += skipped;
		n -= skipped;
	}
	return n == 0 || push(csv, p, n, false, e);
}

bool csv_finish(struct csv *csv, struct err *e)
{
	return push(csv, "", 0, true, e);
}
