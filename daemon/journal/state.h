/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state.h - the journal from inside: for journal.c, write.c, copy.c and recover.c only. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/journal/archive.h"
#include "daemon/journal/read.h"
#include "daemon/work/queue.h"
#include "lib/base/map.h"

#define INLINE_MAX (256u << 10) /* bytes of an input that still stand in the journal itself */

/* An item that is not done. */
struct waiting {
	struct journal_item *item;
	uint64_t segment;        /* the file its entry is in */
	bool bytes;              /* they stand in the journal */
};

/* A segment file that is still there. */
struct segment_use {
	uint64_t number;
	uint64_t left;           /* items in it that are not done */
	bool bytes;              /* it holds bytes: the archive is synced before it goes */
};

/* To the writer. */
enum writer_kind { WRITER_PUT, WRITER_DONE };
struct writer_msg {
	enum writer_kind kind;
	struct journal_item *item; /* PUT: moves; its number is still 0 */
	char *bytes;               /* PUT: moves; NULL when they are in the archive */
	void *tag;
	uint64_t number;           /* DONE */
};

/* To the copier. */
enum copy_kind { COPY_FILE, COPY_PIECE, COPY_END, COPY_DROP, COPY_RELEASE };
struct copy_msg {
	enum copy_kind kind;
	struct journal_item *item; /* FILE: moves */
	int fd;                    /* FILE: moves */
	void *tag;                 /* FILE */
	struct spill *spill;       /* PIECE, END, DROP */
	char *bytes;               /* PIECE: moves */
	size_t n;
	uint64_t segment;          /* RELEASE */
	bool sync;
};

/* A large input that comes in pieces; the copier's. */
struct spill {
	struct archive_file file;
	struct journal_item *item;
	void *tag;
	bool begun, failed;
	struct err why;
};

struct journal {
	struct journal_conf conf;
	struct archive archive;
	int dir;
	struct queue *inbox, *copies;
	pthread_t writer, copier;
	bool writer_runs, copier_runs;
	_Atomic uint64_t items, bytes;       /* waiting or on their way */
	_Atomic uint64_t coming;             /* handed in and not told */
	_Atomic uint64_t segments, written, synced;
	_Atomic bool broken;
	_Atomic bool closing;                /* files not copied yet stay where they are */
	_Atomic bool stuck;                  /* a segment could not be removed */

	struct journal_item **replay;        /* moved out one by one */
	uint32_t n_replay, cap_replay, replay_at;
	struct journal_item **done;          /* as found at the opening; moved out, too */
	uint32_t n_done, cap_done, recheck_at;

	/* the writer's own, recover's before */
	int fd, position_fd;
	struct position end;
	uint64_t next;
	struct map64 by_number, by_name, by_key; /* -> struct waiting */
	struct segment_use *use;
	uint32_t n_use, cap_use;
	struct buf out;
};

/* recover.c: what is on disk; opens the last segment for writing, or makes the first. */
bool journal_recover(struct journal *j, struct err *e) MUST_CHECK;

/* write.c */
void *journal_writer(void *journal);
bool journal_rotate(struct journal *j, struct err *e) MUST_CHECK; /* a new segment file */
bool journal_place(struct journal *j, struct err *e) MUST_CHECK;  /* the position file */
void journal_wait(struct journal *j, struct journal_item *take_item, uint64_t segment, bool bytes);
void journal_forget(struct journal *j, uint64_t number);
void journal_release(struct journal *j);  /* segments with nothing left to do */
bool journal_keep(struct journal *j, const struct journal_item *it, struct str bytes,
		  struct err *e) MUST_CHECK; /* into the archive, not synced */

/* copy.c */
void *journal_copier(void *journal);

/* journal.c */
void journal_tell(struct journal *j, struct journal_notice *n);
void journal_refuse(struct journal *j, struct journal_item *take_item, void *tag,
		    const struct err *why);
void journal_break(struct journal *j, const char *why);
struct journal_item *journal_item_copy(const struct journal_item *it);
int64_t journal_now(void);
