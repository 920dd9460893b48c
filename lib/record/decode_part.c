/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode_part.c - one text, several decoders: parts guess, the lead knows.
 *
 * The memory of a once_per stream is a table of slots, each with the last key that came there.
 * A part begins each piece with empty slots. Where it meets an empty one it makes the record and
 * claims it; from then on its slot holds what the lead's would. So the lead has only the claims
 * to look at: the slot it holds is what the part should have begun with.
 */
#include "lib/record/decode.h"

#include <assert.h>

#include "lib/base/mem.h"
#include "lib/record/decode_impl.h"

/* A piece of a usual file is one chunk: what is made per chunk (dictionary, look-ups of its texts)
 * is not made again for a few rows behind the limit. */
#define PART_CHUNK_ROWS (2 * DECODE_CHUNK_ROWS)

struct piece_claims {
	struct claims claims;
	uint64_t lines, bytes; /* of the piece */
	bool raw;
	uint64_t raw_bytes;
	struct charset_lines met;
	struct decode_stats stats;
};

void decoder_divert(struct decoder *d, decoder_text_fn *fn, void *ctx)
{
	d->divert = fn;
	d->divert_ctx = ctx;
}

bool decoder_diverts(const struct decoder *d)
{
	return d->diverting;
}

uint32_t decoder_once_streams(const struct decoder *lead)
{
	const struct plan *p = &lead->rower.plan;
	uint32_t streams = 0;
	for (unsigned i = 0; i < p->n_entry; i++)
		if (p->entry[i].seen)
			streams |= 1u << p->entry[i].stream;
	return streams;
}

bool decoder_plain(struct decoder *lead, struct buf *held)
{
	if (!lead->diverting || lead->broken || !charset_plain(lead->charset, held))
		return false;
	lead->zipped = !inflate_plain(lead->inflate);
	lead->settled = charset_found(lead->charset) != CHARSET_AUTO;
	if (!lead->zipped) {
		assert(lead->fed.n == 0);
		lead->stats.bytes_in -= held->n;
	}
	return true;
}

bool decoder_zipped(const struct decoder *lead)
{
	return lead->zipped;
}

bool decoder_inflate(struct decoder *lead, struct buf *text, struct err *e)
{
	return inflate_text(lead->inflate, &lead->fed, text, e);
}

bool decoder_inflated(struct decoder *lead, struct err *e)
{
	return inflate_finish(lead->inflate, (struct flow){ 0 }, e);
}

void decoder_cut(struct decoder *lead)
{
	lead->broken = lead->cut = true;
}

bool decoder_passes(struct decoder *lead, enum charset_kind kind, size_t n)
{
	if (!charset_passes(lead->charset, kind))
		return false;
	if (!lead->zipped) /* else who inflates is counting */
		lead->stats.bytes_in += n;
	lead->stats.bytes_text += n;
	return true;
}

struct decoder *decoder_part(const struct decoder *lead)
{
	struct decoder *d = xcalloc(1, sizeof(*d));
	struct err e;
	assert(lead->diverting);
	d->feed = lead->feed;
	d->file = lead->file;
	d->wanted = lead->wanted;
	d->format = FORMAT_CSV;
	buf_init(&d->header, 0);
	rower_init(&d->rower, d->feed, d->file, d->wanted, &d->stats);
	d->rower.english = lead->rower.english;
	d->rower.positions = true;
	d->rower.claims = &d->claims;
	d->rower.chunk_rows = PART_CHUNK_ROWS;
	d->csv = csv_new(d->file->separator, decode_csv_rows, d);
	csv_settles(d->csv, decode_csv_settle);
	d->rower.settles = true;
	struct str header = buf_str(&lead->header);
	if (lead->settled) {
		d->charset = charset_new(d->file->charset, DECODE_LINE_MAX);
		charset_settle(d->charset, charset_found(lead->charset));
	}
	bool good = csv_push(d->csv, header.p, header.n, false, &e) && csv_finish(d->csv, &e);
	assert(good && d->has_header); /* the lead has read it */
	(void)good;
	return d;
}

void piece_claims_free(struct piece_claims *c)
{
	if (!c)
		return;
	xfree(c->claims.claim);
	xfree(c);
}

bool decoder_takes_raw(const struct decoder *lead, const char *p, size_t n)
{
	return lead->settled && n > 0 && n <= DECODE_LINE_MAX && p[n - 1] == '\n';
}

static bool take_part(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct decoder *part = ctx;
	return csv_push(part->csv, p, n, suspect, e);
}

