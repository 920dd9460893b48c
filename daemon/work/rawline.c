/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work/rawline.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/record/charset.h"
#include "lib/record/csv.h"
#include "lib/record/decode.h"
#include "lib/record/inflate.h"
#include "lib/record/json.h"

#define BLOCK (1u << 20)

struct finder {
	struct rawlines *out;
	const struct feed_file *file;
	struct inflate *inflate;
	struct charset *charset;
	struct csv *csv;
	struct json *json;
	uint64_t blank_lines, blank_bytes;
	uint32_t left;             /* not found yet */
};

static struct rawline *wanted(struct finder *f, uint64_t line)
{
	uint32_t low = 0, high = f->out->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (f->out->line[middle].line < line)
			low = middle + 1;
		else
			high = middle;
	}
	struct rawline *l = low < f->out->n ? &f->out->line[low] : NULL;
	return l && l->line == line && !l->found ? l : NULL;
}

static struct str *keep_cells(struct finder *f, const struct row_cells *row)
{
	struct str *cell = arena_array(&f->out->arena, row->n + 1u, sizeof *cell);
	for (uint32_t i = 0; i < row->n; i++)
		cell[i] = arena_str(&f->out->arena, cell_at(row, i));
	return cell;
}

static void keep(struct finder *f, struct rawline *l, struct str raw, uint64_t offset)
{
	l->found = true;
	l->raw = arena_str(&f->out->arena, raw);
	l->offset = offset;
	f->left--;
}

static void take_row(struct finder *f, const struct csv_row *row)
{
	struct rawline *l;
	if (!f->out->head && row->why == REJECT_NONE) {
		f->out->head = keep_cells(f, &row->cells);
		f->out->n_head = row->cells.n;
		csv_width(f->csv, row->cells.n);
		return;
	}
	l = wanted(f, row->line);
	if (!l)
		return;
	keep(f, l, row->raw, row->offset);
	if (row->why == REJECT_NONE) {
		l->cell = keep_cells(f, &row->cells);
		l->n_cell = row->cells.n;
	}
}

static bool take_rows(void *ctx, const struct csv_row *row, unsigned n, struct err *e)
{
	(void)e;
	for (unsigned i = 0; i < n; i++)
		take_row(ctx, &row[i]);
	return true;
}

static void take_object(void *ctx, const struct json_in *in)
{
	struct finder *f = ctx;
	struct rawline *l = wanted(f, in->line);
	if (l)
		keep(f, l, in->raw, in->offset);
}

static void open_format(struct finder *f, char first)
{
	enum feed_format format = f->file->format;
	bool json = format == FORMAT_AUTO ? first == '{' || first == '[' : format != FORMAT_CSV;
	if (json) {
		f->json = json_new(format == FORMAT_NDJSON, take_object, f);
		json_skipped(f->json, f->blank_lines, f->blank_bytes);
	} else {
		f->csv = csv_new(f->file->separator, take_rows, f);
		csv_skipped(f->csv, f->blank_lines, f->blank_bytes);
	}
}

static bool take_text(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct finder *f = ctx;
	while (!f->csv && !f->json && n > 0 && memchr(" \t\r\n", *p, 4)) {
		f->blank_lines += *p == '\n';
		f->blank_bytes++;
		p++;
		n--;
	}
	if (n == 0)
		return true;
	if (!f->csv && !f->json)
		open_format(f, *p);
	if (f->csv)
		return csv_push(f->csv, p, n, suspect, e);
	json_push(f->json, p, n, suspect);
	return true;
}

static bool take_bytes(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct finder *f = ctx;
	(void)suspect;
	return charset_push(f->charset, p, n, (struct flow){ take_text, f }, e);
}

static bool finish(struct finder *f, struct err *e)
{
	if (!inflate_finish(f->inflate, (struct flow){ take_bytes, f }, e) ||
	    !charset_finish(f->charset, (struct flow){ take_text, f }, e))
		return false;
	if (f->json)
		json_finish(f->json);
	return !f->csv || csv_finish(f->csv, e);
}

/* A file that breaks off has been read as far as it goes: so does this. */
static bool read_all(struct finder *f, int fd, struct err *e)
{
	char *block = xmalloc(BLOCK);
	ssize_t n = 1;
	bool ok = true;
	while (ok && f->left > 0 && (n = read(fd, block, BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		ok = n > 0 ? inflate_push(f->inflate, block, (size_t)n,
					  (struct flow){ take_bytes, f }, e)
			   : err_set(e, ERR_WORLD, "reading: %s", strerror(errno));
	}
	if (ok && f->left > 0)
		ok = finish(f, e);
	xfree(block);
	return ok || f->left < f->out->n;
}

bool rawlines_read(int fd, const struct feed *feed, const char *file_name, const uint64_t *line,
		   uint32_t n, struct rawlines *out, struct err *e)
{
	struct finder f = { .out = out, .file = feed_file_for(feed, file_name), .left = n };
	*out = (struct rawlines){ .n = n, .charset = "utf-8" };
	arena_init(&out->arena);
	if (!f.file)
		return err_set(e, ERR_INPUT, "the feed does not take a file named %s", file_name);
	out->line = xcalloc(n + 1u, sizeof *out->line);
	for (uint32_t i = 0; i < n; i++)
		out->line[i].line = line[i];
	f.inflate = inflate_new();
	f.charset = charset_new(f.file->charset, DECODE_LINE_MAX);
	bool ok = read_all(&f, fd, e);
	if (charset_found(f.charset) == CHARSET_GB18030)
		out->charset = "gb18030";
	inflate_free(f.inflate);
	charset_free(f.charset);
	if (f.csv)
		csv_free(f.csv);
	if (f.json)
		json_free(f.json);
	return ok;
}

void rawlines_fini(struct rawlines *r)
{
	arena_fini(&r->arena);
	xfree(r->line);
}
