/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/host/fault.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

#define WINDOW ((size_t)16 << 10)
#define FRAME_MOST ((uint64_t)1 << 32) /* what a damaged length may not make us ask for */

struct frame_head {
	uint64_t bytes, hash;    /* hash: of the bytes, joined with their number */
};

static int nameless_file(const char *dir)
{
	struct buf path;
	int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	buf_init(&path, 0);
	buf_addf(&path, "%s/fundwatch-XXXXXX", dir);
	char *name = buf_take(&path, NULL);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name);
	xfree(name);
	return fd;
}

bool temp_open(struct temp_file *f, const char *dir, struct err *e)
{
	*f = (struct temp_file){ .fd = -1, .dir = xstrdup(dir) };
	if (!fault_fails(temp_open))
		f->fd = nameless_file(dir);
	return f->fd >= 0 || err_set(e, ERR_WORLD, "no temporary file in %s: %s", dir,
				     strerror(errno));
}

void temp_close(struct temp_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	xfree(f->dir);
	*f = (struct temp_file){ .fd = -1 };
}

/* ---- writing ---- */

static uint64_t frame_hash(struct str bytes)
{
	return hash_join(hash_str(bytes), bytes.n);
}

void temp_frame(struct buf *waiting, struct str bytes)
{
	struct frame_head h = { bytes.n, frame_hash(bytes) };
	buf_add(waiting, &h, sizeof h);
	buf_addstr(waiting, bytes);
}

static ssize_t write_some(const struct temp_file *f, struct str bytes, uint64_t at)
{
	if (fault_fails(temp_write))
		return -1;
	if (fault_fails(temp_short))
		bytes.n -= bytes.n / 2;
	return pwrite(f->fd, bytes.p, bytes.n, (off_t)at);
}

bool temp_add(struct temp_file *f, struct str bytes, struct err *e)
{
	for (size_t at = 0; at < bytes.n;) {
		struct str rest = { bytes.p + at, bytes.n - (uint32_t)at };
		ssize_t n = write_some(f, rest, f->bytes + at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, ERR_WORLD, "temporary file in %s cannot be written: %s",
				       f->dir, n == 0 ? "no room" : strerror(errno));
		at += (size_t)n;
	}
	f->bytes += bytes.n;
	return true;
}

/* ---- reading ---- */

void temp_reader_init(struct temp_reader *r, const struct temp_file *f, uint64_t at, uint64_t to)
{
	*r = (struct temp_reader){ .file = f, .at = at, .to = to };
}

void temp_reader_fini(struct temp_reader *r)
{
	xfree(r->window);
	r->window = NULL;
}

static bool read_some(struct temp_reader *r, struct err *e)
{
	uint64_t left = r->to - r->at;
	size_t room = r->cap - r->n;
	ssize_t n = -1;
	if (!fault_fails(temp_read))
		n = pread(r->file->fd, r->window + r->n, left < room ? left : room, (off_t)r->at);
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return err_set(e, ERR_WORLD, "temporary file in %s cannot be read: %s",
			       r->file->dir, n < 0 ? strerror(errno) : "it is shorter than it was");
	r->n += (size_t)n;
	r->at += (uint64_t)n;
	return true;
}

static bool cut(const struct temp_reader *r, struct err *e)
{
	return err_set(e, ERR_WORLD, "temporary file in %s: a piece is cut", r->file->dir);
}

/* At least n bytes in the window. */
static bool need(struct temp_reader *r, uint64_t n, struct err *e)
{
	uint64_t there = r->n - r->from;
	size_t cap = n > WINDOW ? (size_t)n : WINDOW;
	if (there >= n)
		return true;
	if (n > there + (r->to - r->at))
		return cut(r, e);
	if (r->from > 0)
		memmove(r->window, r->window + r->from, there);
	r->n = there;
	r->from = 0;
	if (r->cap < cap) {
		r->window = xrealloc(r->window, cap);
		r->cap = cap;
	}
	while (r->n < n)
		if (!read_some(r, e))
			return false;
	return true;
}

bool temp_next(struct temp_reader *r, struct str *frame, struct err *e)
{
	struct frame_head h;
	*frame = (struct str){ NULL, 0 };
	if (r->from == r->n && r->at == r->to)
		return true;
	if (!need(r, sizeof h, e))
		return false;
	memcpy(&h, r->window + r->from, sizeof h);
	if (h.bytes >= FRAME_MOST)
		return cut(r, e);
	if (!need(r, sizeof h + h.bytes, e))
		return false;
	frame->p = r->window + r->from + sizeof h;
	frame->n = (uint32_t)h.bytes;
	r->from += sizeof h + h.bytes;
	return frame_hash(*frame) == h.hash ||
	       err_set(e, ERR_WORLD, "temporary file in %s: a checksum does not hold",
		       r->file->dir);
}
