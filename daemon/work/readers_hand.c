/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers_hand.c - what becomes of a part: read, decoded, settled, given away.
 *
 * A thread whose turn has not come reads a flow on or decodes the next part meanwhile, up to a
 * few; so threads that share a file soon come one after the other and hardly wait.
 */
#include "daemon/host/spread.h"
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

/* Whether the file was whole. */
static void finish(struct course *c)
{
	if (c->broke.code != ERR_NONE) {
		c->failed = true;
		c->e = c->broke;
		if (c->way == INTAKE_TEXT)
			decoder_cut(intake_decoder(c->in));
	} else if (c->way != INTAKE_CHUNKS) {
		c->failed = !intake_finish(c->in, &c->e);
	}
}

/* First what its lead still holds, then what is known of it. */
static void end_course(struct readers *r, struct part *part)
{
	struct course *c = part->course;
	if (!c->failed)
		finish(c);
	if (c->in && decoder_diverts(intake_decoder(c->in)))
		piece_last(part->piece, r->conf.shards, &c->pushed);
	learn(r, c);
}

static bool settle_text(struct readers *r, struct part *part)
{
	struct course *c = part->course;
	const char *path = r->file[c->file].path;
	bool places = c->way == INTAKE_PLACES;
	uint64_t before = places ? intake_stats(c->in)->bytes_in : 0;
	if (c->ended && places && piece_size(part->piece) > 0) {
		piece_refuse(part->piece);
		return err_set(&c->e, ERR_WORLD, "%s: the file has changed while it was read",
			       path);
	}
	bool good = piece_settle(part->piece, r->conf.shards, &c->pushed, &c->e);
	if (places)
		atomic_fetch_add_explicit(&r->bytes, intake_stats(c->in)->bytes_in - before,
					  memory_order_relaxed);
	return good || err_wrap(&c->e, "%s", path);
}

/* Makes the part good; the course ends with its last one. Returns whether it has. */
static bool settle(struct readers *r, struct part *part)
{
	struct course *c = part->course;
	if (c->failed)
		piece_refuse(part->piece); /* it lies behind what could not be read */
	else
		c->failed = !settle_text(r, part);
	c->settled++;
	c->ended |= part->last || c->failed;
	if (c->failed)
		crew_exhausted(r->crew, c);
	bool ends = c->ended && c->settled == c->taken;
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
		part->course = NULL;
	}
	return !r->failed;
}

static void give_rows(struct readers *r, const struct part *part, uint32_t shard)
{
	struct chunk_ref *chunk;
	for (uint32_t i = 0; (chunk = piece_chunk_at(part->piece, i)); i++)
		r->sink.take(r->sink.ctx, chunk, shard);
}

/* ---- a thread ---- */

struct hand {
	struct readers *r;
	struct decoder *decoder; /* a part of the lead of file number `file` */
	uint32_t file;
	const void *like;           /* the course last read from */
	struct part held[HELD_MAX]; /* decoded, by ticket */
	uint32_t n_held;
};

static struct piece *any_piece(struct readers *r)
{
	struct piece *p = NULL;
	pthread_mutex_lock(&r->lock);
	if (r->n_spare > 0)
		p = r->spare[--r->n_spare];
	pthread_mutex_unlock(&r->lock);
	return p ? p : piece_new();
}

static void spare_piece(struct readers *r, struct piece *take_piece)
{
	pthread_mutex_lock(&r->lock);
	GROW(r->spare, r->cap_spare, r->n_spare + 1u);
	r->spare[r->n_spare++] = take_piece;
	pthread_mutex_unlock(&r->lock);
}

/* The next part of some file, as far as it can be had before its turn. */
static void begin(struct hand *h, const struct job *job, uint64_t ticket)
{
	struct readers *r = h->r;
	struct part *part = &h->held[h->n_held];
	bool any = true;
	*part = (struct part){ .course = job->ctx, .turn.ticket = ticket, .last = job->last };
	part->piece = job->kind == JOB_READY ? job->part : any_piece(r);
	if (job->kind == JOB_BEGIN)
		any = course_open(r, r->order[job->at], part);
	else if (job->kind == JOB_STRETCH)
		course_stretch(r, job, part);
	h->like = part->course;
	if (!any)
		spare_piece(r, part->piece);
	else if (piece_intake(part->piece))
		piece_decode(part->piece, &h->decoder, &h->file, r->conf.shards);
	h->n_held += any;
}

static void read_on(struct hand *h, const struct job *job)
{
	h->like = job->ctx;
	course_flow(h->r, job, any_piece(h->r));
}

/* What is left of a part that is through. Alone, the lead fills its chunks again. */
static void put_back(struct hand *h, const struct part *part)
{
	struct piece *p = part->piece;
	if (h->decoder && h->file == piece_file(p))
		piece_give_back(p, h->decoder);
	else if (part->course && h->r->conf.threads <= 1)
		piece_give_back(p, intake_decoder(part->course->in));
	else
		piece_drop(p);
	spare_piece(h->r, p);
}

/* The oldest part's next step, in its turn. False when everybody is to stop. */
static bool step_on(struct hand *h)
{
	struct readers *r = h->r;
	struct part *part = &h->held[0];
	if (part->turn.step > 0)
		give_rows(r, part, part->turn.step - 1);
	else if (!first_step(r, part))
		return false;
	crew_pass(r->crew, part->turn.step++, part->turn.ticket);
	if (part->turn.step <= (r->sink.take ? r->conf.shards : 0))
		return true;
	put_back(h, part);
	h->n_held--;
	for (uint32_t i = 0; i < h->n_held; i++)
		h->held[i] = h->held[i + 1];
	return true;
}

/* The next thing this thread has to do. False when there is nothing any more. */
static bool go_on(struct hand *h)
{
	struct job job;
	uint64_t ticket = 0;
	const struct turn *held = h->n_held > 0 ? &h->held[0].turn : NULL;
	switch (crew_next(h->r->crew, held, h->n_held == HELD_MAX, h->like, &job, &ticket)) {
	case CREW_STEP:
		return step_on(h);
	case CREW_JOB:
		if (job.kind == JOB_FLOW)
			read_on(h, &job);
		else
			begin(h, &job, ticket);
		return true;
	case CREW_END:
		break;
	}
	return false;
}

void *readers_work(void *readers)
{
	struct hand h = { .r = readers, .file = UINT32_MAX };
	spread_thread(atomic_fetch_add(&h.r->at_work, 1), h.r->conf.threads);
	while (go_on(&h))
		;
	if (h.n_held > 0)
		crew_close(h.r->crew);
	while (h.n_held > 0)
		piece_free(h.held[--h.n_held].piece);
	decoder_free(h.decoder);
	return NULL;
}
