/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.c - a ring of message bytes under one mutex, with a condition for each side.
 *
 * A writer wakes one reader only when the ring was empty, a reader one writer only when it
 * was full; after each take or put the waker checks whether more of its own kind could go on,
 * so that no wake-up is lost with several threads on a side.
 */
#include "daemon/work/queue.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "daemon/host/fault.h"
#include "lib/base/mem.h"

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t readable, writable;
	size_t item;
	uint32_t depth, head, length;
	bool closed;
	unsigned char *ring;
};

struct queue *queue_new(size_t item, uint32_t depth)
{
	assert(item > 0 && depth > 0);
	struct queue *q = xcalloc(1, sizeof *q);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->readable, NULL);
	pthread_cond_init(&q->writable, NULL);
	q->item = item;
	q->depth = depth;
	q->ring = xcalloc(depth, item);
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->readable);
	pthread_cond_destroy(&q->writable);
	xfree(q->ring);
	xfree(q);
}

static unsigned char *slot(struct queue *q, uint32_t i)
{
	return q->ring + (size_t)((q->head + i) % q->depth) * q->item;
}

/* Lock held, not full, not closed. */
static void push(struct queue *q, const void *message, bool *was_empty)
{
	if (was_empty)
		*was_empty = q->length == 0;
	memcpy(slot(q, q->length), message, q->item);
	q->length++;
	pthread_cond_signal(&q->readable);
	if (q->length < q->depth)
		pthread_cond_signal(&q->writable);
}

/* Lock held, not empty. */
static void pop(struct queue *q, void *message)
{
	memcpy(message, slot(q, 0), q->item);
	q->head = (q->head + 1) % q->depth;
	q->length--;
	pthread_cond_signal(&q->writable);
	if (q->length > 0)
		pthread_cond_signal(&q->readable);
}

bool queue_put(struct queue *q, const void *message, bool *was_empty)
{
	pthread_mutex_lock(&q->lock);
	while (q->length == q->depth && !q->closed)
		pthread_cond_wait(&q->writable, &q->lock);
	bool open = !q->closed;
	if (open)
		push(q, message, was_empty);
	pthread_mutex_unlock(&q->lock);
	return open;
}

bool queue_try_put(struct queue *q, const void *message, bool *was_empty)
{
	if (fault_fails(queue_full))
		return false;
	pthread_mutex_lock(&q->lock);
	bool room = !q->closed && q->length < q->depth;
	if (room)
		push(q, message, was_empty);
	pthread_mutex_unlock(&q->lock);
	return room;
}

bool queue_get(struct queue *q, void *message)
{
	pthread_mutex_lock(&q->lock);
	while (q->length == 0 && !q->closed)
		pthread_cond_wait(&q->readable, &q->lock);
	bool there = q->length > 0;
	if (there)
		pop(q, message);
	pthread_mutex_unlock(&q->lock);
	return there;
}

uint32_t queue_take(struct queue *q, void *messages, uint32_t max)
{
	unsigned char *out = messages;
	uint32_t n = 0;
	pthread_mutex_lock(&q->lock);
	for (; n < max && q->length > 0; n++)
		pop(q, out + (size_t)n * q->item);
	pthread_mutex_unlock(&q->lock);
	return n;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->readable);
	pthread_cond_broadcast(&q->writable);
	pthread_mutex_unlock(&q->lock);
}

uint32_t queue_length(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	uint32_t n = q->length;
	pthread_mutex_unlock(&q->lock);
	return n;
}
