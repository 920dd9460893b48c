/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.c - the past read back from the database: of a few persons at once, or, behind
 * everybody's back, down to a lower floor for a rule that looks farther.
 *
 * The second is a thread with a connection of its own. It keeps the chunks it reads; nothing of
 * them is judged before all are there, so that nobody is ever judged by half a past. Intake,
 * judging and acknowledging go on meanwhile, with the floor as it was: what a rule finds below
 * it is closed, not withdrawn. When all is there one job tells the engine, which takes the
 * chunks in, lowers the floor and judges everybody. Records that are read twice, because their
 * person was brought back meanwhile, are one record in the timelines.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "daemon/host/clock.h"
#include "daemon/host/fault.h"
#include "daemon/host/log.h"
#include "lib/base/mem.h"

#define MILLION 1000000u

struct history {
	struct engine *en;
	pthread_t thread;
	struct restore_more what;
	int64_t begun;
	struct chunk_ref **chunk;
	uint32_t n, cap;
	bool ok;
	struct err why;
};

static bool stopping(void *ctx)
{
	const struct engine *en = ctx;
	return en->stopping;
}

/* However long the database takes to be there. `again` forgets what a try has given. */
static bool read_back(struct engine *en, const struct restore_more *what,
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
		if (again)
			again(to->ctx);
		log_warn("horizon", "waiting for the database: %s", e->text);
		if (wait_or_stop(en->stop_fd, pause))
			return err_set(e, ERR_WORLD, "stopped before the history was there");
		pause = pause * 2 < most ? pause * 2 : most;
	}
}

/* ---- at once ---- */

static void recall(void *ctx, struct chunk_ref *take_chunk)
{
	struct engine *en = ctx;
	pool_recall(en->pool, take_chunk);
}

bool engine_read_back(struct engine *en, const struct restore_more *what, uint64_t *records,
		      struct err *e)
{
	const struct restore_to to = { .chunk = recall, .stop = stopping, .ctx = en };
	return read_back(en, what, &to, NULL, records, e);
}

/* ---- in the background ---- */

static void keep(void *ctx, struct chunk_ref *take_chunk)
{
	struct history *h = ctx;
	uint64_t before = h->en->history_records;
	uint64_t now = before + chunk_ref_chunk(take_chunk)->rows;
	fault(history_read);
	GROW(h->chunk, h->cap, h->n + 1);
	h->chunk[h->n++] = take_chunk;
	h->en->history_records = now;
	if (now / MILLION > before / MILLION)
		log_info("horizon", "%" PRIu64 " records read back so far", now);
}

static bool should_stop(void *ctx)
{
	const struct history *h = ctx;
	return h->en->stopping;
}

static void drop_chunks(void *ctx)
{
	struct history *h = ctx;
	while (h->n > 0)
		chunk_ref_put(h->chunk[--h->n]);
	h->en->history_records = 0;
}

static void *run(void *arg)
{
	struct history *h = arg;
	const struct restore_to to = { .chunk = keep, .stop = should_stop, .ctx = h };
	uint64_t records;
	h->ok = read_back(h->en, &h->what, &to, drop_chunks, &records, &h->why);
	(void)!queue_put(h->en->inbox, &(struct job){ .kind = JOB_HISTORY }, NULL); /* ending */
	return NULL;
}

bool engine_history_begin(struct engine *en, int32_t lower, struct err *e)
{
	sigset_t all, before;
	struct history *h = xcalloc(1, sizeof *h);
	h->en = en;
	h->what = (struct restore_more){ .floor = en->floor, .lower = lower };
	h->begun = clock_steady();
	en->history_records = 0;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&h->thread, NULL, run, h);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
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

bool engine_history_done(struct engine *en, struct err *e)
{
	struct history *h = en->history;
	if (!h->ok) {
		*e = h->why;
		engine_history_drop(en);
		return err_wrap(e, "reading back history");
	}
	fault(history_taken);
	for (uint32_t i = 0; i < h->n; i++)
		pool_recall(en->pool, h->chunk[i]);
	h->n = 0;
	en->floor = h->what.lower;
	log_notice("horizon", "complete: %" PRIu64 " records read back in %.1f s",
		   (uint64_t)en->history_records, (double)(clock_steady() - h->begun) / 1e6);
	engine_history_drop(en);
	return engine_judge_all(en, e) && engine_lower_floor(en, e);
}
