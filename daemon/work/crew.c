/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crew.c - a list of jobs, a ticket counter and the next ticket of each step, under one mutex.
 *
 * Threads are few and jobs are long, so all who wait share a condition, and lists are walked.
 */
#include "daemon/work/crew.h"

#include <assert.h>
#include <pthread.h>

#include "lib/base/mem.h"

struct entry {
	struct job job;
	bool busy, over; /* of a flow: being read; nothing is left behind that */
};

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t change;
	uint32_t waiting;       /* threads */
	struct entry *entry;    /* [most] by the time they were offered */
	uint32_t most, n;
	uint32_t things, begun;
	uint32_t open;          /* begun, of which something may be left */
	bool closed;
	uint64_t ticket;        /* the next to be given */
	uint64_t *at;           /* [steps] whose turn it is */
};

struct crew *crew_new(uint32_t steps, uint32_t things, uint32_t most)
{
	assert(steps > 0 && most > 0);
	struct crew *c = xcalloc(1, sizeof *c);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->change, NULL);
	c->things = things;
	c->most = most;
	c->entry = xcalloc(most, sizeof *c->entry);
	c->at = xcalloc(steps, sizeof *c->at);
	return c;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->change);
	xfree(c->entry);
	xfree(c->at);
	xfree(c);
}

/* ---- with the lock held ---- */

static void tell(struct crew *c)
{
	if (c->waiting > 0)
		pthread_cond_broadcast(&c->change);
}

static struct entry *find(struct crew *c, const void *ctx)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->entry[i].job.ctx == ctx)
			return &c->entry[i];
	return NULL;
}

static void drop(struct crew *c, struct entry *e)
{
	c->n--;
	c->open--;
	for (; e < &c->entry[c->n]; e++)
		*e = e[1];
}

static bool may_take(const struct entry *e, bool idle)
{
	return !e->busy && (idle || !e->job.waits);
}

/* The job to go on with; NULL when there is none. */
static struct entry *choose(struct crew *c, bool idle, const void *like)
{
	struct entry *e = find(c, like);
	if (e && may_take(e, idle))
		return e;
	for (uint32_t i = 0; i < c->n; i++)
		if (may_take(&c->entry[i], idle))
			return &c->entry[i];
	return NULL;
}

static void take(struct crew *c, struct entry *e, struct job *job, uint64_t *ticket)
{
	*job = e->job;
	++*e->job.taken;
	e->busy = job->kind == JOB_FLOW;
	if (job->kind == JOB_STRETCH)
		*ticket = c->ticket++;
	e->job.at += job->size;
}

/* A job into *job when there is one: threads that hold tickets begin nothing. */
static bool take_any(struct crew *c, bool idle, const void *like, struct job *job,
		     uint64_t *ticket)
{
	struct entry *e = choose(c, idle, like);
	if (e) {
		take(c, e, job, ticket);
		return true;
	}
	if (!idle || c->begun == c->things || c->open == c->most)
		return false;
	*job = (struct job){ .kind = JOB_BEGIN, .at = c->begun++ };
	c->open++;
	return true;
}

static bool all_taken(const struct crew *c)
{
	return c->begun == c->things && c->open == 0;
}

/* ---- */

enum crew_next crew_next(struct crew *c, const struct turn *held, bool full, const void *like,
			 struct job *job, uint64_t *ticket)
{
	enum crew_next next;
	pthread_mutex_lock(&c->lock);
	for (;; pthread_cond_wait(&c->change, &c->lock), c->waiting--) {
		next = CREW_END;
		if (c->closed || (!held && all_taken(c)))
			break;
		next = CREW_STEP;
		if (held && c->at[held->step] == held->ticket)
			break;
		next = CREW_JOB;
		if (!full && take_any(c, !held, like, job, ticket))
			break;
		c->waiting++;
	}
	pthread_mutex_unlock(&c->lock);
	return next;
}

void crew_offer(struct crew *c, const struct job *job)
{
	pthread_mutex_lock(&c->lock);
	assert(c->open > c->n);
	if (job)
		c->entry[c->n++] = (struct entry){ .job = *job };
	else
		c->open--;
	tell(c);
	pthread_mutex_unlock(&c->lock);
}

uint64_t crew_read(struct crew *c, const void *ctx, bool more)
{
	pthread_mutex_lock(&c->lock);
	struct entry *e = find(c, ctx);
	uint64_t ticket = c->ticket++;
	assert(e && e->busy);
	e->busy = false;
	if (!more || e->over)
		drop(c, e);
	tell(c);
	pthread_mutex_unlock(&c->lock);
	return ticket;
}

uint64_t crew_ticket(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	uint64_t ticket = c->ticket++;
	pthread_mutex_unlock(&c->lock);
	return ticket;
}

void crew_exhausted(struct crew *c, const void *ctx)
{
	pthread_mutex_lock(&c->lock);
	struct entry *e = find(c, ctx);
	if (e && e->busy) {
		e->over = true;
	} else if (e) {
		drop(c, e);
		tell(c);
	}
	pthread_mutex_unlock(&c->lock);
}

void crew_pass(struct crew *c, uint32_t step, uint64_t ticket)
{
	pthread_mutex_lock(&c->lock);
	assert(c->at[step] == ticket);
	c->at[step] = ticket + 1;
	tell(c);
	pthread_mutex_unlock(&c->lock);
}

void crew_close(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->closed = true;
	tell(c);
	pthread_mutex_unlock(&c->lock);
}
