/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/journal/read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/mem.h"

#define SEGMENT_MAX (UINT64_C(2) << 30)
#define LOOKS 3

struct reading {
	int dir;
	journal_entry_fn entry;
	void *ctx;
	struct journal_found *out;
	uint64_t *number;       /* segments, rising */
	uint32_t n, cap;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool list(struct reading *r, struct err *e)
{
	int fd = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_set(e, ERR_WORLD, "journal folder: %s", strerror(errno));
	r->n = 0;
	for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		uint64_t number = segment_number(entry->d_name);
		if (number == 0)
			continue;
		GROW(r->number, r->cap, r->n + 1);
		r->number[r->n++] = number;
	}
	(void)closedir(d);
	if (r->n > 0)
		qsort(r->number, r->n, sizeof *r->number, by_number);
	for (uint32_t i = 1; i < r->n; i++)
		if (r->number[i] != r->number[i - 1] + 1)
			return err_set(e, ERR_INPUT, "journal: segment %" PRIu64 " is missing; it "
				       "held inputs that may not be in the database",
				       r->number[i - 1] + 1);
	return true;
}

static bool read_position(struct reading *r, struct err *e)
{
	unsigned char bytes[POSITION_BYTES];
	struct stat st;
	int fd = openat(r->dir, "position", O_RDONLY | O_CLOEXEC);
	r->out->fresh = fd < 0 && errno == ENOENT;
	if (r->out->fresh)
		return true;
	if (fd < 0)
		return err_set(e, ERR_WORLD, "journal: position: %s", strerror(errno));
	bool whole = fstat(fd, &st) == 0 && st.st_size == POSITION_BYTES &&
		     pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
		     position_get(&r->out->synced, bytes);
	(void)close(fd);
	return whole || err_set(e, ERR_INPUT, "journal: the file `position` is not as it was "
				"written: it is not known up to where the segments must be whole");
}

/* A running daemon may go on to the next segment between two looks. */
static bool look(struct reading *r, struct err *e)
{
	bool whole = false;
	for (int i = 0; i < LOOKS; i++) {
		whole = read_position(r, e) && list(r, e);
		if (!whole)
			continue;
		uint64_t at = r->out->synced.segment;
		if (r->out->fresh ? r->n == 0
				  : r->n > 0 && r->number[0] <= at && at <= r->number[r->n - 1])
			return true;
	}
	if (!whole)
		return false;
	if (r->out->fresh)
		return err_set(e, ERR_INPUT, "journal: there are segments, but the file `position` "
			       "is missing: put it back from where it went");
	return err_set(e, ERR_INPUT, "journal: segment %" PRIu64 " is missing; it held inputs that "
		       "may not be in the database", r->out->synced.segment);
}

/* All bytes of a file; NULL when it is not there or too large. */
static unsigned char *load(int dir, const char *name, size_t *size, struct err *e)
{
	struct stat st;
	unsigned char *p = NULL;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		(void)err_set(e, ERR_WORLD, "journal: %s: %s", name, strerror(errno));
	} else if ((uint64_t)st.st_size > SEGMENT_MAX) {
		(void)err_set(e, ERR_INPUT, "journal: %s is larger than a segment can be", name);
	} else {
		size_t n = 0;
		ssize_t got = 1;
		p = xmalloc((size_t)st.st_size);
		while (n < (size_t)st.st_size && got > 0) {
			got = read(fd, p + n, (size_t)st.st_size - n);
			n += got > 0 ? (size_t)got : 0;
		}
		*size = n;
	}
	if (fd >= 0)
		(void)close(fd);
	return p;
}

static bool synced(const struct journal_found *f, uint64_t segment, uint64_t at)
{
	return segment < f->synced.segment ||
	       (segment == f->synced.segment && at < f->synced.offset);
}

/* Bytes that are no entry: damage, unless nobody was told of them. */
static bool stopped(struct reading *r, uint64_t segment, const struct segment_walk *w, bool head,
		    struct err *e)
{
	struct journal_found *f = r->out;
	if (synced(f, segment, w->at) || segment != r->number[r->n - 1])
		return err_set(e, ERR_INPUT, "journal segment %016" PRIu64 " is damaged at offset "
			       "%zu: %s", segment, w->at, w->why);
	f->torn = w->n - w->at;
	f->torn_segment = segment;
	f->torn_head = head;
	f->torn_why = w->why;
	return true;
}

static bool position_fits(const struct reading *r, const struct segment_walk *w, uint64_t segment,
			  struct err *e)
{
	const struct position *s = &r->out->synced;
	return segment != s->segment || w->at != s->offset || w->check == s->check ||
	       err_set(e, ERR_INPUT, "journal segment %016" PRIu64 ": up to offset %zu it is not "
		       "what the file `position` says", segment, w->at);
}

static bool walk(struct reading *r, uint64_t segment, struct segment_walk *w, struct err *e)
{
	struct segment_entry en;
	struct journal_found *f = r->out;
	bool met = false;
	if (!position_fits(r, w, segment, e))
		return false;
	met = w->at == f->synced.offset;
	while (segment_next(w, &en)) {
		f->entries++;
		if (en.kind != ENTRY_DONE)
			f->next = en.number + 1;
		if (!position_fits(r, w, segment, e) ||
		    (r->entry && !r->entry(r->ctx, segment, &en, e)))
			return false;
		met = met || w->at == f->synced.offset;
	}
	f->end = (struct position){ segment, w->at, w->check };
	if (w->why)
		return stopped(r, segment, w, false, e);
	return segment != f->synced.segment || met ||
	       err_set(e, ERR_INPUT, "journal segment %016" PRIu64 " ends at offset %zu, but was "
		       "synced up to %" PRIu64 ": its end is missing", segment, w->at,
		       f->synced.offset);
}

static bool read_one(struct reading *r, uint32_t i, struct err *e)
{
	struct segment_walk w;
	struct segment_head h;
	char name[SEGMENT_NAME];
	uint64_t segment = r->number[i];
	size_t size = 0;
	segment_name(segment, name);
	unsigned char *p = load(r->dir, name, &size, e);
	if (!p)
		return r->out->end.segment == 0 && i + 1 < r->n &&
		       faccessat(r->dir, name, F_OK, 0) != 0; /* freed meanwhile */
	bool ok = segment_begin(&w, p, size, &h);
	if (!ok) {
		ok = stopped(r, segment, &w, true, e);
	} else if (h.number != segment || (r->out->end.segment && h.before != r->out->end.check)) {
		ok = err_set(e, ERR_INPUT, "journal segment %016" PRIu64 " does not follow the one "
			     "before it", segment);
	} else {
		r->out->next = h.next > r->out->next ? h.next : r->out->next;
		ok = walk(r, segment, &w, e);
	}
	r->out->bytes += size;
	xfree(p);
	return ok;
}

bool journal_read(int dir, journal_entry_fn entry, void *ctx, struct journal_found *out,
		  struct err *e)
{
	struct reading r = { .dir = dir, .entry = entry, .ctx = ctx, .out = out };
	*out = (struct journal_found){ .next = 1 };
	bool ok = look(&r, e);
	out->first = ok && r.n > 0 ? r.number[0] : 0;
	out->segments = ok ? r.n : 0;
	for (uint32_t i = 0; ok && i < r.n; i++)
		ok = read_one(&r, i, e);
	xfree(r.number);
	return ok;
}
