/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers.c - a list of files, threads that take from it, one queue of chunks.
 *
 * What a reader learns of a file travels through the queue as a last message without chunk,
 * so the coordinating thread alone touches the totals.
 */
#include "daemon/work/readers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/work/queue.h"
#include "lib/base/mem.h"

#define WAITING_PER_THREAD 4u

/* A chunk of file `file`; without chunk: the file is done, its intake (NULL when it never opened)
 * moves to the reader of the queue. */
struct parcel {
	uint32_t file;
	struct chunk_ref *chunk;
	struct intake *done;
	bool failed, closed; /* closed: the thread has ended, `file` means nothing */
	struct err *why;     /* xfree'd by the taker, when failed */
};

struct readers {
	struct readers_conf conf;
	uint32_t n;
	struct reader_file *file;
	uint32_t *order;  /* files by size, largest first */
	atomic_uint next; /* place in `order` */
	atomic_bool stop;
	_Atomic uint64_t bytes, rows;
	uint64_t total;
	struct queue *queue; /* of struct parcel; NULL without threads */
	pthread_t *thread;
	uint32_t running; /* threads that have not said closed */
	uint32_t started;
	struct intake *own; /* without threads: the file being read */
	uint32_t own_file;
	struct tally tally;
};

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

/* The next file of this thread; false when there is none. */
static bool next_file(struct readers *r, uint32_t *file)
{
	uint32_t at = atomic_fetch_add(&r->next, 1);
	if (at >= r->n || atomic_load(&r->stop))
		return false;
	*file = r->order[at];
	return true;
}

static struct parcel parcel_failed(uint32_t file, struct intake *in, const struct err *e)
{
	return (struct parcel){
		.file = file, .done = in, .failed = true, .why = xmemdup(e, sizeof *e)
	};
}

/* The next parcel of an open file: a chunk, its end, or its failure. */
static struct parcel read_on(struct readers *r, uint32_t file, struct intake *in)
{
	struct parcel p = { .file = file };
	struct err e = { 0 };
	uint64_t before = intake_bytes_read(in);
	bool ok = intake_next(in, &p.chunk, &e);
	atomic_fetch_add_explicit(&r->bytes, intake_bytes_read(in) - before, memory_order_relaxed);
	if (!ok)
		return parcel_failed(file, in, &e);
	if (!p.chunk) {
		p.done = in;
		return p;
	}
	const struct chunk *c = chunk_ref_chunk(p.chunk);
	atomic_fetch_add_explicit(&r->rows, c->rows, memory_order_relaxed);
	chunk_ref_scatter(p.chunk, r->conf.shards);
	return p;
}

static void parcel_drop(struct parcel *p)
{
	chunk_ref_put(p->chunk);
	intake_close(p->done);
	xfree(p->why);
}

static struct intake *open_file(struct readers *r, uint32_t file, struct parcel *failed)
{
	struct err e = { 0 };
	struct intake *in = intake_open(r->file[file].path, r->conf.feed, r->conf.wanted, file, &e);
	if (!in)
		*failed = parcel_failed(file, NULL, &e);
	return in;
}

/* False when the taker is gone. */
static bool read_file(struct readers *r, uint32_t file)
{
	struct parcel p;
	struct intake *in = open_file(r, file, &p);
	do {
		if (in)
			p = read_on(r, file, in);
		if (!queue_put(r->queue, &p, NULL)) {
			bool owns = p.done;
			parcel_drop(&p);
			if (!owns)
				intake_close(in);
			return false;
		}
	} while (p.chunk);
	return true;
}

static void *read_files(void *arg)
{
	struct readers *r = arg;
	uint32_t file;
	while (next_file(r, &file) && read_file(r, file))
		;
	bool told = queue_put(r->queue, &(struct parcel){ .closed = true }, NULL);
	(void)told; /* false: readers_free closed the queue and waits for nobody's word */
	return NULL;
}

static bool start_threads(struct readers *r, struct err *e)
{
	sigset_t all, before;
	uint32_t n = r->conf.threads < r->n ? r->conf.threads : r->n;
	int rc = 0;
	r->queue = queue_new(sizeof(struct parcel), n * WAITING_PER_THREAD);
	r->thread = xcalloc(n, sizeof *r->thread);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; rc == 0 && r->started < n; r->started += rc == 0)
		rc = pthread_create(&r->thread[r->started], NULL, read_files, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	r->running = r->started;
	return rc == 0 || err_set(e, ERR_WORLD, "cannot start a reader thread: %s", strerror(rc));
}

struct readers *readers_start(const struct readers_conf *conf, struct err *e)
{
	struct readers *r = xcalloc(1, sizeof *r);
	r->conf = *conf;
	r->n = conf->files->n;
	r->file = xcalloc(r->n + 1u, sizeof *r->file);
	r->order = xcalloc(r->n + 1u, sizeof *r->order);
	tally_init(&r->tally);
	if (look_at_files(r, e) && (conf->threads == 0 || r->n == 0 || start_threads(r, e)))
		return r;
	readers_free(r);
	return NULL;
}

static void learn(struct readers *r, struct parcel *p)
{
	struct reader_file *f = &r->file[p->file];
	if (p->failed) {
		f->failed = true;
		f->e = *p->why;
	}
	if (!p->done)
		return;
	const char *name;
	f->stats = *intake_stats(p->done);
	tally_add(&r->tally, intake_tally(p->done));
	while ((name = intake_unknown_column(p->done, f->n_unknown))) {
		f->unknown = xreallocarray(f->unknown, f->n_unknown + 1u, sizeof *f->unknown);
		f->unknown[f->n_unknown++] = xstrdup(name);
	}
}

/* Without threads: the next parcel is made here. */
static bool own_parcel(struct readers *r, struct parcel *p)
{
	if (!r->own) {
		if (!next_file(r, &r->own_file))
			return false;
		r->own = open_file(r, r->own_file, p);
		if (!r->own)
			return true;
	}
	*p = read_on(r, r->own_file, r->own);
	if (p->done)
		r->own = NULL;
	return true;
}

static bool next_parcel(struct readers *r, struct parcel *p)
{
	if (!r->queue)
		return own_parcel(r, p);
	while (r->running > 0 && queue_get(r->queue, p)) {
		if (!p->closed)
			return true;
		r->running--;
	}
	return false;
}

struct chunk_ref *readers_next(struct readers *r)
{
	struct parcel p;
	while (next_parcel(r, &p)) {
		if (p.chunk)
			return p.chunk;
		learn(r, &p);
		parcel_drop(&p);
	}
	return NULL;
}

void readers_free(struct readers *r)
{
	struct parcel p;
	if (!r)
		return;
	atomic_store(&r->stop, true);
	if (r->queue)
		queue_close(r->queue);
	for (uint32_t i = 0; i < r->started; i++)
		pthread_join(r->thread[i], NULL);
	while (r->queue && queue_take(r->queue, &p, 1) > 0)
		parcel_drop(&p);
	for (uint32_t i = 0; i < r->n; i++) {
		for (uint32_t k = 0; k < r->file[i].n_unknown; k++)
			xfree(r->file[i].unknown[k]);
		xfree(r->file[i].unknown);
	}
	intake_close(r->own);
	queue_free(r->queue);
	tally_fini(&r->tally);
	xfree(r->thread);
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
