/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers_cut.c - what a reading thread does: opens a file, and reads it, or has it read.
 *
 * Where nobody helps it finishes what it reads by itself. Else it offers: the stretches of a
 * plain file, pieces of what must be inflated or converted or comes through a pipe, chunks of
 * formats that cannot be cut; at last the end.
 */
#include <string.h>

#include "daemon/work/readers_state.h"
#include "lib/base/mem.h"

struct course *course_new(uint32_t file, struct intake *take_in)
{
	struct course *c = xcalloc(1, sizeof *c);
	c->file = file;
	c->in = take_in;
	buf_init(&c->pushed.text, 0);
	return c;
}

void course_free(struct course *c)
{
	if (!c)
		return;
	intake_close(c->in);
	buf_fini(&c->pushed.text);
	xfree(c);
}

/* The next file of this thread; false when there is none. */
static bool next_file(struct readers *r, uint32_t *file)
{
	uint32_t at = atomic_fetch_add(&r->next, 1);
	if (at >= r->n)
		return false;
	*file = r->order[at];
	return true;
}

static struct piece *spare_piece(struct readers *r)
{
	struct piece *p;
	return queue_take(r->spare, &p, 1) ? p : piece_new();
}

/* A piece or, without one, the course's end to whoever finishes it. False: reading is to stop. */
static bool give(struct readers *r, struct course *c, struct piece *p)
{
	if (r->shared) {
		if (crew_offer(r->crew, &(struct job){ .ctx = c, .thing = p }))
			return true;
		piece_free(p);
		return false;
	}
	struct part part = { .course = c, .piece = p ? p : spare_piece(r), .end = !p,
			     .ticket = crew_ticket(r->crew) };
	bool ok = true;
	while (ok && !readers_through(r, &part))
		ok = readers_step(r, &part);
	if (p && ok) /* the course goes on, and fills its chunk again */
		piece_give_back(p, intake_decoder(c->in));
	else
		piece_drop(part.piece);
	if (!queue_try_put(r->spare, &part.piece, NULL))
		piece_free(part.piece);
	return ok;
}

/* ---- a file that others cannot read ---- */

struct cutter {
	struct readers *r;
	struct course *course;
	struct piece *piece; /* being filled */
};

/* Begins the next piece behind the one in hand, which is given. */
static bool next_piece(struct cutter *c)
{
	struct piece *full = c->piece;
	c->piece = NULL;
	if (full && !give(c->r, c->course, full))
		return false;
	c->piece = spare_piece(c->r);
	piece_begin(c->piece, c->course->file, c->course->in);
	return true;
}

/* How much of the text still goes into the piece: whole lines where there are any. */
static size_t fitting(const char *text, size_t n, size_t room)
{
	if (n <= room)
		return n;
	const char *nl = memrchr(text, '\n', room);
	if (!nl)
		nl = memchr(text + room, '\n', n - room);
	return nl ? (size_t)(nl - text) + 1 : n;
}

static bool cut_text(void *ctx, const char *text, size_t n, bool suspect, struct err *e)
{
	struct cutter *c = ctx;
	size_t most = readers_piece_bytes(c->r);
	while (n) {
		if ((!c->piece || piece_size(c->piece) >= most) && !next_piece(c))
			return err_set(e, ERR_WORLD, "reading was stopped");
		size_t some = fitting(text, n, most - piece_size(c->piece));
		piece_add(c->piece, text, some, suspect);
		text += some;
		n -= some;
		if (n && !next_piece(c))
			return err_set(e, ERR_WORLD, "reading was stopped");
	}
	return true;
}

/* One chunk of formats that cannot be cut, or of a file that is not shared. */
static bool give_chunk(struct readers *r, struct course *c, struct chunk_ref *take_chunk)
{
	struct piece *p = spare_piece(r);
	atomic_fetch_add_explicit(&r->rows, chunk_ref_chunk(take_chunk)->rows,
				  memory_order_relaxed);
	chunk_ref_scatter(take_chunk, r->conf.shards);
	piece_begin(p, c->file, c->in);
	piece_hold(p, take_chunk);
	return give(r, c, p);
}

/* Reads to the end or where the file is broken, which is the course's to tell. False when reading
 * is to stop. */
static bool read_on(struct readers *r, struct course *c)
{
	struct chunk_ref *chunk;
	do {
		uint64_t before = intake_bytes_read(c->in);
		if (!intake_next(c->in, &chunk, &c->e))
			c->failed = true;
		atomic_fetch_add_explicit(&r->bytes, intake_bytes_read(c->in) - before,
					  memory_order_relaxed);
		if (chunk && !give_chunk(r, c, chunk))
			return false;
	} while (chunk);
	return true;
}

/* ---- one file ---- */

static bool offer_stretches(struct readers *r, struct course *c)
{
	decoder_divert(intake_decoder(c->in), piece_collect, &c->pushed);
	return crew_offer(r->crew, &(struct job){ .ctx = c, .at = c->from, .taken = &c->taken,
						  .size = readers_stretch_bytes(r) });
}

/* The header and what came with it are read here in any case. */
static bool share(struct readers *r, struct course *c)
{
	struct cutter cutter = { .r = r, .course = c };
	decoder_divert(intake_decoder(c->in), cut_text, &cutter);
	bool plain = intake_plain(c->in, &c->from), ok = true;
	atomic_fetch_add_explicit(&r->bytes, intake_bytes_read(c->in), memory_order_relaxed);
	if (!plain)
		ok = read_on(r, c);
	if (cutter.piece && ok)
		ok = give(r, c, cutter.piece);
	else
		piece_free(cutter.piece);
	if (!plain)
		return ok && give(r, c, NULL);
	return ok && offer_stretches(r, c);
}

static bool read_file(struct readers *r, uint32_t file)
{
	struct err e = { 0 };
	struct intake *in = intake_open(r->file[file].path, r->conf.feed, r->conf.wanted, file, &e);
	struct course *c = r->course[file] = course_new(file, in);
	c->failed = !in;
	c->e = e;
	if (in && r->shared && readers_shares(r, file))
		return share(r, c);
	return (!in || read_on(r, c)) && give(r, c, NULL);
}

void *readers_read(void *readers)
{
	struct readers *r = readers;
	uint32_t file;
	while (next_file(r, &file) && read_file(r, file))
		;
	crew_offered(r->crew);
	return NULL;
}
