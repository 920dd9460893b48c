/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/store/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host/fault.h"
#include "daemon/host/log.h"
#include "lib/base/mem.h"
#include "lib/timeline/slab.h"

#define OBJECT "segments"
#define COMPACT_FILES 64u             /* fewer are not worth it */
#define COMPACT_FILES_MOST 4096u      /* more are a burden, whatever their size */
#define BASE_BYTES ((size_t)8 << 20) /* of one file of a base, made in memory */
#define NAME_MAX_BYTES 64

struct segment_file {
	char name[NAME_MAX_BYTES];
	bool base;
	int64_t epoch;
	uint32_t number;         /* of a base */
	int64_t at;              /* once checked */
	uint64_t rows, bytes;
};

struct segments {
	int dir;                 /* descriptor of the folder */
	struct slicer *cutter;
	struct buf out;          /* the segment being made */
	bool broken;             /* writing failed: files no longer follow the epochs */
	struct segment_file *file;
	uint32_t n, cap;         /* those that count, in order: bases first */
	_Atomic int64_t committed; /* last epoch the database has */
	bool whole;              /* they are all epochs that have records */
	uint32_t compact;        /* so many files of epochs may come together */
	/* the base being made */
	int64_t base_last, base_at;
	uint32_t base_files;
	uint64_t base_rows;
	bool base_open;
};

struct segments *segments_open(const char *dir, struct err *e)
{
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		(void)err_set(e, ERR_CONF, "segments.dir: %s: %s", dir, strerror(errno));
		return NULL;
	}
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)err_set(e, ERR_CONF, "segments.dir: %s: %s", dir, strerror(errno));
		return NULL;
	}
	struct segments *g = xcalloc(1, sizeof *g);
	g->dir = fd;
	g->cutter = slicer_new(1);
	g->compact = COMPACT_FILES;
	buf_init(&g->out, SIZE_MAX / 2);
	return g;
}

void segments_close(struct segments *g)
{
	if (!g)
		return;
	(void)close(g->dir);
	slicer_free(g->cutter);
	buf_fini(&g->out);
	xfree(g->file);
	xfree(g);
}

/* ---- writing ---- */

