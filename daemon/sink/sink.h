/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink.h - the thread that commits epochs, in order, whatever the database does.
 *
 * It owns its connection; a second thread prepares the next epoch meanwhile. An epoch that
 * cannot be committed is tried again, with pauses that double, until it is; meanwhile the
 * bounded queue fills and whoever puts epochs waits. One log line when the database goes, one
 * when it is back. When asked to hurry (the process ends) it gives up what it cannot commit:
 * nothing is lost, since the files are still in the spool and the database knows how far it came.
 */
#pragma once

#include "daemon/sink/epoch.h"

struct sink;

struct sink_conf {
	const char *conninfo;          /* borrowed for life */
	int64_t retry_max;             /* seconds */
	struct db_wait wait;           /* bounds of each statement; its stop_fd is the sink's */
	uint32_t depth;                /* epochs that may wait */
	/* Told before an epoch's first try, in order, on a thread of its own; may be NULL. */
	void (*before)(void *ctx, const struct epoch *ep);
	/* Told on the sink's thread after each commit; the epoch is the sink's and dies after. */
	void (*committed)(void *ctx, const struct epoch *ep);
	/* The server has lost what it had confirmed: nothing more is committed. May be NULL. */
	void (*lost)(void *ctx);
	/* Told once when the thread ends, as its last act. */
	void (*gone)(void *ctx);
	void *ctx;
};

/* Connects and takes the lock that says one daemon works on one database. ERR_CONF when trying
 * again would not help: wrong schema, another daemon. */
bool sink_connect(struct db *db, const char *conninfo, const struct db_wait *wait,
		  struct err *e) MUST_CHECK;

/* Starts the thread (signals blocked); `take_db` is connected by sink_connect. */
struct sink *sink_new(const struct sink_conf *conf, struct db take_db, struct err *e);

/* Waits while the queue is full. False after sink_close: the epoch is freed. */
bool sink_put(struct sink *s, struct epoch *take_epoch);
uint32_t sink_waiting(struct sink *s);

/* Waits until all that was put is committed and `committed` has been told of it. False: it never
 * will be. From the thread that puts. */
bool sink_settle(struct sink *s) MUST_CHECK;

void sink_close(struct sink *s);  /* no more epochs; what waits is committed */
void sink_hurry(struct sink *s);  /* from any thread: give up instead of waiting for the database */
void sink_free(struct sink *s);   /* after sink_close: joins the thread. NULL is fine */

/* Epochs given up; after sink_close and gone. */
uint64_t sink_given_up(const struct sink *s);

/* Waits up to `seconds`, or until `fd` is readable; true when it became so. */
bool wait_or_stop(int fd, int64_t seconds);
