/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader.h - one request out of a stream of bytes, with a stop between its head and its body.
 *
 *   READER_HEAD -> READER_GATE -> (reader_admit) -> READER_BODY -> READER_DONE
 *        \______________\______________________________\-> READER_BROKEN
 *
 * At the gate the owner decides by the head alone whether the body may come and how large it
 * may be, so nobody unknown can make us keep more than a head. Pure: fed with any pieces.
 */
#pragma once

#include "daemon/http/framing.h"

enum reader_stage { READER_HEAD, READER_GATE, READER_BODY, READER_DONE, READER_BROKEN };

struct reader {
	enum reader_stage stage;
	enum reason why;         /* READER_BROKEN */
	struct buf text;         /* the head's bytes; head's views point here */
	struct head head;        /* from READER_GATE on */
	struct framing frame;
	struct buf body;
};

void reader_init(struct reader *r);
void reader_fini(struct reader *r);
void reader_reset(struct reader *r); /* for the next request */

/* Takes bytes from the front of p and says how many; at the gate, when done and when broken it
 * takes none. */
size_t reader_take(struct reader *r, const char *p, size_t n);

/* At the gate: go on, with at most `max` bytes of body; more is REASON_TOO_LARGE. */
void reader_admit(struct reader *r, uint64_t max);
