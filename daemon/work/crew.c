/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crew.c - a ring of jobs, a ticket counter and the next ticket of each step, under one mutex.
 *
 * Threads are few and jobs are long, so all who wait for a turn share a condition.
 */
#include "daemon/work/crew.h"

#include <assert.h>
#include <pthread.h>

#include "lib/base/mem.h"

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t jobs, room, turns;
	struct job *ring;
	uint32_t depth, head, n;
	uint32_t offering; /* threads that may still offer */
	uint32_t waiting;  /* threads that wait for a turn */
	bool closed;
	uint64_t ticket;   /* the next to be given */
	uint64_t *at;      /* [steps] whose turn it is */
};

struct crew *crew_new(uint32_t steps, uint32_t depth)
{
	assert(steps > 0 && depth > 0);
	struct crew *c = xcalloc(1, sizeof *c);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->jobs, NULL);
	pthread_cond_init(&c->room, NULL);
	pthread_cond_init(&c->turns, NULL);
	c->depth = depth;
	c->ring = xcalloc(depth, sizeof *c->ring);
	c->at = xcalloc(steps, sizeof *c->at);
	return c;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->jobs);
	pthread_cond_destroy(&c->room);
	pthread_cond_destroy(&c->turns);
	xfree(c->ring);
	xfree(c->at);
	xfree(c);
}

bool crew_offer(struct crew *c, const struct job *job)
{
	pthread_mutex_lock(&c->lock);
	while (c->n == c->depth && !c->closed)
		pthread_cond_wait(&c->room, &c->lock);
	bool open = !c->closed;
	if (open) {
		c->ring[(c->head + c->n++) % c->depth] = *job;
		if (job->size)
			pthread_cond_broadcast(&c->jobs);
		else
			pthread_cond_signal(&c->jobs);
	}
	pthread_mutex_unlock(&c->lock);
	return open;
}

/* Lock held: takes the front job away. */
static void drop_front(struct crew *c)
{
	c->head = (c->head + 1) % c->depth;
	c->n--;
	pthread_cond_signal(&c->room);
}

bool crew_take(struct crew *c, bool wait, struct job *job, uint64_t *ticket)
{
	pthread_mutex_lock(&c->lock);
	while (wait && c->n == 0 && c->offering > 0 && !c->closed)
		pthread_cond_wait(&c->jobs, &c->lock);
	bool there = c->n > 0 && !c->closed;
	if (there) {
		struct job *front = &c->ring[c->head];
		*job = *front;
		*ticket = c->ticket++;
		front->at += front->size;
		if (front->size)
			++*front->taken;
		else
			drop_front(c);
	}
	pthread_mutex_unlock(&c->lock);
	return there;
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
	if (c->n > 0 && c->ring[c->head].size && c->ring[c->head].ctx == ctx)
		drop_front(c);
	pthread_mutex_unlock(&c->lock);
}

void crew_offering(struct crew *c, uint32_t n)
{
	c->offering = n;
}

void crew_offered(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	assert(c->offering > 0);
	c->offering--;
	pthread_cond_broadcast(&c->jobs);
	pthread_mutex_unlock(&c->lock);
}

bool crew_turn(struct crew *c, uint32_t step, uint64_t ticket)
{
	pthread_mutex_lock(&c->lock);
	bool now = c->at[step] == ticket && !c->closed;
	pthread_mutex_unlock(&c->lock);
	return now;
}

bool crew_wait(struct crew *c, uint32_t step, uint64_t ticket)
{
	pthread_mutex_lock(&c->lock);
	c->waiting++;
	while (c->at[step] != ticket && !c->closed)
		pthread_cond_wait(&c->turns, &c->lock);
	c->waiting--;
	bool now = !c->closed;
	pthread_mutex_unlock(&c->lock);
	return now;
}

void crew_pass(struct crew *c, uint32_t step, uint64_t ticket)
{
	pthread_mutex_lock(&c->lock);
	assert(c->at[step] == ticket);
	c->at[step] = ticket + 1;
	if (c->waiting > 0)
		pthread_cond_broadcast(&c->turns);
	pthread_mutex_unlock(&c->lock);
}

void crew_close(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->closed = true;
	pthread_cond_broadcast(&c->jobs);
	pthread_cond_broadcast(&c->room);
	pthread_cond_broadcast(&c->turns);
	pthread_mutex_unlock(&c->lock);
}

bool crew_left(struct crew *c, struct job *job)
{
	if (c->n == 0)
		return false;
	*job = c->ring[c->head];
	drop_front(c);
	return true;
}
