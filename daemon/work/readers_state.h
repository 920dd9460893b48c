/* SPDX-License-Identifier: GPL-3.0-or-later */
/* readers_state.h - readers from inside: for readers.c, readers_cut.c and readers_hand.c only. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/work/crew.h"
#include "daemon/work/piece.h"
#include "daemon/work/queue.h"
#include "daemon/work/readers.h"

/* A file on its way. It belongs to the reading thread until this has offered the end, or stretches;
 * then `taken` is the crew's and the rest belongs to who has the turn to settle. */
struct course {
	uint32_t file;
	struct intake *in;
	uint64_t from;      /* where stretches begin, when it has any */
	uint64_t taken;     /* stretches */
	uint64_t settled;   /* of these */
	bool ended, failed; /* its end has been settled; it could not be read further */
	struct err e;
	struct pushed pushed;
};

/* A stretch or piece of a course on its way, or what stands for its end. */
struct part {
	struct course *course;
	struct piece *piece;
	uint64_t ticket;
	bool stretch, end;
	bool last; /* a stretch in which the file ends, or behind it */
	uint32_t step; /* to be made next */
};

struct readers {
	struct readers_conf conf;
	uint32_t n;
	struct reader_file *file;
	uint32_t *order;  /* files by size, largest first */
	atomic_uint next; /* place in `order` */
	_Atomic uint64_t bytes, rows;
	uint64_t total;
	bool shared;      /* files are cut for several threads */
	struct crew *crew;
	struct queue *spare; /* of struct piece *: to be filled again */
	pthread_t *thread;
	uint32_t started;
	struct course **course; /* [n] not yet at its end */
	struct readers_sink sink;
	struct tally tally;  /* this and what follows: of who has the turn to settle */
	bool failed;         /* the sink said no */
	struct err e;
};

/* The bytes a piece has, and a stretch. */
size_t readers_piece_bytes(const struct readers *r);
size_t readers_stretch_bytes(const struct readers *r);

/* Whether a file is large enough to be shared. */
bool readers_shares(const struct readers *r, uint32_t file);

/* A thread that reads files until there are none, and one that takes what these offer. */
void *readers_read(void *readers);
void *readers_help(void *readers);

/* Makes a part's next step in its turn: settles it, gives a shard its rows. False when everybody is
 * to stop. */
bool readers_step(struct readers *r, struct part *part);

/* Whether no step is left. */
bool readers_through(const struct readers *r, const struct part *part);

struct course *course_new(uint32_t file, struct intake *take_in);
void course_free(struct course *c); /* NULL is fine */
