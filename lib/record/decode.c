/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode.c - the stages put in a row: inflate, character set, format, rows.
 *
 * The format is known from the feed or from the first byte that is not blank: braces
 * and brackets begin JSON, everything else is a CSV header.
 */
#include "lib/record/decode.h"

#include <assert.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/record/decode_impl.h"
#include "lib/record/national.h"

/* ---- CSV ---- */

static bool take_header(struct decoder *d, const struct csv_row *row, struct err *e)
{
	if (row->why != REJECT_NONE)
		return err_set(e, ERR_INPUT, "第 %llu 行表头不能读取：%s",
			       (unsigned long long)row->line, reject_sentence(row->why, false));
	d->has_header = true;
	d->header_hash = hash_str(row->raw);
	buf_addstr(&d->header, row->raw);
	if (!plan_header(&d->rower.plan, &row->cells, e))
		return false;
	d->stats.unknown_columns = d->rower.plan.n_unknown;
	csv_width(d->csv, row->cells.n);
	return true;
}

bool decode_csv_rows(void *ctx, const struct csv_row *row, unsigned n, struct err *e)
{
	struct decoder *d = ctx;
	struct row_in in[CSV_ROWS_MAX];
	if (!d->has_header)
		return take_header(d, row, e);
	for (unsigned i = 0; i < n; i++)
		in[i] = (struct row_in){
			.cells = row[i].cells, .raw = row[i].raw, .line = row[i].line,
			.offset = row[i].offset, .length = row[i].raw.n,
			.streams = ROW_ALL_STREAMS,
			.digest = hash_join(d->header_hash, hash_str(row[i].raw)) | 1u,
		};
	if (row->why != REJECT_NONE)
		rower_refuse(&d->rower, in, row->why, row->column, (struct str){ 0 });
	else
		rower_take(&d->rower, in, n);
	return true;
}

bool decode_csv_settle(void *ctx, uint64_t *line, uint64_t *offset)
{
	struct decoder *d = ctx;
	return rower_settle(&d->rower, line, offset);
}

/* ---- JSON ---- */

static void take_json(void *ctx, const struct json_in *in)
{
	struct decoder *d = ctx;
	bool message = d->format == FORMAT_NATIONAL;
	if (d->any_message && in->object)
		message = d->file->n_stream == 0 || national_is_message(in->object);
	if (message)
		national_take(&d->rower, in);
	else
		national_take_row(&d->rower, in);
}

/* ---- which format ---- */

static void open_format(struct decoder *d)
{
	if (d->format == FORMAT_CSV) {
		d->rower.positions = true;
		d->csv = csv_new(d->file->separator, decode_csv_rows, d);
		csv_settles(d->csv, decode_csv_settle);
		d->rower.settles = true;
		csv_skipped(d->csv, d->blank_lines, d->blank_bytes);
		return;
	}
	plan_open(&d->rower.plan);
	d->json = json_new(d->format == FORMAT_NDJSON, take_json, d);
	json_skipped(d->json, d->blank_lines, d->blank_bytes);
}

/* Blanks before the first byte that says anything; returns how many. */
static size_t leading_blanks(struct decoder *d, const char *p, size_t n)
{
	size_t i = 0;
	for (; i < n && memchr(" \t\r\n", p[i], 4); i++)
		d->blank_lines += p[i] == '\n';
	d->blank_bytes += i;
	return i;
}

static void sniff(struct decoder *d, char first)
{
	if (d->format != FORMAT_AUTO)
		return;
	d->any_message = first == '{' || first == '[';
	d->format = d->any_message ? FORMAT_NATIONAL : FORMAT_CSV;
}

/* Lines into the CSV reader until the header is whole, everything behind it given away. */
static bool divert(struct decoder *d, const char *p, size_t n, bool suspect, struct err *e)
{
	while (n && !d->diverting) {
		const char *nl = memchr(p, '\n', n);
		size_t line = nl ? (size_t)(nl - p) + 1 : n;
		if (!csv_push(d->csv, p, line, suspect, e))
			return false;
		d->diverting = d->has_header && csv_idle(d->csv);
		p += line;
		n -= line;
	}
	return n == 0 || d->divert(d->divert_ctx, p, n, suspect, e);
}

static bool take_text(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct decoder *d = ctx;
	d->stats.bytes_text += n;
	if (!d->csv && !d->json) {
		size_t blank = leading_blanks(d, p, n);
		p += blank;
		n -= blank;
		if (n == 0)
			return true;
		sniff(d, *p);
		open_format(d);
	}
	if (d->csv && d->divert)
		return divert(d, p, n, suspect, e);
	if (d->csv)
		return csv_push(d->csv, p, n, suspect, e);
	json_push(d->json, p, n, suspect);
	return true;
}

