/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rules.h - the rule set in force: compiled, planned, and ready to be remembered.
 *
 * Immutable once loaded; shared by the threads that judge by it. Knows where the settings
 * say that rules lie.
 */
#pragma once

#include "daemon/host/conf.h"
#include "daemon/work/feeds.h"
#include "daemon/sink/release.h"
#include "lib/record/feed.h"
#include "lib/rule/eval.h"

struct rules {
	struct ruleset *set;
	struct plan *plan;
	struct release *release;   /* moves into the first epoch judged by them, then NULL */
};

/* NULL when a rule is wrong or a file cannot be read; everything to say, warnings too, is added
 * to `said` as text. */
struct rules *rules_read(const struct conf *c, struct buf *said);
void rules_free(struct rules *r); /* NULL is fine */
