/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers.c - a list of files, the threads that read them, and what is known in the end.
 *
 * readers_hand.c is what each thread does, readers_course.c how it comes by a part of a file.
 */
#include "daemon/work/readers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/work/readers_state.h"
#include "lib/base/mem.h"

/* A thread reads so much of a file at once: what is made once a chunk costs more for less. */
#define STRETCH_BYTES (3u << 20)
#define SHARED_BYTES (1u << 20) /* a file has, when it is read by several threads */

struct by_size {
	uint64_t size;
	uint32_t file;
};

static int larger_first(const void *a, const void *b)
{
	const struct by_size *x = a, *y = b;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->file < y->file ? -1 : 1;
}

static bool look_at_files(struct readers *r, struct err *e)
{
	struct by_size *list = xcalloc(r->n + 1u, sizeof *list);
	bool ok = true;
	for (uint32_t i = 0; ok && i < r->n; i++) {
		struct stat st;
		r->file[i].path = r->conf.files->path[i];
		ok = stat(r->file[i].path, &st) == 0;
		if (!ok) {
			err_set(e, ERR_WORLD, "%s: %s", r->file[i].path, strerror(errno));
			break;
		}
		r->file[i].bytes = (uint64_t)st.st_size;
		r->total += r->file[i].bytes;
		list[i] = (struct by_size){ r->file[i].bytes, i };
	}
	qsort(list, r->n, sizeof *list, larger_first);
	for (uint32_t i = 0; i < r->n; i++)
		r->order[i] = list[i].file;
	xfree(list);
	return ok;
}

size_t readers_stretch_bytes(const struct readers *r)
{
	return r->conf.piece ? r->conf.piece : STRETCH_BYTES;
}

static bool shares_any(const struct readers *r)
{
	bool any = false;
	for (uint32_t i = 0; r->conf.threads > 1 && i < r->n; i++)
		any |= readers_shares(r, i);
	return any;
}

bool readers_shares(const struct readers *r, uint32_t file)
{
	uint64_t bytes = r->file[file].bytes; /* 0: a pipe */
	return bytes == 0 || bytes >= (r->conf.piece ? r->conf.piece / 4 : SHARED_BYTES);
}

struct readers *readers_new(const struct readers_conf *conf, struct err *e)
{
	struct readers *r = xcalloc(1, sizeof *r);
	r->conf = *conf;
	r->n = conf->files->n;
	r->file = xcalloc(r->n + 1u, sizeof *r->file);
	r->order = xcalloc(r->n + 1u, sizeof *r->order);
	r->course = xcalloc(r->n + 1u, sizeof *r->course);
	pthread_mutex_init(&r->lock, NULL);
	tally_init(&r->tally);
	if (look_at_files(r, e))
		return r;
	readers_free(r);
	return NULL;
}

/* Runs threads to their ends. */
static bool run_threads(struct readers *r, uint32_t n, struct err *e)
{
	pthread_t *thread = xcalloc(n, sizeof *thread);
	sigset_t all, before;
	uint32_t started = 0;
	int rc = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; rc == 0 && started < n; started += rc == 0)
		rc = pthread_create(&thread[started], NULL, readers_work, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		crew_close(r->crew);
	for (uint32_t i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	xfree(thread);
	return rc == 0 || err_set(e, ERR_WORLD, "cannot start a reader thread: %s", strerror(rc));
}

static void free_pieces(struct readers *r)
{
	struct piece *p;
	while ((p = crew_left(r->crew)))
		piece_free(p);
	while (r->n_spare > 0)
		piece_free(r->spare[--r->n_spare]);
}

bool readers_run(struct readers *r, const struct readers_sink *sink, struct err *e)
{
	uint32_t threads = r->conf.threads, steps = 1 + (sink->take ? r->conf.shards : 0);
	bool ok = true;
	r->sink = *sink;
	r->shared = shares_any(r);
	if (!r->shared && threads > r->n)
		threads = r->n;
	r->crew = crew_new(steps, r->n, threads ? threads : 1);
	if (threads > 0)
		ok = run_threads(r, threads, e);
	else
		readers_work(r);
	free_pieces(r);
	if (r->failed)
		*e = r->e;
	return ok && !r->failed;
}

void readers_free(struct readers *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->n; i++) {
		course_free(r->course[i]);
		for (uint32_t k = 0; k < r->file[i].n_unknown; k++)
			xfree(r->file[i].unknown[k]);
		xfree(r->file[i].unknown);
	}
	crew_free(r->crew);
	pthread_mutex_destroy(&r->lock);
	xfree(r->spare);
	tally_fini(&r->tally);
	xfree(r->course);
	xfree(r->file);
	xfree(r->order);
	xfree(r);
}

void readers_progress(const struct readers *r, uint64_t *bytes, uint64_t *total, uint64_t *rows)
{
	*bytes = atomic_load_explicit(&r->bytes, memory_order_relaxed);
	*rows = atomic_load_explicit(&r->rows, memory_order_relaxed);
	*total = r->total;
}

const struct reader_file *readers_file(const struct readers *r, uint32_t i)
{
	return &r->file[i];
}

const struct tally *readers_tally(const struct readers *r)
{
	return &r->tally;
}
