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

/* Parts of a flow that lie ready before nobody reads on: one for who comes while the flow is busy,
 * and one that the reader then takes itself. Alone it takes what it has read. */
#define READY_MAX 2u

struct entry {
	struct job job;
	bool busy, over; /* of a flow: being read; nothing is left behind that and what is ready */
	bool ended;      /* the last that is ready is its last */
	void *ready[READY_MAX]; /* the oldest first */
	uint32_t n_ready;
};

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t change;
	uint32_t waiting;       /* threads */
	struct entry *entry;    /* [most] by the time they were offered */
	uint32_t most, n;
	uint32_t ready;         /* parts of one flow, at most */
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
	c->ready = most > 1 ? READY_MAX : 1;
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

/* Nothing of it can come any more. */
static bool is_through(const struct entry *e)
{
	return e->over && !e->busy && e->n_ready == 0;
}

/* What a thread asks for, as crew_next is told. */
struct wish {
	bool idle, full; /* holds no ticket; wants none */
	const void *like;
};

/* What an entry has for it: a part, a flow that may be read on, or what it may have to wait for. */
enum has { HAS_NOTHING, HAS_WAIT, HAS_FLOW, HAS_PART };

static enum has has(const struct crew *c, const struct entry *e, const struct wish *w)
{
	bool part = !w->full && (e->job.kind == JOB_STRETCH || e->n_ready > 0);
	bool flow = e->job.kind == JOB_FLOW && !e->busy && !e->over && e->n_ready < c->ready;
	if (flow && !e->job.waits)
		return HAS_FLOW;
	if (part)
		return HAS_PART;
	return flow && w->idle ? HAS_WAIT : HAS_NOTHING;
}

/* The job to go on with, and what of it; NULL when there is none. Who waits for a flow keeps
 * nobody's part waiting. */
static struct entry *choose(struct crew *c, const struct wish *w, enum has *what)
{
	struct entry *best = NULL;
	int best_rank = 0;
	for (uint32_t i = 0; i < c->n; i++) {
		struct entry *e = &c->entry[i];
		enum has h = has(c, e, w);
		int rank = h == HAS_NOTHING ? 0 : (h > HAS_WAIT ? 3 : 1) + (e->job.ctx == w->like);
		if (rank <= best_rank)
			continue;
		best = e;
		best_rank = rank;
		*what = h;
	}
	return best;
}

/* The oldest that is ready; with it gone somebody may read the flow on. */
static void take_ready(struct crew *c, struct entry *e, struct job *job)
{
	bool full = e->n_ready == c->ready, through;
	job->kind = JOB_READY;
	job->part = e->ready[0];
	job->last = e->ended && e->n_ready == 1;
	e->n_ready--;
	for (uint32_t i = 0; i < e->n_ready; i++)
		e->ready[i] = e->ready[i + 1];
	through = is_through(e);
	if (through)
		drop(c, e);
	if (through || full)
		tell(c);
}

static void take(struct crew *c, struct entry *e, enum has what, struct job *job,
		 uint64_t *ticket)
{
	*job = e->job;
	if (what == HAS_PART)
		*ticket = c->ticket++;
	if (what == HAS_PART && job->kind == JOB_FLOW) {
		take_ready(c, e, job);
		return;
	}
	++*e->job.taken;
	e->busy = job->kind == JOB_FLOW;
	e->job.at += job->size;
}

/* A job into *job when there is one: threads that hold tickets begin nothing. */
static bool take_any(struct crew *c, const struct wish *w, struct job *job, uint64_t *ticket)
{
	enum has what;
	struct entry *e = choose(c, w, &what);
	if (e) {
		take(c, e, what, job, ticket);
		return true;
	}
	if (!w->idle || c->begun == c->things || c->open == c->most)
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
	const struct wish wish = { .idle = !held, .full = full, .like = like };
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
		if (take_any(c, &wish, job, ticket))
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

void crew_read(struct crew *c, const void *ctx, void *part, bool more)
{
	pthread_mutex_lock(&c->lock);
	struct entry *e = find(c, ctx);
	assert(e && e->busy && e->n_ready < c->ready);
	e->busy = false;
	e->over |= !more;
	e->ended = !more;
	e->ready[e->n_ready++] = part;
	tell(c);
	pthread_mutex_unlock(&c->lock);
}

void *crew_left(struct crew *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->entry[i].n_ready > 0)
			return c->entry[i].ready[--c->entry[i].n_ready];
	return NULL;
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
	if (e)
		e->over = true;
	if (e && is_through(e)) {
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