static bool take_bytes(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct decoder *d = ctx;
	(void)suspect;
	return charset_push(d->charset, p, n, (struct flow){ take_text, d }, e);
}

/* ---- the decoder ---- */

struct decoder *decoder_new(const struct feed *feed, const char *file_name, const uint8_t *wanted,
			    struct err *e)
{
	const struct feed_file *file = feed_file_for(feed, file_name);
	if (!file) {
		err_set(e, ERR_INPUT, "feed「%s」没有能匹配文件名 %s 的 files 项", feed_name(feed),
			file_name);
		return NULL;
	}
	struct decoder *d = xcalloc(1, sizeof(*d));
	d->feed = feed;
	d->file = file;
	d->wanted = wanted;
	d->format = file->format;
	buf_init(&d->header, 0);
	d->inflate = inflate_new();
	d->charset = charset_new(file->charset, DECODE_LINE_MAX);
	rower_init(&d->rower, feed, file, wanted, &d->stats);
	return d;
}

void decoder_english(struct decoder *d, bool english)
{
	d->rower.english = english;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	if (d->inflate)
		inflate_free(d->inflate);
	if (d->charset)
		charset_free(d->charset);
	csv_free(d->csv);
	json_free(d->json);
	rower_fini(&d->rower);
	buf_fini(&d->header);
	xfree(d->claims.claim);
	xfree(d);
}

/* What came before is given out. */
static bool broke_off(struct decoder *d)
{
	d->cut = true;
	if (!d->diverting)
		rower_flush(&d->rower);
	return false;
}

bool decoder_push(struct decoder *d, const void *bytes, size_t n, struct err *e)
{
	const char *p = bytes;
	struct flow to = { take_bytes, d };
	if (d->broken)
		return err_set(e, ERR_INPUT, "输入此前已损坏");
	d->stats.bytes_in += n;
	for (size_t some; n && !d->broken; p += some, n -= some) {
		some = n < INFLATE_STEP ? n : INFLATE_STEP;
		d->broken = !inflate_push(d->inflate, p, some, to, e);
	}
	return !d->broken || broke_off(d);
}

void decoder_feed(struct decoder *d, const void *bytes, size_t n)
{
	assert(decoder_hungry(d));
	d->fed = (struct bytes){ bytes, n };
	d->stats.bytes_in += n;
}

bool decoder_hungry(const struct decoder *d)
{
	return inflate_hungry(d->inflate, &d->fed);
}

bool decoder_step(struct decoder *d, struct err *e)
{
	d->broken = !inflate_step(d->inflate, &d->fed, (struct flow){ take_bytes, d }, e);
	return !d->broken || broke_off(d);
}

bool decoder_push_text(struct decoder *lead, const char *p, size_t n, struct err *e)
{
	if (!lead->zipped)
		return decoder_push(lead, p, n, e);
	for (size_t some; n && !lead->broken; p += some, n -= some) {
		some = n < INFLATE_STEP ? n : INFLATE_STEP;
		lead->broken = !take_bytes(lead, p, some, false, e);
	}
	return !lead->broken || broke_off(lead);
}

/* The last line, unless the input broke off in the middle of it. */
static bool finish_text(struct decoder *d, struct err *e)
{
	bool good = charset_finish(d->charset, (struct flow){ take_text, d }, e);
	if (d->csv && !d->diverting)
		good = csv_finish(d->csv, good ? e : NULL) && good;
	if (d->json)
		json_finish(d->json);
	return good;
}

bool decoder_finish(struct decoder *d, struct err *e)
{
	bool good = false;
	if (d->broken)
		err_set(e, ERR_INPUT, "输入此前已损坏");
	else if (inflate_finish(d->inflate, (struct flow){ take_bytes, d }, e))
		good = finish_text(d, e);
	else
		d->cut = true;
	d->broken = true;
	if (!d->diverting)
		rower_flush(&d->rower);
	if (d->json)
		d->stats.unknown_columns = d->rower.plan.n_unknown;
	return good;
}

struct chunk *decoder_take(struct decoder *d)
{
	return d->diverting ? NULL : rower_next(&d->rower);
}

void decoder_give(struct decoder *d, struct chunk *take_chunk)
{
	rower_give(&d->rower, take_chunk);
}

const struct decode_stats *decoder_stats(const struct decoder *d)
{
	return &d->stats;
}

const char *decoder_unknown_column(const struct decoder *d, unsigned i)
{
	const struct plan *p = &d->rower.plan;
	return i < p->n_unknown ? p->column[p->unknown[i]].p : NULL;
}
