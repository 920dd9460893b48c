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

/* Up to BLOCK bytes; none at the end. */
static bool read_some(struct intake *in, char *to, size_t *n)
{
	ssize_t got;
	do
		got = fault_fails(archive_read) ? -1 : read(in->fd, to, BLOCK);
	while (got < 0 && errno == EINTR);
	*n = 0;
	if (got < 0)
		return err_set(&in->e, ERR_WORLD, "%s", strerror(errno));
	*n = (size_t)got;
	in->ended = got == 0;
	if (in->keeps_digest)
		digest_add(&in->digest, to, *n);
	atomic_fetch_add_explicit(&in->read, *n, memory_order_relaxed);
	return true;
}

/* A block for the decoder, which is hungry. What inflates may want memory, too. */
static bool feed(struct intake *in)
{
	size_t n;
	bool first = intake_bytes_read(in) == 0;
	if (!read_some(in, in->block, &n))
		return false;
	in->zipped |= first && n > 0 && in->block[0] == '\x1f';
	if (n > 0 && in->zipped && fault_fails(inflate))
		return err_set(&in->e, ERR_LIMIT, "inflating: %s", strerror(errno));
	decoder_feed(in->decoder, in->block, n);
	return true;
}

/* Whether it went well; else nothing good can follow. */
static bool good(struct intake *in, bool well)
{
	in->broken |= !well;
	return well || err_wrap(&in->e, "%s", in->path);
}

/* The next step of the file through the decoder. Sets ended and broken. */
static void step(struct intake *in)
{
	if (decoder_hungry(in->decoder) && good(in, feed(in)) && in->ended)
		good(in, end_decoding(in));
	else if (!in->broken)
		good(in, decoder_step(in->decoder, &in->e));
}

bool intake_some(struct intake *in, struct chunk_ref **out, bool *more, struct err *e)
{
	struct chunk *c = decoder_take(in->decoder);
	*out = NULL;
	if (!c && !in->ended && !in->broken) {
		step(in);
		c = decoder_take(in->decoder);
	}
	*more = c || (!in->ended && !in->broken);
	if (c) {
		if (fault_fails(memory))
			mem_give_up("out of memory (a fault)");
		tally_chunk(&in->tally, c, in->number);
		*out = chunk_ref_new(c, in->number);
	}
	if (!*more && in->broken)
		*e = in->e;
	return *more || !in->broken;
}

bool intake_next(struct intake *in, struct chunk_ref **out, struct err *e)
{
	bool more, well;
	do
		well = intake_some(in, out, &more, e);
	while (more && !*out);
	return well;
}

/* A header is no longer, and a stretch that many could share is not behind it. */
#define HEADER_MAX (16 * BLOCK)

enum intake_rest intake_header(struct intake *in, uint64_t *at, struct buf *held)
{
	while (!in->ended && !in->broken && !decoder_diverts(in->decoder) &&
	       intake_bytes_read(in) < HEADER_MAX)
		step(in);
	if (in->ended || in->broken || !decoder_plain(in->decoder, held))
		return INTAKE_CHUNKS;
	if (in->size == 0 || decoder_zipped(in->decoder))
		return INTAKE_TEXT;
	*at = intake_bytes_read(in) - held->n;
	atomic_store_explicit(&in->read, *at, memory_order_relaxed);
	return INTAKE_PLACES;
}

bool intake_text(struct intake *in, struct buf *text, struct err *e)
{
	size_t n;
	if (!decoder_zipped(in->decoder)) {
		GROW(text->p, text->cap, text->n + BLOCK);
		good(in, read_some(in, text->p + text->n, &n));
		text->n += n;
	} else if (!decoder_hungry(in->decoder)) {
		good(in, decoder_inflate(in->decoder, text, &in->e));
	} else if (good(in, feed(in)) && in->ended) {
		good(in, decoder_inflated(in->decoder, &in->e));
	}
	if (in->broken)
		*e = in->e;
	return !in->ended && !in->broken;
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
