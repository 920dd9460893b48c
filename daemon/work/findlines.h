/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findlines.h - findings made into text by several threads at once, each taking the next stretch.
 *
 * Private to the pool. One thread begins and reads, while no other makes.
 */
#pragma once

#include <stdatomic.h>

#include "lib/base/buf.h"
#include "lib/finding/finding.h"

enum {
	FINDLINES_STRETCH = 64,
	FINDLINES_STRETCHES = 256,
	FINDLINES_AT_ONCE = FINDLINES_STRETCH * FINDLINES_STRETCHES,
};

typedef void findlines_fn(void *ctx, const struct finding *f, struct buf *line);

struct findlines {
	findlines_fn *fn;
	void *ctx;
	const struct finding *const *all;
	uint32_t n;
	atomic_uint next;        /* stretch nobody makes yet */
	struct buf text[FINDLINES_STRETCHES];
	size_t end[FINDLINES_AT_ONCE]; /* of the line in its stretch's text */
};

/* `fn` is called by all threads. */
void findlines_init(struct findlines *l, findlines_fn *fn, void *ctx);
void findlines_fini(struct findlines *l);

/* Of n findings, at most FINDLINES_AT_ONCE, borrowed until the next call. */
void findlines_begin(struct findlines *l, const struct finding *const *all, uint32_t n);

/* Any thread: makes stretches until all are taken. */
void findlines_make(struct findlines *l);

/* The i-th line, when all are made; valid until the next findlines_begin. p NULL when there was no
 * room for it. */
struct str findlines_get(const struct findlines *l, uint32_t i);
