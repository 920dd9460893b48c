/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers.c - a list of files, threads that take from it, one queue of chunks.
 *
 * What a reader learns of a file travels through the queue as a last message without chunk,
 * so the coordinating thread alone touches the totals. Pieces go into that queue in order and
 * into another one to be decoded; the coordinating thread waits for each in turn.
 */
#include "daemon/work/readers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/work/piece.h"
#include "daemon/work/queue.h"
#include "lib/base/mem.h"

/* Few, so that what was read is still in the cache when it is decoded. */
#define WAITING_PER_THREAD 2u

/* A chunk of file `file`, or a piece of it to be settled; without either: the file is done, its
 * intake (NULL when it never opened) moves to the reader of the queue. */
struct parcel {
	uint32_t file;
	struct chunk_ref *chunk;
	struct piece *piece;
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
	pthread_t *thread; /* reading ones, then decoding ones */
	uint32_t running; /* reading threads that have not said closed */
	uint32_t started;
	struct intake **left;  /* by file: not handed over when reading was stopped */
	struct queue *work;    /* of struct piece *, borrowed from `queue` */
	struct queue *spare;   /* of struct piece *: to be used again */
	struct piece *settled; /* whose chunks are being handed out; NULL = none */
	struct parcel last;    /* the file's end, waiting for the chunks before it */
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
	piece_free(p->piece);
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

/* ---- cutting a file ---- */

struct cutter {
	struct readers *r;
	uint32_t file;
	struct intake *in;
	struct piece *piece; /* being filled */
};

static size_t piece_bytes(const struct readers *r)
{
	return r->conf.piece ? r->conf.piece : PIECE_BYTES;
}

static struct piece *spare_piece(struct readers *r)
{
	struct piece *p;
	return queue_take(r->spare, &p, 1) ? p : piece_new();
}

/* The piece to where it is waited for and to where it is decoded, in this order: who waits owns
 * it. False when the taker is gone. */
static bool send_piece(struct cutter *c)
{
	struct piece *piece = c->piece;
	struct parcel p = { .file = c->file, .piece = piece };
	c->piece = NULL;
	if (queue_put(c->r->queue, &p, NULL))
		return queue_put(c->r->work, &piece, NULL);
	piece_free(piece);
	return false;
}

/* Begins the first piece, or the next behind the one in hand, which is sent. */
static bool next_piece(struct cutter *c)
{
	uint64_t lines, bytes;
	bool suspect = c->piece && piece_suspect(c->piece);
	if (c->piece)
		piece_end(c->piece, &lines, &bytes);
	else
		decoder_diverted_at(intake_decoder(c->in), &lines, &bytes);
	if (c->piece && !send_piece(c))
		return false;
	c->piece = spare_piece(c->r);
	piece_begin(c->piece, c->file, c->in, lines, bytes);
	piece_add(c->piece, "", 0, suspect);
	return true;
}

/* How much of the text still goes into the piece: whole lines where there are any. */
static size_t fitting(const char *text, size_t n, size_t room)
{
	if (n <= room)
		return n;
	const char *nl = memrchr(text, '\n', room);
	if (!nl)
		nl = memchr(text + room, '\n', n - room);
	return nl ? (size_t)(nl - text) + 1 : n;
}

static bool cut_text(void *ctx, const char *text, size_t n, bool suspect, struct err *e)
{
	struct cutter *c = ctx;
	size_t most = piece_bytes(c->r);
	while (n) {
		if ((!c->piece || piece_size(c->piece) >= most) && !next_piece(c))
			return err_set(e, ERR_WORLD, "reading was stopped");
		size_t some = fitting(text, n, most - piece_size(c->piece));
		piece_add(c->piece, text, some, suspect);
		text += some;
		n -= some;
		if (n && !next_piece(c))
			return err_set(e, ERR_WORLD, "reading was stopped");
	}
	return true;
}

/* Reads a file to its end, its rows in pieces. */
static struct parcel cut_file(struct cutter *c)
{
	struct parcel p;
	decoder_divert(intake_decoder(c->in), cut_text, c);
	do {
		p = read_on(c->r, c->file, c->in);
		/* Formats that cannot be cut come as chunks. */
	} while (p.chunk && queue_put(c->r->queue, &p, NULL));
	if (p.chunk)
		return p;
	if (c->piece && !send_piece(c)) /* nobody will take what follows either */
		c->piece = NULL;
	return p;
}

static bool is_cut(const struct readers *r, uint32_t file)
{
	return r->work && (r->file[file].bytes == 0 || r->file[file].bytes >= piece_bytes(r) / 4);
}

static bool read_in_pieces(struct readers *r, uint32_t file)
{
	struct parcel p;
	struct cutter c = { .r = r, .file = file, .in = open_file(r, file, &p) };
	if (c.in)
		p = cut_file(&c);
	if (!p.chunk && queue_put(r->queue, &p, NULL))
		return true;
	r->left[file] = c.in; /* pieces under way may look at its decoder */
	p.done = NULL;
	parcel_drop(&p);
	return false;
}

static void *decode_pieces(void *arg)
{
	struct readers *r = arg;
	struct decoder *part = NULL;
	uint32_t part_file = UINT32_MAX;
	struct piece *p;
	while (queue_get(r->work, &p))
		piece_decode(p, &part, &part_file, r->conf.shards);
	decoder_free(part);
	return NULL;
}

/* False when the taker is gone. */
static bool read_file(struct readers *r, uint32_t file)
{
	struct parcel p;
	if (is_cut(r, file))
		return read_in_pieces(r, file);
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

static bool cuts_any(const struct readers *r)
{
	bool any = false;
	for (uint32_t i = 0; r->conf.threads > 1 && i < r->n; i++)
		any |= r->file[i].bytes == 0 || r->file[i].bytes >= piece_bytes(r) / 4;
	return any;
}

static int start_some(struct readers *r, uint32_t n, void *(*run)(void *))
{
	int rc = 0;
	for (; rc == 0 && n > 0; n--, r->started += rc == 0)
		rc = pthread_create(&r->thread[r->started], NULL, run, r);
	return rc;
}

static bool start_threads(struct readers *r, struct err *e)
{
	sigset_t all, before;
	uint32_t n = r->conf.threads < r->n ? r->conf.threads : r->n;
	uint32_t decoding = cuts_any(r) ? r->conf.threads : 0;
	uint32_t waiting = (n > decoding ? n : decoding) * WAITING_PER_THREAD;
	r->queue = queue_new(sizeof(struct parcel), waiting);
	r->thread = xcalloc(n + decoding, sizeof *r->thread);
	r->left = xcalloc(r->n, sizeof *r->left);
	if (decoding > 0) {
		r->work = queue_new(sizeof(struct piece *), waiting);
		r->spare = queue_new(sizeof(struct piece *), waiting);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = start_some(r, n, read_files);
	r->running = r->started;
	if (rc == 0)
		rc = start_some(r, decoding, decode_pieces);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
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

static void settle(struct readers *r, struct piece *p)
{
	uint64_t rows = piece_settle(p, r->conf.shards, &r->tally);
	atomic_fetch_add_explicit(&r->rows, rows, memory_order_relaxed);
	r->settled = p;
}

/* A file's end: first what its lead still holds, then what is known of it. */
static void end_file(struct readers *r, struct parcel *p)
{
	if (p->done && decoder_diverts(intake_decoder(p->done)) && !r->last.done) {
		r->last = *p;
		r->settled = spare_piece(r);
		uint64_t rows = piece_last(r->settled, p->file, p->done, r->conf.shards,
					   &r->tally);
		atomic_fetch_add_explicit(&r->rows, rows, memory_order_relaxed);
		return;
	}
	learn(r, p);
	parcel_drop(p);
	*p = (struct parcel){ 0 };
}

/* The next chunk of the piece in hand; NULL when that is used up. */
static struct chunk_ref *next_settled(struct readers *r)
{
	struct chunk_ref *c = r->settled ? piece_take(r->settled) : NULL;
	if (c || !r->settled)
		return c;
	if (!r->spare || !queue_try_put(r->spare, &r->settled, NULL))
		piece_free(r->settled);
	r->settled = NULL;
	if (r->last.done)
		end_file(r, &r->last);
	return NULL;
}

struct chunk_ref *readers_next(struct readers *r)
{
	struct parcel p;
	struct chunk_ref *c;
	while (!(c = next_settled(r)) && next_parcel(r, &p)) {
		if (p.chunk)
			return p.chunk;
		if (p.piece)
			settle(r, p.piece);
		else
			end_file(r, &p);
	}
	return c;
}

void readers_free(struct readers *r)
{
	struct parcel p;
	if (!r)
		return;
	atomic_store(&r->stop, true);
	if (r->queue)
		queue_close(r->queue);
	if (r->work)
		queue_close(r->work);
	for (uint32_t i = 0; i < r->started; i++)
		pthread_join(r->thread[i], NULL);
	while (r->queue && queue_take(r->queue, &p, 1) > 0)
		parcel_drop(&p);
	while (r->spare && queue_take(r->spare, &p.piece, 1) > 0)
		piece_free(p.piece);
	piece_free(r->settled);
	parcel_drop(&r->last);
	for (uint32_t i = 0; r->left && i < r->n; i++)
		intake_close(r->left[i]);
	for (uint32_t i = 0; i < r->n; i++) {
		for (uint32_t k = 0; k < r->file[i].n_unknown; k++)
			xfree(r->file[i].unknown[k]);
		xfree(r->file[i].unknown);
	}
	intake_close(r->own);
	queue_free(r->queue);
	queue_free(r->work);
	queue_free(r->spare);
	xfree(r->left);
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
