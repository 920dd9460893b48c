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

#include "lib/base/err.h"
#include "lib/record/flow.h"

struct inflate;
struct gzip_engine;

struct inflate *inflate_new(void);
struct inflate *inflate_new_by(const struct gzip_engine *engine); /* not by the fastest library */
void inflate_free(struct inflate *in);

/* Passes on what the bytes hold. False when the gzip stream is broken (with the byte offset)
 * or the next stage said no. */
bool inflate_push(struct inflate *in, const void *bytes, size_t n, struct flow to, struct err *e);

/* Whether it has turned out not to be gzip: all bytes pass as they are. */
bool inflate_plain(const struct inflate *in);

/* No more bytes: false when a gzip member is not complete. */
bool inflate_finish(struct inflate *in, struct flow to, struct err *e);
