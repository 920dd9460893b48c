/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.c - the past read back from the database: behind everybody's back, down to a lower
 * floor for a rule that looks farther (of a few persons: late.c).
 *
 * It is a thread with a connection of its own. It keeps the chunks it reads, with
 * memory.limit in files without a name; nothing of them is judged before all are there, so that
 * nobody is ever judged by half a past. Intake, judging and acknowledging go on meanwhile, with
 * the floor as it was: what a rule finds below it is closed, not withdrawn. When all is there
 * one job tells the engine, which takes the chunks in, lowers the floor and judges everybody.
 * Records that are read twice, because their person was brought back meanwhile, are one record
 * in the timelines.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "daemon/host/clock.h"
#include "daemon/host/fault.h"
#include "daemon/host/log.h"
#include "daemon/work/spill.h"
#include "lib/base/mem.h"

#define MILLION 1000000u
#define DISK_PARTS 16u
#define DISK_SHARE 16u /* of memory.limit, for what is on its way to disk */

struct history {
	struct engine *en;
	pthread_t thread;
	struct floor_more what;
	int64_t begun;
	struct chunk_ref **chunk;
	uint32_t n, cap;
	struct spill *disk;          /* instead of `chunk`; NULL: memory is not bounded */
	bool full;                   /* it cannot be written, `why` says why */
	bool ok;
	struct err why;
};

bool engine_read_back(struct engine *en, const struct floor_more *what,
		      const struct restore_to *to, void (*again)(void *ctx), uint64_t *records,
		      struct err *e)
{
	const struct db_wait wait = { en->stop_fd, en->conf.conf->database_connect_timeout, 0, 0 };
	int64_t pause = 1, most = en->conf.conf->database_retry_max;
	for (;;) {
		struct db db = { .conn = NULL };
		bool ok = db_open(&db, en->conf.conf->database_conninfo, &wait, e);
		bool got = ok && restore_more(&db, what, to, records, e);
		bool lost = !ok || db_lost(&db);
		db_close(&db);
		if (got || !lost || en->stopping)
			return got;
		again(to->ctx);
		log_warn("horizon", "waiting for the database: %s", e->text);
		if (wait_or_stop(en->stop_fd, pause))
			return err_set(e, ERR_WORLD, "stopped before the history was there");
		pause = pause * 2 < most ? pause * 2 : most;
	}
}

static bool open_disk(struct history *h, struct err *e)
{
	const struct conf *c = h->en->conf.conf;
	uint64_t bound = (uint64_t)c->memory_limit << 20;
	if (bound == 0)
		return true;
	char *dir = engine_segments_path(c);
	spill_free(h->disk);
	h->disk = spill_new(dir, DISK_PARTS, bound / DISK_SHARE, e);
	xfree(dir);
	return h->disk != NULL;
}

static void keep_chunk(struct history *h, struct chunk_ref *take_chunk)
{
	if (h->en->conf.conf->memory_limit == 0) {
		GROW(h->chunk, h->cap, h->n + 1);
		h->chunk[h->n++] = take_chunk;
		return;
	}
	h->full = h->full || !spill_add(h->disk, chunk_ref_chunk(take_chunk),
					chunk_ref_intake(take_chunk), &h->why);
	chunk_ref_put(take_chunk);
}

static void keep(void *ctx, struct chunk_ref *take_chunk)
{
	struct history *h = ctx;
	uint64_t before = h->en->history_records;
	uint64_t now = before + chunk_records(chunk_ref_chunk(take_chunk));
	fault(history_read);
	keep_chunk(h, take_chunk);
	h->en->history_records = now;
	if (now / MILLION > before / MILLION)
		log_info("horizon", "%" PRIu64 " records read back so far", now);
}

static bool should_stop(void *ctx)
{
	const struct history *h = ctx;
	return h->full || h->en->stopping;
}

static void drop_chunks(struct history *h)
{
	while (h->n > 0)
		chunk_ref_put(h->chunk[--h->n]);
	spill_free(h->disk);
	h->disk = NULL;
	h->en->history_records = 0;
}

static void begin_again(void *ctx)
{
	struct history *h = ctx;
	drop_chunks(h);
	h->full = !open_disk(h, &h->why);
}

static void *run(void *arg)
{
	struct history *h = arg;
	const struct restore_to to = { .chunk = keep, .stop = should_stop, .ctx = h };
	uint64_t records;
	struct err e;
	h->ok = engine_read_back(h->en, &h->what, &to, begin_again, &records, &e);
	if (!h->ok && !h->full)
		h->why = e;
	(void)!queue_put(h->en->inbox, &(struct job){ .kind = JOB_HISTORY }, NULL); /* ending */
	return NULL;
}

bool engine_history_begin(struct engine *en, int32_t lower, struct err *e)
{
	sigset_t all, before;
	struct history *h = xcalloc(1, sizeof *h);
	h->en = en;
	h->what = (struct floor_more){ .floor = en->floor, .lower = lower };
	h->begun = clock_steady();
	en->history_records = 0;
	if (!open_disk(h, e)) {
		xfree(h);
		return err_wrap(e, "room for history on disk");
	}
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&h->thread, NULL, run, h);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		spill_free(h->disk);
		xfree(h);
		return err_set(e, ERR_WORLD, "no thread to read back history with: %s",
			       strerror(error));
	}
	en->history = h;
	en->reading_history = true;
	return true;
}

void engine_history_drop(struct engine *en)
{
	struct history *h = en->history;
	if (!h)
		return;
	(void)pthread_join(h->thread, NULL);
	drop_chunks(h);
	xfree(h->chunk);
	xfree(h);
	en->history = NULL;
	en->reading_history = false;
}

static bool recall_piece(void *ctx, struct chunk *take_chunk, uint32_t intake, struct err *e)
{
	struct engine *en = ctx;
	(void)e;
	pool_recall(en->pool, chunk_ref_new(take_chunk, intake));
	return true;
}

static bool recall_all(struct engine *en, struct history *h, struct err *e)
{
	bool ok = !h->disk || spill_flush(h->disk, e);
	if (ok && h->disk)
		pool_expect(en->pool, spill_bytes(h->disk));
	pool_recall_begin(en->pool);
	for (uint32_t i = 0; i < h->n; i++)
		pool_recall(en->pool, h->chunk[i]);
	h->n = 0;
	for (uint32_t i = 0; ok && h->disk && i < DISK_PARTS; i++)
		ok = spill_chunks(h->disk, i, recall_piece, en, e);
	pool_recall_end(en->pool);
	return ok;
}

bool engine_history_done(struct engine *en, struct err *e)
{
	struct history *h = en->history;
	bool ok = h->ok;
	if (!ok)
		*e = h->why;
	else
		fault(history_taken);
	if (!ok || !recall_all(en, h, e)) {
		engine_history_drop(en);
		return err_wrap(e, "reading back history");
	}
	en->floor = h->what.lower;
	log_notice("horizon", "complete: %" PRIu64 " records read back in %.1f s",
		   (uint64_t)en->history_records, (double)(clock_steady() - h->begun) / 1e6);
	engine_history_drop(en);
	return engine_judge_all(en, e) && engine_lower_floor(en, e);
}
