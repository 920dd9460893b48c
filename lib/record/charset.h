/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * charset.h - the second stage: text of a source in, UTF-8 out, line by line where it matters.
 *
 * Declared or found out. Finding out looks at the first lines that are not ASCII: Chinese
 * text in UTF-8 has three-byte characters, which GB18030 text forms by chance only rarely.
 * Blocks that are all valid pass untouched; otherwise each line is looked at alone, so one
 * broken line spoils only itself: it passes unchanged and marked as suspect.
 * A byte-order mark is dropped; UTF-16 is refused.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/record/feed_plan.h"
#include "lib/record/flow.h"

struct charset;

/* `longest` bounds the bytes held back for an unfinished line. */
struct charset *charset_new(enum feed_charset declared, size_t longest);
void charset_free(struct charset *cs);

bool charset_push(struct charset *cs, const char *p, size_t n, struct flow to, struct err *e);

/* No more bytes. False when nothing in the input that was not ASCII could be read. */
bool charset_finish(struct charset *cs, struct flow to, struct err *e);

/* What bytes are by themselves. */
enum charset_kind { CHARSET_KIND_ASCII, CHARSET_KIND_UTF8, CHARSET_KIND_OTHER };

/* Of whole lines; lines so long that they are given up, and others, may be told as OTHER. */
enum charset_kind charset_kind(const char *p, size_t n);

/* Whether lines of some kinds pass as they are from now on, as charset_passes tells; then the
 * unfinished line that is held back is no longer, but in `held`. */
bool charset_plain(struct charset *cs, struct buf *held);

/* Whether whole lines of this kind are text as they are; then it is as if they had been pushed. */
bool charset_passes(struct charset *cs, enum charset_kind kind);

/* Says what another has found, for good: what a line means then depends on no other. */
void charset_settle(struct charset *cs, enum feed_charset found);

/* Lines that were not ASCII, as charset_finish looks at them. */
struct charset_lines {
	uint64_t good, bad;
};

/* Those met since it was asked last. */
struct charset_lines charset_lines(struct charset *cs);

/* Whole lines that another one, settled, has passed on in its place. False in the middle of a
 * line: push them. */
bool charset_adds(struct charset *cs, const struct charset_lines *lines);

/* What it turned out to be; CHARSET_AUTO while only ASCII was seen. */
enum feed_charset charset_found(const struct charset *cs);
