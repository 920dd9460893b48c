/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake.c - read, digest, decode, count, hand out.
 */
#include "daemon/work/intake.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host/fault.h"
#include "daemon/work/files.h"
#include "lib/base/digest.h"
#include "lib/base/mem.h"

#define BLOCK (256u << 10) /* stays in the processor's cache until decoded */

struct intake {
	char *path;
	int fd;
	uint32_t number;
	uint64_t size;
	_Atomic uint64_t read;
	bool zipped;        /* by its first byte */
	bool ended, broken; /* no more bytes; the decoder gave up with `e` */
	struct err e;
	struct decoder *decoder;
	bool keeps_digest;
	struct digest digest;
	struct tally tally;
	char *block;
};

static bool check_file(int fd, const char *path, uint64_t *size, struct err *e)
{
	struct stat st;
	*size = 0;
	if (fstat(fd, &st) != 0)
		return err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
	if (S_ISFIFO(st.st_mode))
		return true;
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_WORLD, "%s: not a regular file", path);
	if (st.st_size == 0)
		return err_set(e, ERR_INPUT, "%s: the file is empty", path);
	*size = (uint64_t)st.st_size;
	return true;
}

struct intake *intake_open(const char *path, const struct feed *feed, const uint8_t *wanted,
			   uint32_t number, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
		return NULL;
	}
	return intake_take_fd(fd, path, feed, wanted, number, e);
}

struct intake *intake_take_fd(int fd, const char *path, const struct feed *feed,
			      const uint8_t *wanted, uint32_t number, struct err *e)
{
	uint64_t size = 0;
	struct decoder *d = NULL;
	if (check_file(fd, path, &size, e)) {
		d = decoder_new(feed, path_base(path), wanted, e);
		if (!d)
			err_wrap(e, "%s", path);
	}
	if (!d) {
		close(fd);
		return NULL;
	}
	struct intake *in = xcalloc(1, sizeof *in);
	*in = (struct intake){ .path = xstrdup(path),
			       .fd = fd,
			       .number = number,
			       .size = size,
			       .decoder = d,
			       .block = xmalloc(BLOCK) };
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	tally_init(&in->tally);
	return in;
}

void intake_close(struct intake *in)
{
	if (!in)
		return;
	close(in->fd);
	decoder_free(in->decoder);
	tally_fini(&in->tally);
	xfree(in->block);
	xfree(in->path);
	xfree(in);
}

static bool end_decoding(struct intake *in)
{
	if (intake_bytes_read(in) == 0) /* a pipe */
		return err_set(&in->e, ERR_INPUT, "nothing came through the pipe");
	return decoder_finish(in->decoder, &in->e);
}

/* What inflates may want memory, too. */
static bool push(struct intake *in, size_t n)
{
	if (in->zipped && fault_fails(inflate))
		return err_set(&in->e, ERR_LIMIT, "inflating: %s", strerror(errno));
	return decoder_push(in->decoder, in->block, n, &in->e);
}

/* One block into the decoder. Sets ended, and broken when nothing good can follow. */
static void read_block(struct intake *in)
{
	ssize_t n;
	do
		n = fault_fails(archive_read) ? -1 : read(in->fd, in->block, BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		in->broken = true;
		err_set(&in->e, ERR_WORLD, "%s: %s", in->path, strerror(errno));
		return;
	}
	if (n == 0) {
		in->ended = true;
		in->broken = !end_decoding(in);
	} else {
		if (in->keeps_digest)
			digest_add(&in->digest, in->block, (size_t)n);
		in->zipped |= intake_bytes_read(in) == 0 && in->block[0] == '\x1f';
		in->broken = !push(in, (size_t)n);
		atomic_fetch_add_explicit(&in->read, (uint64_t)n, memory_order_relaxed);
	}
	if (in->broken)
		err_wrap(&in->e, "%s", in->path);
}

bool intake_next(struct intake *in, struct chunk_ref **out, struct err *e)
{
	struct chunk *c;
	*out = NULL;
	while (!(c = decoder_take(in->decoder)) && !in->ended && !in->broken)
		read_block(in);
	if (c) {
		if (fault_fails(memory))
			mem_give_up("out of memory (a fault)");
		tally_chunk(&in->tally, c, in->number);
		*out = chunk_ref_new(c, in->number);
		return true;
	}
	if (in->broken)
		*e = in->e;
	return !in->broken;
}

/* A header is no longer, and a stretch that many could share is not behind it. */
#define HEADER_BLOCKS 16

bool intake_plain(struct intake *in, uint64_t *at)
{
	uint64_t held;
	for (unsigned i = 0; in->size > 0 && i < HEADER_BLOCKS && !in->ended && !in->broken &&
			     !decoder_diverts(in->decoder); i++)
		read_block(in);
	if (in->ended || in->broken || !decoder_plain(in->decoder, &held))
		return false;
	*at = intake_bytes_read(in) - held;
	atomic_store_explicit(&in->read, *at, memory_order_relaxed);
	return true;
}

size_t intake_read_at(struct intake *in, uint64_t at, char *to, size_t n, struct err *e)
{
	size_t got = 0;
	ssize_t some = 1;
	while (got < n && some != 0) {
		some = fault_fails(archive_read)
			       ? -1
			       : pread(in->fd, to + got, n - got, (off_t)(at + got));
		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0) {
			err_set(e, ERR_WORLD, "%s: %s", in->path, strerror(errno));
			return SIZE_MAX;
		}
		got += (size_t)some;
	}
	return got;
}

bool intake_finish(struct intake *in, struct err *e)
{
	in->ended = true;
	in->broken = !decoder_finish(in->decoder, &in->e);
	if (!in->broken)
		return true;
	err_wrap(&in->e, "%s", in->path);
	*e = in->e;
	return false;
}

struct decoder *intake_decoder(struct intake *in)
{
	return in->decoder;
}

const char *intake_path(const struct intake *in)
{
	return in->path;
}

uint64_t intake_size(const struct intake *in)
{
	return in->size;
}

uint64_t intake_bytes_read(const struct intake *in)
{
	return atomic_load_explicit(&in->read, memory_order_relaxed);
}

const struct decode_stats *intake_stats(const struct intake *in)
{
	return decoder_stats(in->decoder);
}

const struct tally *intake_tally(const struct intake *in)
{
	return &in->tally;
}

const char *intake_unknown_column(const struct intake *in, unsigned i)
{
	return decoder_unknown_column(in->decoder, i);
}

void intake_keep_digest(struct intake *in)
{
	assert(intake_bytes_read(in) == 0);
	in->keeps_digest = true;
	digest_init(&in->digest);
}

void intake_digest(const struct intake *in, char out[DIGEST_HEX])
{
	assert(in->keeps_digest);
	digest_hex(&in->digest, out);
}
