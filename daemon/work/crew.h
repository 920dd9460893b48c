/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crew.h - jobs that any of several threads may begin, and the order in which they are ended.
 *
 * Who takes a job gets a ticket with it. A job is ended in steps, and each step is made in the
 * order of tickets by one thread at a time: step 0 makes what was read good, every other one
 * gives a shard its rows. So what is shared by those who make a step needs no other lock.
 * A ticket's holder passes all steps in turn, and of its tickets the oldest first; then nobody
 * waits for ever. Any number of threads; knows nothing of what is inside a job.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct crew;

/* Either a thing to be done once, or a whole of which one stretch after the other is to be had. */
struct job {
	void *ctx, *thing;
	uint64_t size;   /* of each stretch, 0 = to be done once; until crew_exhausted says so */
	uint64_t at;     /* where the stretch begins */
	uint64_t *taken; /* with stretches: how many have been, written under the crew's lock */
};

/* `steps` > 0; `depth` > 0 jobs wait before crew_offer does. */
struct crew *crew_new(uint32_t steps, uint32_t depth);
void crew_free(struct crew *c); /* NULL is fine */

/* Waits while many others wait. False when the crew is closed: the job was not taken. */
bool crew_offer(struct crew *c, const struct job *job) MUST_CHECK;

/* A job offered earliest, with its ticket. When there is none: waits, unless told not to. False:
 * there is none, or none will come. */
bool crew_take(struct crew *c, bool wait, struct job *job, uint64_t *ticket) MUST_CHECK;

/* A ticket for what the caller has at hand already. */
uint64_t crew_ticket(struct crew *c);

/* No further stretches of `ctx`. */
void crew_exhausted(struct crew *c, const void *ctx);

/* So many threads offer jobs; when all have said that they do no longer, takers end. */
void crew_offering(struct crew *c, uint32_t n);
void crew_offered(struct crew *c);

/* Whether a ticket's turn for a step has come; waits for it. False when the crew is closed. */
bool crew_turn(struct crew *c, uint32_t step, uint64_t ticket);
bool crew_wait(struct crew *c, uint32_t step, uint64_t ticket) MUST_CHECK;

/* The step is made: the next ticket's turn. */
void crew_pass(struct crew *c, uint32_t step, uint64_t ticket);

/* Nobody waits any longer, whatever is not done. */
void crew_close(struct crew *c);

/* Jobs nobody took, after all threads have ended; false when there are no more. */
bool crew_left(struct crew *c, struct job *job);
