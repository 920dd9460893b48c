/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * release.h - a rule set as it is remembered for ever: its rules and all texts it came from.
 *
 * Made when a rule set goes live, written with the first epoch it judged. Writing one that is
 * already there changes nothing.
 */
#pragma once

#include "daemon/sink/db.h"
#include "lib/base/digest.h"
#include "lib/rule/diag.h"
#include "lib/rule/ruleset.h"

struct release;

/* Copies what it needs: rules, the rule texts of `d`, and the knowledge files, read again. False
 * when one of these cannot be read. */
bool release_make(struct release **out, const struct ruleset *rs, const struct diag_list *d,
		  struct err *e) MUST_CHECK;
void release_free(struct release *r); /* NULL is fine */

/* Inside the caller's transaction. `at` in microseconds UTC. */
bool release_write(const struct release *r, struct db *db, int64_t at, struct err *e) MUST_CHECK;