static bool write_bytes(int fd, const char *p, size_t n)
{
	while (n > 0) {
		if (fault_fails(segment_write))
			return false;
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool sync_file(int fd)
{
	return !fault_fails(segment_sync) && fsync(fd) == 0;
}

static bool give_name(const struct segments *g, const char *name)
{
	return !fault_fails(segment_rename) && renameat(g->dir, ".new", g->dir, name) == 0 &&
	       !fault_fails(segment_named) && fsync(g->dir) == 0;
}

/* A file with this name and content: there whole, for good, or not at all. */
static bool put_file(const struct segments *g, const char *name, const void *p, size_t n)
{
	int fd = openat(g->dir, ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write_bytes(fd, p, n) && sync_file(fd);
	int why = errno;
	if (fd >= 0 && close(fd) != 0)
		ok = false;
	if (ok && give_name(g, name))
		return true;
	errno = ok ? errno : why;
	return false;
}

static void add_piece(void *ctx, uint32_t part, struct str piece)
{
	(void)part;
	buf_addstr(ctx, piece);
}

/* What has failed would leave a hole: no more is written, and what is there is known to be
 * short by its missing epoch. */
static void give_up(struct segments *g)
{
	log_error(OBJECT, "cannot write: %s; the next start reads from the database",
		  strerror(errno));
	g->broken = true;
}

/* What lies in g->out is a file now. */
static void add_file(struct segments *g, const char *name, bool base, int64_t epoch, int64_t at)
{
	struct segment_file f = { .base = base, .epoch = epoch, .at = at, .bytes = g->out.n };
	struct slab s;
	struct err ignored;
	if (slab_open(&s, g->out.p, g->out.n, &ignored))
		f.rows = s.rows;
	memcpy(f.name, name, strlen(name) + 1);
	GROW(g->file, g->cap, g->n + 1);
	g->file[g->n++] = f;
}

/* ---- the base ---- */

void segments_base_drop(struct segments *g)
{
	g->base_open = false;
}

void segments_base_begin(struct segments *g, int64_t last, int64_t at)
{
	if (!g->whole) /* what is there does not count */
		g->n = 0;
	g->base_open = true;
	g->base_last = last;
	g->base_files = 0;
	g->base_rows = 0;
	g->base_at = at;
	slab_begin(&g->out, last, at);
}

static void base_flush(struct segments *g)
{
	char name[NAME_MAX_BYTES];
	slab_end(&g->out);
	(void)snprintf(name, sizeof name, "base-%" PRId64 "-%06u.seg", g->base_last,
		       ++g->base_files);
	if (put_file(g, name, g->out.p, g->out.n)) {
		add_file(g, name, true, g->base_last, g->base_at);
	} else {
		give_up(g);
		segments_base_drop(g);
	}
	slab_begin(&g->out, g->base_last, g->base_at);
}

void segments_base_add(struct segments *g, const struct chunk *c, uint32_t intake)
{
	if (!g->base_open)
		return;
	g->base_rows += chunk_records(c);
	slicer_cut(g->cutter, c, intake, add_piece, &g->out);
	if (g->out.n >= BASE_BYTES)
		base_flush(g);
}

void segments_base_end(struct segments *g)
{
	char name[NAME_MAX_BYTES], text[64];
	if (g->base_open)
		base_flush(g);
	if (!g->base_open)
		return;
	g->base_open = false;
	(void)snprintf(name, sizeof name, "base-%" PRId64 ".ok", g->base_last);
	int n = snprintf(text, sizeof text, "%u %" PRIu64 "\n", g->base_files, g->base_rows);
	if (!put_file(g, name, text, (size_t)n))
		give_up(g);
	else
		log_info(OBJECT, "%" PRIu64 " records kept in %u files", g->base_rows,
			 g->base_files);
	g->whole = !g->broken;
}

/* ---- which files there are ---- */

static bool parse_name(const char *name, struct segment_file *f)
{
	int end = 0;
	*f = (struct segment_file){ .base = strncmp(name, "base-", 5) == 0 };
	if (strlen(name) >= sizeof f->name)
		return false;
	memcpy(f->name, name, strlen(name) + 1);
	if (f->base)
		return sscanf(name, "base-%" SCNd64 "-%u.seg%n", &f->epoch, &f->number,
			      &end) == 2 && end > 0 && name[end] == '\0';
	return sscanf(name, "%" SCNd64 ".seg%n", &f->epoch, &end) == 1 && end > 0 &&
	       name[end] == '\0';
}

static int by_place(const void *a, const void *b)
{
	const struct segment_file *x = a, *y = b;
	if (x->base != y->base)
		return x->base ? -1 : 1;
	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* Names in the folder: segments into the list, whole bases' last epochs into *base. */
static bool list_files(struct segments *g, int64_t last, int64_t *base, struct err *e)
{
	int fd = openat(g->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *x;
	struct segment_file f;
	g->n = 0;
	*base = 0;
	if (!d)
		return err_set(e, ERR_WORLD, "the folder cannot be read: %s", strerror(errno));
	while ((x = readdir(d))) {
		int64_t epoch;
		int end = 0;
		bool ok = sscanf(x->d_name, "base-%" SCNd64 ".ok%n", &epoch, &end) == 1 && end > 0;
		if (ok && epoch > last)
			(void)unlinkat(g->dir, x->d_name, 0);
		else if (ok && epoch > *base)
			*base = epoch;
		if (!parse_name(x->d_name, &f))
			continue;
		GROW(g->file, g->cap, g->n + 1);
		g->file[g->n++] = f;
	}
	(void)closedir(d);
	return true;
}

/* Keeps what counts; files that never will are removed. */
static void choose(struct segments *g, int64_t base, int64_t last)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < g->n; i++) {
		struct segment_file *f = &g->file[i];
		bool counts = f->base ? f->epoch == base : f->epoch > base && f->epoch <= last;
		if (counts)
			g->file[kept++] = *f;
		else
			(void)unlinkat(g->dir, f->name, 0);
	}
	g->n = kept;
	if (kept > 0)
		qsort(g->file, kept, sizeof *g->file, by_place);
}

/* ---- reading ---- */

struct mapped {
	void *p;
	size_t n;
};

static bool map_file(const struct segments *g, const char *name, struct mapped *m, struct err *e)
{
	struct stat st;
	int fd = openat(g->dir, name, O_RDONLY | O_CLOEXEC);
	*m = (struct mapped){ MAP_FAILED, 0 };
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
		m->n = (size_t)st.st_size;
		m->p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	int why = errno;
	if (fd >= 0)
		(void)close(fd);
	bool empty = fd >= 0 && m->n == 0;
	return m->p != MAP_FAILED ||
	       err_set(e, ERR_WORLD, "%s: %s", name, empty ? "it is empty" : strerror(why));
}

static bool check_file(const struct segments *g, struct segment_file *f, struct err *e)
{
	struct mapped m;
	struct slab s;
	if (!map_file(g, f->name, &m, e))
		return false;
	bool ok = slab_open(&s, m.p, m.n, e) || err_wrap(e, "%s", f->name);
	if (ok && s.epoch != f->epoch)
		ok = err_set(e, ERR_INPUT, "%s is the segment of epoch %" PRId64, f->name, s.epoch);
	if (ok) {
		f->rows = s.rows;
		f->at = s.at;
		f->bytes = m.n;
	}
	(void)munmap(m.p, m.n);
	return ok;
}

/* The instant is the database's word that it is the same epoch, not only the same number. */
static bool check_base(const struct segments *g, int64_t base, int64_t at, uint64_t records,
		       struct err *e)
{
	char name[NAME_MAX_BYTES], text[64] = "";
	unsigned files = 0, there = 0;
	uint64_t rows = 0, told = 0;
	(void)snprintf(name, sizeof name, "base-%" PRId64 ".ok", base);
	int fd = openat(g->dir, name, O_RDONLY | O_CLOEXEC);
	bool read_ok = fd >= 0 && read(fd, text, sizeof text - 1) > 0 &&
		       sscanf(text, "%u %" SCNu64, &files, &told) == 2;
	if (fd >= 0)
		(void)close(fd);
	for (uint32_t i = 0; i < g->n && g->file[i].base; i++, there++) {
		rows += g->file[i].rows;
		read_ok = read_ok && g->file[i].at == at;
	}
	return (read_ok && there == files && rows == told && rows == records) ||
	       err_set(e, ERR_INPUT, "the base up to epoch %" PRId64 " has %" PRIu64 " rows of %"
		       PRIu64, base, rows, records);
}

/* Every epoch behind the base has its file. */
static bool check_epochs(const struct segments *g, int64_t base, const struct epoch_rows *rows,
			 uint32_t n, struct err *e)
{
	uint32_t at = 0;
	while (at < g->n && g->file[at].base)
		at++;
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].epoch <= base)
			continue;
		if (at == g->n || g->file[at].epoch != rows[i].epoch)
			return err_set(e, ERR_INPUT, "the segment of epoch %" PRId64
				       " is not there", rows[i].epoch);
		if (g->file[at].at != rows[i].at)
			return err_set(e, ERR_INPUT, "%s is of another database", g->file[at].name);
		if (g->file[at].rows != rows[i].records)
			return err_set(e, ERR_INPUT, "%s has %" PRIu64 " rows of %" PRIu64,
				       g->file[at].name, g->file[at].rows, rows[i].records);
		at++;
	}
	return at == g->n || err_set(e, ERR_INPUT, "%s is of an epoch without records",
				     g->file[at].name);
}

