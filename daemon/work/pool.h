/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.h - worker threads, each with its shard of the timelines; one thread commands them.
 *
 * Chunks are offered to every worker; each keeps the rows of its own subjects (register
 * rows everybody). Judging is a barrier: all chunks given so far are in, shards agree on
 * records that moved between them, every shard judges its own subjects, cells are merged
 * and judged, and what was found is handed out on the calling thread in a fixed order.
 * Results are the same, byte for byte, for any number of workers.
 *
 *   pool_add* -> pool_judge -> pool_add* -> pool_judge ... -> pool_free
 *
 * All calls come from one coordinating thread (scan's main, the daemon's intake thread).
 * Knows the library and queue.h; no files, no database.
 */
#pragma once

#include "daemon/work/chunkref.h"
#include "lib/base/err.h"
#include "lib/finding/diff.h"
#include "lib/finding/judge.h"
#include "lib/record/feed.h"
#include "lib/rule/eval.h"
#include "lib/timeline/timeline.h"

struct pool;

struct pool_conf {
	const struct plan *plan; /* borrowed until pool_plan gives another, or pool_free */
	const struct feed *feed; /* visit classes; NULL = national map. Borrowed for life */
	const uint8_t *wanted;   /* fields to keep; NULL = all, so that later plans may read any */
	uint32_t workers;        /* threads; 0 = the calling thread does the work of one */
	uint32_t inbox;          /* chunks waiting per worker before pool_add waits; 0 = default */
	bool keep_columns;       /* judge_conf.keep */
	/* With alerts: about how many bytes timelines and cells may take, 0 = any number. What is
	 * more lies in files without a name in `dir` and comes back to be judged (cold.h). */
	uint64_t memory;
	const char *dir;
	bool keep_alerts;        /* daemon: compare with the alerts before, tell changes */
};

/* Who hears what judging found. Without alerts: every finding, sorted by finding_cmp,
 * excepted ones too (f->excepted). With alerts: changes, subject by subject in a fixed
 * order. Contents are valid during the call only. */
struct pool_sink {
	void (*finding)(void *ctx, const struct finding *f);
	/* Instead of it, both: the workers make the lines, several at a time, and the caller's
	 * thread hears them in order. */
	void (*text)(void *ctx, const struct finding *f, struct buf *line);
	void (*line)(void *ctx, const struct finding *f, struct str line);
	void (*change)(void *ctx, const struct change *c);
	void *ctx;
	/* With alerts: what is left as it is whatever was found, of rules over a subject's own
	 * timeline and of rules over cells. NULL: nothing. */
	frozen_fn *frozen, *frozen_cells;
	void *frozen_ctx;
	/* With alerts: those people have acted on; NULL: none. */
	handled_fn *handled;
	void *handled_ctx;
};

enum pool_what {
	POOL_DIRTY, /* subjects touched since they were judged last */
	POOL_ALL,   /* every subject */
};

/* Registers are looked up, never gathered: their live rows are those neither re-sent nor
 * superseded. */
struct pool_stats {
	struct timeline_stats timeline; /* summed over shards; register copies counted once */
	struct gather_stats gather;     /* of all judging since pool_new or pool_plan */
	uint64_t subjects_judged;       /* of the last judging */
	uint64_t cells_bytes;           /* memory of cells, with what each subject gave */
	uint64_t on_disk;               /* records and cells on disk because of the bound */
	uint64_t alerts_live;           /* keep_alerts only */
	uint64_t chunks;                /* offered since pool_new */
	uint32_t inbox_longest;         /* fullest inbox now */
};

/* Starts the threads (signals blocked in them). NULL with a sentence when that fails. */
struct pool *pool_new(const struct pool_conf *conf, struct err *e);

/* The threads give back what the shards hold, and end, while the caller does something else. Next
 * is pool_free. NULL is fine. */
void pool_leave(struct pool *p);

/* Stops and joins the threads; what waits in inboxes is taken in first. NULL is fine. */
void pool_free(struct pool *p);

/* Offers one chunk to all workers; takes over one reference. Waits while an inbox is
 * full. An error while taking rows in is told by the next pool_judge. Rows are scattered
 * here unless the decoder's thread has done so (chunk_ref_scatter). */
void pool_add(struct pool *p, struct chunk_ref *take_chunk);

/* Takes the rows of one shard in on the calling thread, which sees to it that nobody else has to do
 * with this shard meanwhile; no chunk of pool_add may wait. Without a bound on memory. */
void pool_take(struct pool *p, struct chunk_ref *c, uint32_t shard);

/* pool_add for rows that the books have already: what they change is not among the changes, also
 * where shards must agree about them. Between a begin and an end. */
void pool_recall_begin(struct pool *p);
void pool_recall(struct pool *p, struct chunk_ref *take_chunk);
void pool_recall_end(struct pool *p);

/* So many bytes on disk (spill.h) are about to be recalled, then everybody is judged: makes room
 * where memory is bounded. Nothing came since the last judging. */
void pool_expect(struct pool *p, uint64_t bytes);

/* What became of versions since the last call, by facility; then it is forgotten. `fn` may be
 * NULL. Judge before: only gathering tells what was taken out. */
typedef void standing_fn(void *ctx, struct str facility, const struct standing_change *c);
void pool_standing(struct pool *p, standing_fn *fn, void *ctx);

/* Judges and delivers, then nothing is dirty. `cells` also judges rules over facilities and
 * comparisons (their periods count as closed). False: nothing was delivered, the pool is
 * of no more use, `e` says why. */
bool pool_judge(struct pool *p, enum pool_what what, bool cells, const struct pool_sink *sink,
		struct err *e);

/*
 * A pool for one part of the subjects (see parts.h). pool_other: what the other parts have of
 * visits that are in several, borrowed for the pool's life; only the part with the greatest
 * version of a record shows it. pool_add_cells: after judging, the workers' cells to those of
 * all parts. pool_meet: the part's records have been given again: collects those behind the
 * verdict's fired cells, each worker as the part of its number.
 */
struct cellbins;
struct judge *pool_new_judge(const struct pool_conf *conf);
void pool_other(struct pool *p, struct judge *other);
void pool_add_cells(struct pool *p, struct cellbins *to);
bool pool_meet(struct pool *p, struct verdict *v, struct err *e);

/* Whether the timelines are on disk, being more than conf.memory. */
bool pool_asleep(const struct pool *p);

/* Judges by another plan from now on. The old one may be freed when this returns. Judge
 * POOL_ALL afterwards so that every rule has its history. */
void pool_plan(struct pool *p, const struct plan *plan);

/* Which periods are over from now on; NULL (as made): all. Borrowed until the next call. */
void pool_complete(struct pool *p, const struct complete *c);

/* Start-up, before the first pool_judge: an alert as it stands in the store (copied). */
void pool_load_alert(struct pool *p, const struct finding *f, uint64_t id, uint32_t revision,
		     bool live);

/* Records gathered by all judging since pool_new or pool_plan. Between judgings. */
uint64_t pool_gathered(const struct pool *p);

/* Sums over the shards; waits until the workers are idle. */
void pool_stats_get(struct pool *p, struct pool_stats *out);

/* Accounts of all judging since pool_new or pool_plan, one per rule of the plan, summed over
 * the shards; valid until the next call. After one POOL_ALL they are those of the data. */
const struct account *pool_accounts(struct pool *p);
