/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gzip_zlib.c - members by zlib.
 */
#include "lib/record/gzip.h"

#include <zlib.h>

#include "lib/base/mem.h"

#define GZIP_WINDOW (15 + 16) /* the largest window; gzip header and trailer */
#define MOST (1u << 30)       /* zlib counts in 32 bits */

static void *open_zlib(void)
{
	z_stream *z = xcalloc(1, sizeof *z);
	if (inflateInit2(z, GZIP_WINDOW) == Z_OK)
		return z;
	xfree(z);
	return NULL;
}

static void close_zlib(void *z)
{
	inflateEnd(z);
	xfree(z);
}

static bool begin_zlib(void *z)
{
	return inflateReset(z) == Z_OK;
}

static enum gzip_step run_zlib(void *z, struct gzip_io *io)
{
	z_stream *s = z;
	uInt in = (uInt)(io->n_in < MOST ? io->n_in : MOST);
	uInt out = (uInt)(io->n_out < MOST ? io->n_out : MOST);
	s->next_in = (unsigned char *)io->in; /* zlib does not write there */
	s->avail_in = in;
	s->next_out = io->out;
	s->avail_out = out;
	int rc = inflate(s, Z_NO_FLUSH);
	io->in = s->next_in;
	io->n_in -= in - s->avail_in;
	io->out = s->next_out;
	io->n_out -= out - s->avail_out;
	if (rc == Z_STREAM_END)
		return GZIP_END;
	return rc == Z_OK || rc == Z_BUF_ERROR ? GZIP_MORE : GZIP_BROKEN;
}

static const char *why_zlib(const void *z)
{
	return ((const z_stream *)z)->msg;
}

const struct gzip_engine gzip_zlib = {
	"zlib", open_zlib, close_zlib, begin_zlib, run_zlib, why_zlib,
};
