/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inflate.h - the first stage: gzip or plain bytes in, plain bytes out.
 *
 * Looks at the first two bytes; anything but the gzip magic passes through untouched.
 * Gzip may have many members, with zero padding between and after them. Memory is the
 * library's window and one output block, whatever the input.
 */
#pragma once

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/record/flow.h"

#define INFLATE_STEP (256u << 10) /* of text, at most, is made at once: it stays in the cache */

/* Bytes of the input, used from the front. */
struct bytes {
	const unsigned char *p;
	size_t n;
};

struct inflate;
struct gzip_engine;

struct inflate *inflate_new(void);
struct inflate *inflate_new_by(const struct gzip_engine *engine); /* not by the fastest library */
void inflate_free(struct inflate *in);

/* Passes on what the bytes hold. False when the gzip stream is broken (with the byte offset)
 * or the next stage said no. */
bool inflate_push(struct inflate *in, const void *bytes, size_t n, struct flow to, struct err *e);

/* The same for the first of the bytes, so many as make one step of text. */
bool inflate_step(struct inflate *in, struct bytes *from, struct flow to, struct err *e);

/* Whether all has been passed on that the bytes hold. */
bool inflate_hungry(const struct inflate *in, const struct bytes *from);

/* As inflate_step, but behind `text`, for what has turned out to be gzip. What was made before a
 * break is there. */
bool inflate_text(struct inflate *in, struct bytes *from, struct buf *text, struct err *e);

/* Whether it has turned out not to be gzip: all bytes pass as they are. */
bool inflate_plain(const struct inflate *in);

/* No more bytes: false when a gzip member is not complete. */
bool inflate_finish(struct inflate *in, struct flow to, struct err *e);
