/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reason.h - why a request is refused: a word, a status and a sentence; reasons.def is the list.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/str.h"

enum reason {
	REASON_NONE,
#define REASON(name, status, word, zh, en) REASON_##name,
#include "daemon/http/reasons.def"
#undef REASON
	REASON_COUNT,
};

unsigned reason_status(enum reason r);     /* 200 for REASON_NONE */
const char *reason_word(enum reason r);    /* static; "" for REASON_NONE */
const char *reason_text(enum reason r, bool english);

/* The phrase behind a status on the wire ("Not Found"); static. */
const char *status_phrase(unsigned status);

/* {"error":{"status":...,"reason":"...","text":"..."}} and a line feed; `detail` (may be empty)
 * is put behind the reason's sentence. */
void reason_json(enum reason r, struct str detail, bool english, struct buf *out);