bool segments_check(struct segments *g, const struct epoch_rows *rows, uint32_t n, int64_t last,
		    struct err *e)
{
	uint64_t in_base = 0;
	int64_t base, at = 0;
	if (!list_files(g, last, &base, e))
		return false;
	choose(g, base, last);
	for (uint32_t i = 0; i < g->n; i++)
		if (!check_file(g, &g->file[i], e))
			return false;
	for (uint32_t i = 0; i < n && rows[i].epoch <= base; i++) {
		in_base += rows[i].records;
		at = rows[i].at;
	}
	g->whole = (base == 0 || check_base(g, base, at, in_base, e)) &&
		   check_epochs(g, base, rows, n, e);
	return g->whole;
}

void segments_clear(struct segments *g)
{
	struct err ignored;
	char name[NAME_MAX_BYTES];
	int64_t base;
	while (list_files(g, INT64_MAX, &base, &ignored) && base > 0) {
		(void)snprintf(name, sizeof name, "base-%" PRId64 ".ok", base);
		if (unlinkat(g->dir, name, 0) != 0)
			break;
	}
	for (uint32_t i = 0; i < g->n; i++)
		(void)unlinkat(g->dir, g->file[i].name, 0);
	g->n = 0;
	g->broken = true;
}

static bool read_file(const struct segments *g, const struct segment_file *f, segments_fn *fn,
		      void *ctx, struct err *e)
{
	struct mapped m;
	struct slab s;
	struct slab_piece p;
	size_t at = 0;
	if (!map_file(g, f->name, &m, e))
		return false;
	bool ok = true;
	(void)madvise(m.p, m.n, MADV_SEQUENTIAL);
	s = (struct slab){ m.p, m.n, f->epoch, f->at, f->rows };
	while (ok && slab_next(&s, &at, &p)) {
		struct chunk *c = slab_piece_chunk(&p, e);
		ok = c != NULL;
		if (ok && !fn(ctx, chunk_ref_new(c, p.intake), p.rows))
			ok = err_set(e, ERR_WORLD, "stopped while loading");
	}
	(void)munmap(m.p, m.n);
	return ok;
}

