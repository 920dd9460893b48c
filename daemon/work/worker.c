/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.c - the loop of a worker thread: one small function per order.
 */
#include "daemon/work/worker.h"

#include <signal.h>
#include <string.h>

#include "daemon/host/spread.h"

#define GATHER_AT_ONCE 256u

void worker_take(struct worker *w, const struct chunk_ref *chunk)
{
	const struct chunk *c = chunk_ref_chunk(chunk);
	for (int s = 0; s < STREAM_STORED && !w->failed; s++) {
		uint32_t n;
		const uint32_t *row = chunk_ref_rows(chunk, (enum stream)s, w->shard, &n);
		if (n > 0)
			w->failed = !judge_add(w->judge, c, (enum stream)s, row, n,
					       chunk_ref_intake(chunk), &w->e);
	}
}

static void take_rows(struct worker *w, struct chunk_ref *take_chunk)
{
	worker_take(w, take_chunk);
	chunk_ref_put(take_chunk);
}

/* Gathers what is dirty, so that the books know how it stands. */
static void settle_books(struct worker *w)
{
	struct timeline *t = judge_timeline(w->judge);
	uint32_t n;
	const uint32_t *dirty = timeline_dirty(t, &n);
	struct batch b;
	batch_init(&b);
	for (uint32_t i = 0; i < n; i += GATHER_AT_ONCE)
		timeline_gather(t, dirty + i, n - i < GATHER_AT_ONCE ? n - i : GATHER_AT_ONCE, &b,
				NULL);
	batch_fini(&b);
}

/* Rows brought back: as if they had been here all the time. */
static void take_known(struct worker *w, struct chunk_ref *take_chunk)
{
	struct timeline *t = judge_timeline(w->judge);
	settle_books(w);
	bool was = timeline_standing_quiet(t, true);
	take_rows(w, take_chunk);
	settle_books(w);
	(void)timeline_standing_quiet(t, was);
}

void worker_follow(struct worker *w, const struct message *m)
{
	switch (m->order) {
	case ORDER_CHUNK:
		if (m->known)
			take_known(w, m->chunk);
		else
			take_rows(w, m->chunk);
		return;
	case ORDER_SYNC: break;
	case ORDER_BOOKS: settle_books(w); break;
	case ORDER_ALL: judge_all(w->judge, NULL, &w->found); break;
	case ORDER_DIRTY: judge_dirty(w->judge, NULL, &w->found); break;
	case ORDER_PRIME: judge_prime(w->judge); break;
	case ORDER_SPLIT: verdict_split(m->verdict, w->shard); break;
	case ORDER_CELLS: verdict_judge(m->verdict, w->shard); break;
	case ORDER_COMPARE: verdict_compare(m->verdict, w->shard); break;
	case ORDER_MEET:
		judge_meet(w->judge, m->verdict, w->shard);
		judge_evidence(w->judge, m->verdict, w->shard);
		break;
	case ORDER_LINES: findlines_make(m->lines); break;
	case ORDER_EVIDENCE: judge_evidence(w->judge, m->verdict, w->shard); break;
	}
	if (w->sorts && (m->order == ORDER_ALL || m->order == ORDER_DIRTY))
		findings_sort(&w->found);
	/* Only fails when the pool closes, and then nobody waits for it. */
	bool answered = queue_put(w->answers, &w->shard, NULL);
	(void)answered;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct message m;
	while (queue_get(w->inbox, &m)) {
		if (m.order != ORDER_CHUNK)
			spread_thread(w->shard, w->beside);
		worker_follow(w, &m);
	}
	judge_free(w->judge);
	w->judge = NULL;
	return NULL;
}

bool worker_start(struct worker *w, uint32_t inbox, struct err *e)
{
	sigset_t all, before;
	findings_init(&w->found);
	if (inbox == 0)
		return true;
	w->inbox = queue_new(sizeof(struct message), inbox);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->started = rc == 0;
	return w->started ||
	       err_set(e, ERR_WORLD, "cannot start a worker thread: %s", strerror(rc));
}

void worker_leave(struct worker *w)
{
	if (w->inbox)
		queue_close(w->inbox);
}

void worker_stop(struct worker *w)
{
	worker_leave(w);
	if (w->started)
		pthread_join(w->thread, NULL);
	queue_free(w->inbox);
	findings_fini(&w->found);
	judge_free(w->judge);
}
