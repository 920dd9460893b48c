/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.h - one worker thread: an inbox, a shard, and an answer for every command.
 *
 * Private to the pool. The shard belongs to the thread while a command is under way and to
 * the coordinating thread after its answer came: the hand-over is the queue's.
 */
#pragma once

#include <pthread.h>

#include "daemon/work/chunkref.h"
#include "daemon/work/findlines.h"
#include "daemon/work/queue.h"
#include "lib/finding/judge.h"

enum order {
	ORDER_CHUNK,    /* take the chunk's rows in; no answer */
	ORDER_SYNC,     /* answer when everything before is done */
	ORDER_BOOKS,    /* gather what is touched, so that the books know how it stands */
	ORDER_ALL,      /* judge every subject into `found` */
	ORDER_DIRTY,    /* judge the touched ones */
	ORDER_PRIME,    /* fill the cells from every subject, no more */
	ORDER_SPLIT,    /* deal this shard's cells out by key */
	ORDER_CELLS,    /* judge one share of all shards' cells */
	ORDER_COMPARE,  /* compare one share of the peers */
	ORDER_MEET,     /* fill cells without findings, find the fired ones, then evidence */
	ORDER_LINES,    /* make findings into text, a stretch after another */
	ORDER_EVIDENCE, /* collect this shard's part of the verdict */
};

struct message {
	enum order order;
	struct chunk_ref *chunk; /* ORDER_CHUNK: one reference moves with it */
	bool known;              /* ORDER_CHUNK: the books have its rows */
	struct verdict *verdict; /* ORDER_SPLIT and later */
	struct findlines *lines;     /* ORDER_LINES */
};

struct worker {
	pthread_t thread;
	bool started;
	uint32_t shard;
	struct queue *inbox;   /* of struct message */
	struct queue *answers; /* of uint32_t, the shard that is done; shared by all */
	struct judge *judge;
	struct findings found; /* of the last ORDER_ALL or ORDER_DIRTY */
	bool sorts;            /* these */
	uint32_t beside;       /* so many workers follow orders at once; 0 = never mind */
	bool failed;           /* rows could not be taken in; `e` says why */
	struct err e;
};

/* Makes the worker ready; the caller has filled shard, answers and judge. With inbox 0 it has
 * neither thread nor inbox: the caller follows orders for it by worker_follow. */
bool worker_start(struct worker *w, uint32_t inbox, struct err *e);

/* Takes its shard's rows in, on any thread that the shard belongs to now. */
void worker_take(struct worker *w, const struct chunk_ref *chunk);

/* What is waiting is done, then the thread gives the shard back and ends, soon. */
void worker_leave(struct worker *w);

/* Does what the message says and answers. */
void worker_follow(struct worker *w, const struct message *m);

/* Drains the inbox, ends the thread, frees all but `answers`. */
void worker_stop(struct worker *w);