bool segments_read(struct segments *g, segments_fn *take, void *ctx, struct err *e)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (!read_file(g, &g->file[i], take, ctx, e))
			return err_wrap(e, "%s", g->file[i].name);
	return true;
}

/* ---- many files into few ---- */

void segments_compact_at(struct segments *g, uint32_t files)
{
	g->compact = files;
}

/* Files of epochs weigh as much as the base: then what is written again is paid for. */
static bool worth_it(const struct segments *g, uint32_t n)
{
	uint64_t base = 0, bytes = 0;
	uint32_t files = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (g->file[i].base)
			base += g->file[i].bytes;
		else
			bytes += g->file[i].bytes;
		files += !g->file[i].base;
	}
	return files >= g->compact && (bytes >= base || files >= COMPACT_FILES_MOST);
}

/* Pieces stand alone: they are copied as they are. */
static bool copy_pieces(struct segments *g, const struct segment_file *f, struct err *e)
{
	struct mapped m;
	struct slab s;
	struct slab_piece p;
	size_t at = 0;
	if (!map_file(g, f->name, &m, e))
		return false;
	bool ok = slab_open(&s, m.p, m.n, e) && s.epoch == f->epoch && s.rows == f->rows;
	while (ok && slab_next(&s, &at, &p)) {
		buf_addstr(&g->out, p.bytes);
		g->base_rows += p.rows;
		if (g->out.n >= BASE_BYTES)
			base_flush(g);
	}
	(void)munmap(m.p, m.n);
	return ok && !g->broken;
}

static void remove_file(const struct segments *g, const struct segment_file *f)
{
	char name[NAME_MAX_BYTES];
	(void)snprintf(name, sizeof name, "base-%" PRId64 ".ok", f->epoch);
	if (f->base)
		(void)unlinkat(g->dir, name, 0);
	(void)unlinkat(g->dir, f->name, 0);
}

void segments_committed(struct segments *g, const struct epoch *ep)
{
	if (ep->number > 0)
		g->committed = ep->number;
}

/* Those that count come first, in their order. */
static uint32_t committed_files(const struct segments *g)
{
	int64_t last = g->committed;
	uint32_t n = 0;
	while (n < g->n && g->file[n].epoch <= last)
		n++;
	return n;
}

static void put_together(struct segments *g)
{
	struct err e = { .text = "it is not what was written" };
	uint32_t n = committed_files(g);
	bool ok = true;
	if (g->broken || !g->whole || n == 0 || g->file[n - 1].base || !worth_it(g, n))
		return;
	segments_base_begin(g, g->file[n - 1].epoch, g->file[n - 1].at);
	for (uint32_t i = 0; ok && i < n; i++)
		ok = copy_pieces(g, &g->file[i], &e);
	if (!ok) {
		segments_base_drop(g);
		g->broken = true;
		log_error(OBJECT, "cannot put files together: %s; the next start reads from the "
			  "database", e.text);
		return;
	}
	segments_base_end(g);
	if (g->broken)
		return;
	for (uint32_t i = 0; i < n; i++)
		remove_file(g, &g->file[i]);
	memmove(g->file, g->file + n, (g->n - n) * sizeof *g->file);
	g->n -= n;
	qsort(g->file, g->n, sizeof *g->file, by_place);
}

void segments_write(struct segments *g, const struct epoch *ep)
{
	char name[NAME_MAX_BYTES];
	if (g->broken || ep->records == 0)
		return;
	put_together(g);
	slab_begin(&g->out, ep->number, ep->at);
	for (uint32_t i = 0; i < ep->n_chunk; i++)
		slicer_cut(g->cutter, chunk_ref_chunk(ep->chunk[i]),
			      chunk_ref_intake(ep->chunk[i]), add_piece, &g->out);
	slab_end(&g->out);
	(void)snprintf(name, sizeof name, "%020" PRId64 ".seg", ep->number);
	if (put_file(g, name, g->out.p, g->out.n))
		add_file(g, name, false, ep->number, ep->at);
	else
		give_up(g);
}
