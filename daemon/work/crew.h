/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crew.h - jobs that any of several threads may go on with, and the order in which they are ended.
 *
 * There are so many things, each to be begun by whoever has nothing else to do. A thing begun is
 * read part by part: its stretches by several threads at once, a flow by one after the other. What
 * has been read of a flow lies ready for anybody, and a little more than is needed at once, so that
 * a thread finds work while another has the flow.
 * Each part gets a ticket, and is ended in steps: each step is made in the order of tickets by one
 * thread at a time. Step 0 makes what was read good, every other one gives a shard its rows. So
 * what is shared by those who make a step needs no other lock.
 * A ticket's holder passes all steps in turn, of its tickets the oldest first, and waits for
 * nothing but its turn; then nobody waits for ever. Knows nothing of what is inside a job.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct crew;

enum job_kind {
	JOB_BEGIN,   /* thing number `at`: crew_offer is to follow */
	JOB_STRETCH, /* `size` bytes from `at`; its ticket was given with it */
	JOB_FLOW,    /* the next of it: crew_read is to follow */
	JOB_READY,   /* `part` of a flow, which crew_read was told; its ticket was given with it */
};

struct job {
	enum job_kind kind;
	void *ctx;
	uint64_t at, size;
	uint64_t *taken; /* how many parts have been, written under the crew's lock */
	bool waits;      /* a flow that comes when it likes: for who holds no ticket */
	void *part;
	bool last;       /* part of its flow */
};

/* The oldest ticket a thread holds, and the step to be made. */
struct turn {
	uint64_t ticket;
	uint32_t step;
};

/* `things` to be begun, at most `most` > 0 of them at once; `steps` > 0. */
struct crew *crew_new(uint32_t steps, uint32_t things, uint32_t most);
void crew_free(struct crew *c); /* NULL is fine */

enum crew_next {
	CREW_STEP, /* it is the held ticket's turn */
	CREW_JOB,  /* *job, and of a stretch or a part that is ready *ticket */
	CREW_END,  /* nothing is left for this thread, or the crew is closed */
};

/* What a thread has to do next; waits while that is nothing. `held` is NULL when it holds no
 * ticket; with `full` it wants no more, but may read a flow on. A job of `like` is preferred. */
enum crew_next crew_next(struct crew *c, const struct turn *held, bool full, const void *like,
			 struct job *job, uint64_t *ticket) MUST_CHECK;

/* What has been begun: its stretches or flow, NULL when nothing of it is left. */
void crew_offer(struct crew *c, const struct job *job);

/* `part` of the flow has been read, `more` will follow: it is ready for anybody. */
void crew_read(struct crew *c, const void *ctx, void *part, bool more);

/* What was ready when all threads had left: NULL behind the last, as it is unless closed. */
void *crew_left(struct crew *c);

/* A ticket for what the caller has at hand already. */
uint64_t crew_ticket(struct crew *c);

/* No further part of `ctx` than those taken or ready. */
void crew_exhausted(struct crew *c, const void *ctx);

/* The step is made: the next ticket's turn. */
void crew_pass(struct crew *c, uint32_t step, uint64_t ticket);

/* Nobody waits any longer, whatever is not done. */
void crew_close(struct crew *c);
