/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clerks.h - threads that do for the event loop what would hold it up.
 *
 * A task is handed in, `work` runs on one of the threads, then `done` on the loop's thread, in
 * the order in which tasks are finished. Knows neither HTTP nor records.
 */
#pragma once

#include <event2/event.h>

#include "lib/base/err.h"

struct clerks;

struct task {
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

/* Starts the threads; at most `depth` tasks wait. */
struct clerks *clerks_new(struct event_base *base, unsigned threads, unsigned depth,
			  struct err *e);

/* False when too much waits. */
bool clerks_give(struct clerks *c, const struct task *t) MUST_CHECK;

/* Waits for the threads to finish what they have; `done` of all is called. NULL is fine. */
void clerks_free(struct clerks *c);
