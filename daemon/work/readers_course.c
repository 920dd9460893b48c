/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers_course.c - one file on its way: opened by one thread, then read part by part.
 *
 * Of a plain file every thread reads stretches where they lie. What must be inflated or converted,
 * or comes through a pipe, flows: whoever has the flow reads on until its piece is full and gives
 * both to whoever comes next.
 */
#include "daemon/work/readers_state.h"
#include "lib/base/mem.h"

void course_free(struct course *c)
{
	if (!c)
		return;
	intake_close(c->in);
	buf_fini(&c->pushed.text);
	buf_fini(&c->rest.line);
	xfree(c);
}

static struct course *course_new(struct readers *r, uint32_t file)
{
	struct course *c = r->course[file] = xcalloc(1, sizeof *c);
	c->file = file;
	buf_init(&c->pushed.text, 0);
	buf_init(&c->rest.line, 0);
	c->in = intake_open(r->file[file].path, r->conf.feed, r->conf.wanted, file, &c->e);
	c->failed = !c->in;
	c->shared = c->in && r->shared && readers_shares(r, file);
	return c;
}

static void progress(struct readers *r, const struct course *c, uint64_t before)
{
	atomic_fetch_add_explicit(&r->bytes, intake_bytes_read(c->in) - before,
				  memory_order_relaxed);
}

/* The header is read by who opens; the rows that came with it are the first piece. */
static void begin_shared(struct readers *r, struct course *c, struct piece *first)
{
	struct decoder *lead = intake_decoder(c->in);
	decoder_divert(lead, piece_take, first);
	c->way = intake_header(c->in, &c->from, &c->rest.line);
	progress(r, c, 0);
	if (c->way != INTAKE_CHUNKS)
		decoder_divert(lead, piece_collect, &c->pushed);
}

bool course_open(struct readers *r, uint32_t file, struct part *part)
{
	struct course *c = course_new(r, file);
	struct job job = { .kind = JOB_FLOW, .ctx = c, .taken = &c->taken };
	*part = (struct part){ .course = c, .piece = part->piece, .last = !c->in };
	piece_begin(part->piece, file, c->in);
	if (c->shared)
		begin_shared(r, c, part->piece);
	if (c->way == INTAKE_PLACES) {
		job.kind = JOB_STRETCH;
		job.at = c->from;
		job.size = readers_stretch_bytes(r);
	}
	bool any = part->last || piece_size(part->piece) > 0;
	if (any) {
		part->turn.ticket = crew_ticket(r->crew);
		c->taken = 1;
	}
	job.waits = c->in && intake_size(c->in) == 0;
	crew_offer(r->crew, c->in ? &job : NULL);
	return any;
}

void course_stretch(struct readers *r, const struct job *job, struct part *part)
{
	struct course *c = part->course = job->ctx;
	piece_begin(part->piece, c->file, c->in);
	part->last = !piece_read(part->piece, job->at, job->size, job->at == c->from);
	if (part->last)
		crew_exhausted(r->crew, c);
}

void course_flow(struct readers *r, const struct job *job, struct piece *take_piece)
{
	struct course *c = job->ctx;
	uint64_t before = intake_bytes_read(c->in);
	size_t size = readers_stretch_bytes(r);
	bool more;
	piece_begin(take_piece, c->file, c->in);
	if (c->way == INTAKE_TEXT) {
		more = piece_read_on(take_piece, size, &c->rest, &c->broke);
	} else {
		if (c->shared)
			decoder_divert(intake_decoder(c->in), piece_take, take_piece);
		more = piece_fill(take_piece, size, &c->broke);
	}
	progress(r, c, before);
	crew_read(r->crew, c, take_piece, more);
}
