/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gzip_isal.c - members by ISA-L, when the build found it; else this file is empty.
 */
#include "lib/record/gzip.h"

#ifdef FUNDWATCH_ISAL

#include <isa-l/igzip_lib.h>

#include "lib/base/mem.h"

#define MOST (1u << 30) /* ISA-L counts in 32 bits */

static void *open_isal(void)
{
	return xcalloc(1, sizeof(struct inflate_state));
}

static void close_isal(void *z)
{
	xfree(z);
}

static bool begin_isal(void *z)
{
	struct inflate_state *s = z;
	isal_inflate_init(s);
	s->crc_flag = ISAL_GZIP; /* header read, checksum and length compared */
	return true;
}

static enum gzip_step run_isal(void *z, struct gzip_io *io)
{
	struct inflate_state *s = z;
	uint32_t in = (uint32_t)(io->n_in < MOST ? io->n_in : MOST);
	uint32_t out = (uint32_t)(io->n_out < MOST ? io->n_out : MOST);
	s->next_in = (unsigned char *)io->in; /* ISA-L does not write there */
	s->avail_in = in;
	s->next_out = io->out;
	s->avail_out = out;
	int rc = isal_inflate(s);
	io->in = s->next_in;
	io->n_in -= in - s->avail_in;
	io->out = s->next_out;
	io->n_out -= out - s->avail_out;
	if (rc < 0)
		return GZIP_BROKEN;
	return s->block_state == ISAL_BLOCK_FINISH ? GZIP_END : GZIP_MORE;
}

static const char *why_isal(const void *z)
{
	(void)z;
	return NULL; /* it has numbers only */
}

const struct gzip_engine gzip_isal = {
	"ISA-L", open_isal, close_isal, begin_isal, run_isal, why_isal,
};

#else

typedef int gzip_isal_is_not_built; /* a file must hold something */

#endif
