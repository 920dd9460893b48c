/* SPDX-License-Identifier: GPL-3.0-or-later */
/* readers_state.h - readers from inside: for readers.c, readers_course.c and readers_hand.c. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/work/crew.h"
#include "daemon/work/piece.h"
#include "daemon/work/readers.h"

/* A file on its way. It belongs to who opens it until this has been offered. */
struct course {
	uint32_t file;
	struct intake *in; /* NULL: it could not be opened */
	bool shared;       /* its rows are decoded by parts, unless they are no CSV */
	enum intake_rest way;
	uint64_t from;     /* where stretches begin, when it has any */
	uint64_t taken;    /* parts; the crew's */
	/* of who has the flow, at last of who settles the last part */
	struct text_rest rest;
	struct err broke;  /* why it could not be read further */
	/* of who has the turn to settle */
	uint64_t settled;  /* parts */
	bool ended, failed; /* its last part has been settled; with `e` */
	struct err e;
	struct pushed pushed;
};

/* A part of a course on its way. */
struct part {
	struct course *course;
	struct piece *piece;
	struct turn turn; /* the step to be made next */
	bool last;        /* the file ends in it, or before */
};

struct readers {
	struct readers_conf conf;
	uint32_t n;
	struct reader_file *file;
	uint32_t *order;  /* files by size, largest first */
	_Atomic uint64_t bytes, rows;
	_Atomic uint32_t at_work; /* threads that have begun */
	uint64_t total;
	bool shared;      /* some files are decoded by several threads */
	struct crew *crew;
	pthread_mutex_t lock;   /* of what follows */
	struct piece **spare;   /* the last used last: it may be in a cache */
	uint32_t n_spare, cap_spare;
	struct course **course; /* [n] not yet at its end */
	struct readers_sink sink;
	struct tally tally;  /* this and what follows: of who has the turn to settle */
	bool failed;         /* the sink said no */
	struct err e;
};

/* The bytes of a part. */
size_t readers_stretch_bytes(const struct readers *r);

/* Whether a file is large enough to be shared. */
bool readers_shares(const struct readers *r, uint32_t file);

/* A thread that reads files until there are none. */
void *readers_work(void *readers);

/* Opens a file and offers what is to be read of it. True when *part, of which the piece is given,
 * is its first part: what came with the header, or the end of what could not be opened. */
bool course_open(struct readers *r, uint32_t file, struct part *part);

/* Reads the stretch a job stands for, *part, of which the piece and the ticket are given. */
void course_stretch(struct readers *r, const struct job *job, struct part *part);

/* Reads a flow on, into a piece that is then ready for anybody. */
void course_flow(struct readers *r, const struct job *job, struct piece *take_piece);
void course_free(struct course *c); /* NULL is fine */
