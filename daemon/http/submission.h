/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * submission.h - one body read through before it is taken: counts, rejects, whose rows it has.
 *
 * The same decoder that will read it again behind the journal says what it will say then, so the
 * counts hold (docs/decisions/0010). A body that cannot be read to its end, is too much, or has a
 * row of a facility the sender does not speak for is refused whole. Pure: bytes in, a verdict
 * out; memory is bounded by rows_max and the decoder's chunk, not by what gzip hides.
 */
#pragma once

#include "daemon/http/reason.h"
#include "lib/record/decode.h"

#define SUBMISSION_KEY_MAX 128u
#define SUBMISSION_SHOWN 1000u /* rejects that are named one by one */

struct submission_in {
	const struct feed *feed;
	const char *file;         /* its name: chooses the feed's entry */
	const char *scope;        /* the one fixmedins_code of the sender; "": any */
	struct str body;
	bool gzip, json;          /* as its headers say */
	bool english;             /* sentences of rejects */
	bool find_key;            /* look for the message's own msgid */
	uint64_t inflated_max, rows_max;
};

struct submission {
	enum reason why;          /* REASON_NONE: it can be taken */
	struct buf detail;        /* behind the reason's sentence; may be empty */
	char key[SUBMISSION_KEY_MAX + 1]; /* find_key: the msgid, "" when there is none */
	uint64_t rows, rejects, filtered, repeated, foreign;
	uint64_t records[STREAM_STORED];
	uint64_t inflated;
	uint32_t shown;
	struct buf places;        /* JSON objects with commas between: rejects or foreign rows */
	struct buf columns;       /* JSON texts: columns no field was found for */
};

void submission_read(const struct submission_in *in, struct submission *out);
void submission_fini(struct submission *s);

/* Whether a text may be an idempotency key. */
bool submission_key_valid(struct str key);

/* The answer to a body that is taken, one JSON object and a line feed. */
void submission_receipt(const struct submission *s, const struct submission_in *in,
			const char *key, const char *digest, struct buf *out);
