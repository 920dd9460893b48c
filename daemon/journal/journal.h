/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * journal.h - what came in is durable before anybody is told that it was taken.
 *
 * An input is one file or one body: its bytes and what is known of it. Small ones stand in
 * the journal themselves, large ones in the archive, named by their digest, and only their
 * names in the journal; either way one fsync of the journal makes all inputs durable that
 * wait for it (docs/decisions/0009). From then on it is an item with a number: it is told,
 * taken up by the engine from the archive, and marked done when the database has it.
 * Items that were durable and not done are given again after a restart, in their order.
 *
 *   journal_open -> journal_replay* -> { journal_begin -> append* -> end | journal_file } *
 *                -> told (durable) -> journal_item_fd -> journal_done ... -> journal_close
 *
 * Two threads: one writes and syncs segments, one copies large inputs into the archive.
 * All functions may be called from any thread and none of them waits for a disk, but open
 * and close. Knows bytes and names; not what is in them, not where they came from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"

struct journal;
struct journal_ticket;

/* What is known of an input when it begins. Texts are copied; NULL is "". */
struct journal_input {
	const char *source;      /* "spool", "http" */
	const char *name;        /* the file's name: tells the decoder what is inside */
	const char *feed;        /* the feed's name, and the digest of what it says */
	const char *feed_digest;
	const char *key;         /* of the sender, for "I sent this before"; "": none */
	const char *scope;       /* the one fixmedins_code the sender may speak for; "": any */
	int32_t extract_date;    /* days since 1970-01-01; MISSING_I32: none was told */
};

/* A durable input. */
struct journal_item {
	uint64_t number;         /* from 1, in the order they became durable, for ever */
	struct journal_input in; /* texts are the item's own */
	char digest[DIGEST_HEX]; /* XXH3-128 of the bytes as they came */
	uint64_t bytes;
	int64_t at;              /* microseconds UTC: when it was taken */
};
void journal_item_free(struct journal_item *it); /* NULL is fine */

enum journal_answer {
	JOURNAL_DURABLE,  /* it is safe: acknowledge */
	JOURNAL_KNOWN,    /* the same input (name, bytes, feed) waits already: item is that one */
	JOURNAL_CONFLICT, /* other bytes wait under the same feed and key: item is that one */
	JOURNAL_REFUSED,  /* it could not be kept, `why` says so; nothing is left of it */
};

struct journal_notice {
	enum journal_answer answer;
	void *tag;                 /* of the one who handed it in */
	struct journal_item *item; /* moves to the receiver; NULL when refused */
	struct err why;
};

struct journal_conf {
	const char *dir, *archive;     /* made when missing; borrowed for the opening */
	uint64_t bound;                /* bytes of inputs that may wait to be done */
	uint64_t segment;              /* bytes after which the next segment file begins */
	/* On a thread of the journal; must not wait for this journal. */
	void (*told)(void *ctx, const struct journal_notice *n);
	/* Once: a disk failed in a way that leaves unknown what is on it; nothing is taken any
	 * more. The process should end: the next start reads what is really there. */
	void (*broken)(void *ctx, const char *why);
	void *ctx;
};

/* Reads all segments (a torn tail behind the last synced entry is cut off and told in the log,
 * anything else that is not as it was written is an error with segment and offset), then
 * starts the threads. NULL with a sentence on errors. */
struct journal *journal_open(const struct journal_conf *conf, struct err *e);

/* The next item that waited when the journal was opened; NULL when there is none. The caller's. */
struct journal_item *journal_replay(struct journal *j);

/* The next item that was done when the journal was opened and whose segment is still there; NULL
 * when there is none. The caller's. For a database that has lost what it had confirmed: an item
 * it does not know any more is waiting again after journal_again, until it is done. */
struct journal_item *journal_recheck(struct journal *j);
void journal_again(struct journal *j, const struct journal_item *it);

/* An input piece by piece. NULL or false with ERR_LIMIT: the journal is full, try again later
 * (journal_full tells when). A ticket belongs to one thread and ends by end or drop. */
struct journal_ticket *journal_begin(struct journal *j, const struct journal_input *in, void *tag,
				     struct err *e);
bool journal_append(struct journal_ticket *t, const void *p, size_t n, struct err *e) MUST_CHECK;
void journal_end(struct journal_ticket *t);  /* told follows */
void journal_drop(struct journal_ticket *t); /* nobody is told, nothing is left. NULL is fine */
void *journal_ticket_tag(const struct journal_ticket *t);

/* A whole file: `take_fd` is read from its beginning to its end and closed. Told follows, and
 * JOURNAL_REFUSED when the file changed meanwhile. False with ERR_LIMIT as above (the
 * descriptor is closed); `again`: it is looked at for an item that waits, full or not. */
bool journal_file(struct journal *j, const struct journal_input *in, int take_fd, bool again,
		  void *tag, struct err *e) MUST_CHECK;

/* The bytes of an item, readable from their beginning; the caller closes it. -1 on errors. */
int journal_item_fd(struct journal *j, const struct journal_item *it, struct err *e);

/* The database has all of it, or it is refused for good: it need not be given again. */
void journal_done(struct journal *j, const struct journal_item *it);

/* Whether an input would be turned away now because too much waits. */
bool journal_full(const struct journal *j);

struct journal_stats {
	uint64_t items, bytes;    /* waiting to be done */
	uint64_t bound;
	uint64_t segments;        /* files now */
	uint64_t written, synced; /* entries written and fsyncs since open */
};
void journal_stats_get(const struct journal *j, struct journal_stats *out);

/* Makes durable what was handed in (files still being copied are refused), tells it, ends the
 * threads. Tickets must have ended. NULL
 * is fine. */
void journal_close(struct journal *j);
