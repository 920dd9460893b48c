/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gzip.h - one gzip member after another through whichever library is at hand.
 *
 * zlib is always there; ISA-L, two to three times as fast, where the build found it. Both give the
 * same bytes for the same member and refuse the same ones (tests/unit/test_inflate.c compares
 * them); in a damaged member they may notice the damage some bytes apart.
 * Knows members only: what stands between them is inflate.c's. For lib/record only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum gzip_step {
	GZIP_MORE,   /* wants input, or room for output */
	GZIP_END,    /* the member is complete and its checksum right */
	GZIP_BROKEN,
};

/* Both ends move on as bytes are used and made. */
struct gzip_io {
	const unsigned char *in;
	size_t n_in;
	unsigned char *out;
	size_t n_out;
};

struct gzip_engine {
	const char *name;
	void *(*open)(void);           /* NULL when there is no memory */
	void (*close)(void *z);
	bool (*begin)(void *z);        /* a member starts with the next byte */
	enum gzip_step (*run)(void *z, struct gzip_io *io);
	const char *(*why)(const void *z); /* of GZIP_BROKEN, in the library's words; may be NULL */
};

extern const struct gzip_engine gzip_zlib;
#ifdef FUNDWATCH_ISAL
extern const struct gzip_engine gzip_isal;
#endif
