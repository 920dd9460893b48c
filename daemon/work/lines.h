/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.h - findings made into text by several threads at once, each taking the next stretch.
 *
 * Private to the pool. One thread begins and reads, while no other makes.
 */
#pragma once

#include <stdatomic.h>

#include "lib/base/buf.h"
#include "lib/finding/finding.h"

enum {
	LINES_STRETCH = 64,
	LINES_STRETCHES = 256,
	LINES_AT_ONCE = LINES_STRETCH * LINES_STRETCHES,
};

typedef void lines_fn(const void *ctx, const struct finding *f, struct buf *line);

struct lines {
	lines_fn *fn;
	const void *ctx;
	const struct finding *const *all;
	uint32_t n;
	atomic_uint next;        /* stretch nobody makes yet */
	struct buf text[LINES_STRETCHES];
	size_t end[LINES_AT_ONCE]; /* of the line in its stretch's text */
};

/* `fn` is called by all threads. */
void lines_init(struct lines *l, lines_fn *fn, const void *ctx);
void lines_fini(struct lines *l);

/* Of n findings, at most LINES_AT_ONCE, borrowed until the next call. */
void lines_begin(struct lines *l, const struct finding *const *all, uint32_t n);

/* Any thread: makes stretches until all are taken. */
void lines_make(struct lines *l);

/* The i-th line, when all are made; valid until the next lines_begin. p NULL when there was no room
 * for it. */
struct str lines_get(const struct lines *l, uint32_t i);