struct piece_claims *decoder_piece(struct decoder *part, const struct text_piece *t)
{
	struct err e;
	part->stats = (struct decode_stats){ 0 };
	part->claims = (struct claims){ 0 };
	GROW(part->claims.claim, part->claims.cap, part->claimed);
	csv_skipped(part->csv, 0, 0);
	bool good = t->raw ? charset_push(part->charset, t->p, t->n,
					  (struct flow){ take_part, part }, &e)
			   : csv_push(part->csv, t->p, t->n, t->suspect, &e);
	assert(good || t->raw); /* rows are refused, never the text */
	rower_flush(&part->rower);
	rower_forget(&part->rower);
	struct piece_claims *c = xcalloc(1, sizeof(*c));
	c->claims = part->claims;
	part->claimed = part->claims.n;
	c->stats = part->stats;
	csv_position(part->csv, &c->lines, &c->bytes);
	part->claims = (struct claims){ 0 };
	c->raw = t->raw;
	c->raw_bytes = t->n;
	if (c->raw)
		c->met = charset_lines(part->charset);
	if (good && csv_idle(part->csv))
		return c;
	piece_claims_free(c);
	for (struct chunk *chunk; (chunk = decoder_take(part));)
		chunk_free(chunk);
	return NULL;
}

static void add_stats(struct decode_stats *into, const struct decode_stats *from)
{
	into->rows += from->rows;
	into->rejects += from->rejects;
	into->filtered += from->filtered;
	into->unknown_values += from->unknown_values;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		into->records[s] += from->records[s];
}

/* Rows of one chunk and stream among claims that come too late; returns how many. */
static uint32_t rows_of(const struct decoder *lead, const struct claim *const *late,
			uint32_t n_late, uint32_t chunk, enum stream s, uint32_t *row)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < n_late; i++)
		if (late[i]->chunk == chunk && lead->rower.plan.entry[late[i]->entry].stream == s)
			row[n++] = late[i]->row;
	return n;
}

static void take_back(struct decoder *lead, const struct claim *const *late, uint32_t n_late,
		      struct chunk **chunk, uint32_t n_chunk)
{
	uint32_t *row = xcalloc(n_late, sizeof(*row)), once = decoder_once_streams(lead);
	for (uint32_t k = 0; k < n_chunk; k++)
		for (unsigned s = 0; s < STREAM_STORED; s++) {
			if (!(once >> s & 1))
				continue;
			uint32_t n = rows_of(lead, late, n_late, k, (enum stream)s, row);
			chunk_drop_rows(chunk[k], (enum stream)s, row, n);
			lead->stats.records[s] -= n;
		}
	xfree(row);
}

/* Claims whose key had been seen; returns how many. */
static uint32_t late_claims(const struct decoder *lead, const struct claims *all,
			    const struct claim **late)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < all->n; i++)
		if (!all->claim[i].refused && rower_has_seen(&lead->rower, &all->claim[i]))
			late[n++] = &all->claim[i];
	return n;
}

static void take_back_seen(struct decoder *lead, const struct claims *all, struct chunk **chunk,
			   uint32_t n_chunk)
{
	const struct claim **late = xcalloc(all->n, sizeof(*late));
	uint32_t n = late_claims(lead, all, late);
	if (n)
		take_back(lead, late, n, chunk, n_chunk);
	xfree(late);
}

static bool add_raw(struct decoder *lead, const struct piece_claims *c)
{
	if (!charset_adds(lead->charset, &c->met))
		return false;
	if (!lead->zipped)
		lead->stats.bytes_in += c->raw_bytes;
	lead->stats.bytes_text += c->bytes;
	return true;
}

bool decoder_admit(struct decoder *lead, const struct piece_claims *c, struct chunk **chunk,
		   uint32_t n_chunk)
{
	const struct claims *all = &c->claims;
	for (uint32_t i = 0; i < all->n; i++)
		if (all->claim[i].refused && rower_has_seen(&lead->rower, &all->claim[i]))
			return false;
	if (c->raw && !add_raw(lead, c))
		return false;
	add_stats(&lead->stats, &c->stats);
	if (all->n)
		take_back_seen(lead, all, chunk, n_chunk);
	for (uint32_t i = 0; i < all->n; i++)
		rower_see(&lead->rower, &all->claim[i]);
	uint64_t lines, bytes;
	csv_position(lead->csv, &lines, &bytes);
	for (uint32_t i = 0; i < n_chunk; i++)
		chunk_stands(chunk[i], lines, bytes);
	csv_skipped(lead->csv, lines + c->lines, bytes + c->bytes);
	return true;
}

void decoder_again(struct decoder *lead, const struct text_piece *t)
{
	struct err e;
	bool good = csv_push(lead->csv, t->p, t->n, t->suspect, &e);
	assert(good);
	(void)good;
	rower_flush(&lead->rower);
}

struct chunk *decoder_take_again(struct decoder *lead)
{
	return rower_next(&lead->rower);
}

bool decoder_inside(const struct decoder *lead)
{
	return !csv_idle(lead->csv);
}

void decoder_end_pieces(struct decoder *lead)
{
	struct err e;
	bool good = lead->cut || csv_finish(lead->csv, &e);
	assert(good);
	(void)good;
	rower_flush(&lead->rower);
}
