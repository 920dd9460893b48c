/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feeds.h - the feeds of the settings: what the files of each source look like.
 *
 * The main feed (feed.file, or the built-in one) comes first, then those of feed.others by
 * name. A file NAME~FILE is of the feed NAME, whatever else takes it; without such a prefix it
 * is the main feed's if that takes it, else of the one other feed that does. HTTP names the
 * feed in its path. Immutable once read; the command needs it, too.
 */
#pragma once

#include "daemon/host/conf.h"
#include "lib/base/digest.h"
#include "lib/record/feed.h"

struct named_feed {
	struct feed *feed;
	char digest[DIGEST_HEX];   /* names it in intakes */
};

struct feeds {
	struct named_feed *item;   /* [0] is the main feed */
	unsigned n, cap;
};

/* NULL with a sentence: a file is wrong, two feeds have one name, or two say differently what
 * kind of visit a med_type is (timelines have one answer to that). */
struct feeds *feeds_read(const struct conf *c, struct err *e);
void feeds_free(struct feeds *fs); /* NULL is fine */

/* By name; NULL when there is none. */
const struct named_feed *feeds_named(const struct feeds *fs, struct str name);

/* Whose a file is. The main feed when nobody takes it: that says what it would take. NULL with a
 * sentence when several others do. */
const struct named_feed *feeds_of_file(const struct feeds *fs, const char *file, struct err *e);

/* The feed something was taken in with: that name, else as a file of this name. */
const struct named_feed *feeds_of_item(const struct feeds *fs, const char *name, const char *file,
				       struct err *e);

/* What says which kind of visit a med_type is. */
const struct feed *feeds_classes(const struct feeds *fs);
