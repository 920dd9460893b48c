/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * framing.h - where a request's body ends: by its length, or chunk by chunk.
 *
 * Pure, fed with any pieces; the result does not depend on how the bytes were cut. Trailers
 * are read past and not believed.
 */
#pragma once

#include "daemon/http/head.h"

enum framing_stage {
	FRAMING_SIZE,     /* in the line with a chunk's size */
	FRAMING_DATA,     /* in the payload */
	FRAMING_AFTER,    /* in the CRLF behind a chunk */
	FRAMING_TRAILER,  /* in the lines behind the last chunk */
	FRAMING_DONE,
};

struct framing {
	enum framing_stage stage;
	bool chunked;
	uint64_t left;       /* payload bytes of the length or the chunk */
	unsigned line;       /* bytes of the line so far */
	unsigned trailer;    /* bytes of all trailers so far */
	bool digits, ext, cr;
};

void framing_init(struct framing *f, const struct head *h);

/* Takes bytes from the front of p and says how many; *payload is the part of them that belongs
 * to the body (a view, may be empty). Call again while bytes are left and the stage is not
 * FRAMING_DONE. *why is set when the framing is wrong: nothing after it can be trusted. */
size_t framing_take(struct framing *f, const char *p, size_t n, struct str *payload,
		  enum reason *why);
