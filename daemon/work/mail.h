/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mail.h - what other threads tell the main thread, and the counters everybody adds to.
 *
 * A queue with an eventfd that the event loop watches; it is written only when the queue was
 * empty, and the reader takes everything at once. What a mail points to moves with it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct journal_item;

struct rules;

enum mail_kind {
	MAIL_READY,      /* the engine has nothing to do */
	MAIL_ITEM,       /* an item is through and, if it made records, committed */
	MAIL_RULES_MADE, /* the helper is through: rules (NULL: wrong) and what it has to say */
	/* the engine judges by new rules: text is their digest, `rules` the old */
	MAIL_RULES_LIVE,
	MAIL_FATAL,      /* the process cannot go on: text */
	MAIL_ENGINE_GONE,
	MAIL_SINK_GONE,
};

struct mail {
	enum mail_kind kind;
	const struct journal_item *item; /* as given to the engine; the desk's */
	bool good;
	char *text;              /* moves: report, diagnostics, reason; or NULL */
	struct rules *rules;     /* moves */
};

struct mailbox;

struct mailbox *mailbox_new(struct err *e);
void mailbox_free(struct mailbox *m); /* mails left inside are dropped. NULL is fine */
int mailbox_fd(const struct mailbox *m);

/* From any thread; waits while the box is full. */
void mail_post(struct mailbox *m, const struct mail *mail);

/* The main thread: up to `max` mails, without waiting; clears the eventfd first. */
uint32_t mail_take(struct mailbox *m, struct mail *out, uint32_t max);

struct stats {
#define STAT(name, what) _Atomic uint64_t name;
#include "daemon/work/stats.def"
#undef STAT
};
