/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers_hand.c - what becomes of a part: read or taken, decoded, settled, given away.
 *
 * A thread whose turn has not come decodes the next part meanwhile, up to a few; so threads that
 * share a file soon come one after the other and hardly wait.
 */
#include <stdlib.h>

#include "daemon/work/readers_state.h"
#include "lib/base/mem.h"

#define HELD_MAX 3u /* parts decoded whose turn has not come */

/* ---- settled ---- */

static void learn(struct readers *r, const struct course *c)
{
	struct reader_file *f = &r->file[c->file];
	const char *name;
	f->failed = c->failed;
	if (c->failed)
		f->e = c->e;
	if (!c->in)
		return;
	f->stats = *intake_stats(c->in);
	tally_add(&r->tally, intake_tally(c->in));
	while ((name = intake_unknown_column(c->in, f->n_unknown))) {
		f->unknown = xreallocarray(f->unknown, f->n_unknown + 1u, sizeof *f->unknown);
		f->unknown[f->n_unknown++] = xstrdup(name);
	}
}

/* First what its lead still holds, then what is known of it. */
static void end_course(struct readers *r, struct part *part)
{
	struct course *c = part->course;
	if (part->end)
		piece_begin(part->piece, c->file, c->in);
	if (part->stretch && !c->failed)
		c->failed = !intake_finish(c->in, &c->e);
	if (c->in && decoder_diverts(intake_decoder(c->in)))
		piece_last(part->piece, r->conf.shards, &c->pushed);
	learn(r, c);
}

static bool settle_text(struct readers *r, struct part *part)
{
	struct course *c = part->course;
	const char *path = r->file[c->file].path;
	uint64_t before = part->stretch ? intake_stats(c->in)->bytes_in : 0;
	if (c->ended && part->stretch && piece_size(part->piece) > 0)
		return err_set(&c->e, ERR_WORLD, "%s: the file has changed while it was read",
			       path);
	bool good = piece_settle(part->piece, r->conf.shards, &c->pushed, &c->e);
	if (part->stretch)
		atomic_fetch_add_explicit(&r->bytes, intake_stats(c->in)->bytes_in - before,
					  memory_order_relaxed);
	return good || err_wrap(&c->e, "%s", path);
}

/* Makes the part good; the course ends with its last one. Returns whether it has. */
static bool settle(struct readers *r, struct part *part)
{
	struct course *c = part->course;
	bool ends = part->end;
	if (part->stretch && c->failed)
		piece_drop(part->piece); /* it lies behind what could not be read */
	else if (!part->end && !settle_text(r, part))
		c->failed = true;
	if (part->stretch) {
		c->settled++;
		c->ended |= part->last || c->failed;
		if (c->failed)
			crew_exhausted(r->crew, c);
		ends = c->ended && c->settled == c->taken;
	}
	if (ends)
		end_course(r, part);
	uint64_t rows = piece_sums(part->piece, &r->tally);
	atomic_fetch_add_explicit(&r->rows, rows, memory_order_relaxed);
	return ends;
}

/* The step that is made for all shards together. */
static bool first_step(struct readers *r, struct part *part)
{
	struct chunk_ref *chunk;
	bool ends = settle(r, part);
	for (uint32_t i = 0; !r->failed && (chunk = piece_chunk_at(part->piece, i)); i++)
		r->failed = !r->sink.chunk(r->sink.ctx, chunk, &r->e);
	if (ends) {
		r->course[part->course->file] = NULL;
		course_free(part->course);
	}
	return !r->failed;
}

static void give_rows(struct readers *r, const struct part *part, uint32_t shard)
{
	struct chunk_ref *chunk;
	for (uint32_t i = 0; (chunk = piece_chunk_at(part->piece, i)); i++)
		r->sink.take(r->sink.ctx, chunk, shard);
}

bool readers_step(struct readers *r, struct part *part)
{
	bool ok = crew_wait(r->crew, part->step, part->ticket);
	if (ok && part->step == 0)
		ok = first_step(r, part);
	else if (ok)
		give_rows(r, part, part->step - 1);
	if (ok)
		crew_pass(r->crew, part->step++, part->ticket);
	else
		crew_close(r->crew);
	return ok;
}

bool readers_through(const struct readers *r, const struct part *part)
{
	return part->step > (r->sink.take ? r->conf.shards : 0);
}

/* ---- a thread that helps ---- */

struct hand {
	struct readers *r;
	struct decoder *decoder; /* a part of the lead of file number `file` */
	uint32_t file;
	struct part held[HELD_MAX]; /* decoded, by ticket */
	uint32_t n_held;
	struct piece *spare[HELD_MAX + 1]; /* the last used first: it is in the cache */
	uint32_t n_spare;
};

static struct piece *own_piece(struct hand *h)
{
	return h->n_spare > 0 ? h->spare[--h->n_spare] : piece_new();
}

static void put_back(struct hand *h, const struct part *part)
{
	struct piece *p = part->piece;
	if (!part->stretch && !part->end && queue_try_put(h->r->spare, &p, NULL))
		return;
	if (h->n_spare <= HELD_MAX)
		h->spare[h->n_spare++] = p;
	else
		piece_free(p);
}

static void read_stretch(struct hand *h, struct part *part, const struct job *job)
{
	struct course *c = part->course;
	part->piece = own_piece(h);
	piece_begin(part->piece, c->file, c->in);
	part->last = !piece_read(part->piece, job->at, job->size, job->at == c->from);
	if (part->last)
		crew_exhausted(h->r->crew, c);
}

/* As much of a job as can be done before its turn. */
static void begin(struct hand *h, const struct job *job, uint64_t ticket)
{
	struct part *part = &h->held[h->n_held++];
	*part = (struct part){ .course = job->ctx, .piece = job->thing, .ticket = ticket,
			       .stretch = job->size > 0 };
	part->end = !part->stretch && !part->piece;
	if (part->stretch)
		read_stretch(h, part, job);
	if (part->end)
		part->piece = own_piece(h);
	else
		piece_decode(part->piece, &h->decoder, &h->file, h->r->conf.shards);
}

/* The oldest part's next step; waits for its turn. */
static bool step_on(struct hand *h)
{
	if (!readers_step(h->r, &h->held[0]))
		return false;
	if (!readers_through(h->r, &h->held[0]))
		return true;
	if (h->decoder && h->file == piece_file(h->held[0].piece))
		piece_give_back(h->held[0].piece, h->decoder);
	else
		piece_drop(h->held[0].piece);
	put_back(h, &h->held[0]);
	h->n_held--;
	for (uint32_t i = 0; i < h->n_held; i++)
		h->held[i] = h->held[i + 1];
	return true;
}

/* The next thing this thread has to do. False when there is nothing any more. */
static bool go_on(struct hand *h)
{
	struct crew *crew = h->r->crew;
	struct job job;
	uint64_t ticket;
	const struct part *first = &h->held[0];
	if (h->n_held == HELD_MAX ||
	    (h->n_held > 0 && crew_turn(crew, first->step, first->ticket)))
		return step_on(h);
	if (crew_take(crew, h->n_held == 0, &job, &ticket)) {
		begin(h, &job, ticket);
		return true;
	}
	return h->n_held > 0 && step_on(h);
}

void *readers_help(void *readers)
{
	struct hand h = { .r = readers, .file = UINT32_MAX };
	while (go_on(&h))
		;
	while (h.n_held > 0)
		piece_free(h.held[--h.n_held].piece);
	while (h.n_spare > 0)
		piece_free(h.spare[--h.n_spare]);
	decoder_free(h.decoder);
	return NULL;
}
