/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desk.h - where inputs are handed in, and from where the engine gets them.
 *
 * It stands between the spool (and other senders), the journal and the engine: files of the
 * spool are handed to the journal as long as there is room, whatever the database does; what
 * is durable waits here, in the journal's order, until the engine asks; when the database has
 * all of an item its sender is told, and a spool file moves to done/ or failed/.
 * Owned by the main thread. Knows items and who is told of them; not what is in them.
 */
#pragma once

#include <event2/event.h>
#include <stdint.h>

#include "daemon/host/conf.h"
#include "daemon/journal/journal.h"
#include "daemon/work/feeds.h"
#include "daemon/work/mail.h"
#include "daemon/source/spool.h"

struct desk;

/* Who handed an input in. Both are called on the main thread; either may be NULL. */
struct desk_sender {
	/* Durable or not; the notice's item is borrowed. KNOWN: `finished` follows for the item
	 * that waits, unless that is through by now. After REFUSED and CONFLICT nothing follows. */
	void (*told)(void *ctx, const struct journal_notice *n);
	/* The database has all of it: `report` is its JSON, as it stands beside a spool file. */
	void (*finished)(void *ctx, bool good, const char *report);
	void *ctx;
};

struct desk_conf {
	const struct conf *conf;    /* borrowed for life, as the rest */
	const struct feeds *feeds;  /* of the spool's files */
	struct spool *spool;
	struct stats *stats;
	struct event_base *base;
	void (*changed)(void *ctx);                  /* there may be an item for the engine */
	void (*broken)(void *ctx, const char *why);  /* the journal's disk failed: end */
	void *ctx;
};

/* Opens the journal. NULL with a sentence when it is damaged. */
struct desk *desk_open(const struct desk_conf *conf, struct err *e);
void desk_close(struct desk *d); /* NULL is fine */

/* Hands waiting spool files to the journal. Call when the spool or the room changed. */
void desk_feed(struct desk *d);

/* An input piece by piece: go on with journal_append, then journal_end or desk_drop. NULL with
 * ERR_LIMIT when the journal is full. `sender` is copied. */
struct journal_ticket *desk_begin(struct desk *d, const struct journal_input *in,
				  const struct desk_sender *sender, struct err *e);

void desk_drop(struct desk *d, struct journal_ticket *take_ticket);

/* The sender is gone before it was told: nobody is. */
void desk_leave(struct desk *d, const void *ctx);

/* The next items for the engine, to be taken in together: files of the spool or small bodies, of
 * one feed, as many as wait, up to `max`. How many; they stay the desk's until desk_finished. */
uint32_t desk_next(struct desk *d, const struct journal_item **out, uint32_t max);
void desk_not_taken(struct desk *d, const struct journal_item *first); /* all of them: next again */

/* An item that desk_next gave is through. */
void desk_finished(struct desk *d, const struct journal_item *it, bool good, const char *report);

/* Nothing waits anywhere: not in the spool, not on its way, not for the engine. */
bool desk_empty(const struct desk *d);

/* Every item that is durable and not through. */
void desk_each(const struct desk *d, void (*fn)(void *ctx, const struct journal_item *it),
	       void *ctx);

struct journal *desk_journal(struct desk *d);

/* Where journal and archive lie: as set, or .journal and .archive in the spool folder. */
void desk_journal_dir(const struct conf *c, struct buf *out);
void desk_archive_dir(const struct conf *c, struct buf *out);
