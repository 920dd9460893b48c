/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findrun.h - sorted findings waiting on disk, and many such runs told as one.
 *
 * Private to parts. A run is written once, in the order of finding_cmp, and read once from
 * its beginning. Rules are kept by number: the rule set must be the same when read.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/finding/finding.h"
#include "lib/rule/ruleset.h"

struct findruns;

/* All runs lie in one nameless file in `dir`. NULL with a sentence. */
struct findruns *findruns_new(const char *dir, const struct ruleset *rs, struct err *e);
void findruns_free(struct findruns *r); /* NULL is fine */

/* The next run begins. Then its findings, in order; false when the disk is full. */
void findruns_begin(struct findruns *r);
bool findruns_add(struct findruns *r, const struct finding *f, struct err *e);

/* All runs merged, in order; findings are the callee's for the call. */
bool findruns_tell(struct findruns *r, void (*fn)(void *ctx, const struct finding *f), void *ctx,
		   struct err *e);
