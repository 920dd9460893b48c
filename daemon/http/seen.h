/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seen.h - which idempotency keys came, with what content, and what was answered.
 *
 * Two append-only files, the older and the newer half; when the newer is full the older is
 * dropped, so that memory and disk are bounded by `most`. Each entry carries its own check; a
 * torn tail is cut off. Written behind the journal and not synced: what a power cut takes from
 * here is still in the journal or in the database's ledger, so a re-send that is not recognised
 * here is recognised there (docs/decisions/0010). Belongs to one thread.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/digest.h"

struct seen;

/* Files seen.old and seen.new in `dir`. NULL with a sentence. */
struct seen *seen_open(const char *dir, uint32_t most, struct err *e);
void seen_close(struct seen *s); /* NULL is fine */

enum seen_answer {
	SEEN_NEW,
	/* the same content: the answer it got is in `answer`, empty when that is not known */
	SEEN_SAME,
	SEEN_OTHER, /* other content */
};
enum seen_answer seen_ask(struct seen *s, const char *key, const char *digest,
			  struct buf *answer);

/* `answer` may be empty: the content came, and nobody knows whether it was answered. */
bool seen_note(struct seen *s, const char *key, const char *digest, struct str answer,
	       struct err *e) MUST_CHECK;
