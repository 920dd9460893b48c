/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.h - a bounded queue between threads; with crew.c the only place of locks.
 *
 * Messages are small structs, copied in and out: what they point to changes owner with
 * them. A full queue is back-pressure: threads that may wait use queue_put, a thread that
 * must not (the event loop) uses queue_try_put and stops reading its source on false.
 * Closing lets readers drain what is there; after that they get false.
 * Any number of writers and readers. Knows nothing of what is inside a message.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

struct queue;

/* Room for `depth` (> 0) messages of `item` bytes. Free it once no thread can touch it;
 * messages still inside are dropped, so their owner drains it first. */
struct queue *queue_new(size_t item, uint32_t depth);
void queue_free(struct queue *q); /* NULL is fine */

/* Puts a copy of *message, waiting while the queue is full. False when it is closed.
 * `was_empty` (may be NULL) tells that nobody can have been woken for earlier messages:
 * a mailbox writes its eventfd only then. */
bool queue_put(struct queue *q, const void *message, bool *was_empty) MUST_CHECK;

/* The same without waiting: false when full or closed. */
bool queue_try_put(struct queue *q, const void *message, bool *was_empty) MUST_CHECK;

/* Takes the oldest message, waiting while there is none. False when closed and empty. */
bool queue_get(struct queue *q, void *message) MUST_CHECK;

/* Takes up to `max` messages without waiting, oldest first; returns how many. */
uint32_t queue_take(struct queue *q, void *messages, uint32_t max);

/* No more messages: waiting writers get false, readers drain. May be called twice. */
void queue_close(struct queue *q);

/* Messages waiting now; for stats and for deciding to read on, stale at once. */
uint32_t queue_length(struct queue *q);
