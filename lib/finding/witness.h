/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness.h - rules that report what another rule reports already, and conditions that decide
 * nothing, with proof.
 *
 * Two rules that look at the same records in the same way are compared by what their conditions
 * say of each other (lib/rule/imply.h): when every part of the one follows from the other's,
 * whatever the other reports it reports too; when that holds both ways, they are the same.
 * What the comparison says is told only when the engine agrees: an example (of one of the rules,
 * or made from the conditions) is judged by both, and both must find something. Likewise what
 * the checker said of conditions within one rule.
 * Pure: a checked set in, pairs and diagnostics out.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/rule/diag.h"
#include "lib/rule/ruleset.h"

struct overlap {
	uint32_t rule, by;       /* whatever `rule` reports, `by` reports too */
	bool identical;
	const struct rule *from; /* whose example it is; NULL: made from the conditions */
	const char *witness;     /* name of the example, or the record as "field value, ..." */
};

struct overlaps {
	struct overlap *item;    /* in the arena; by number of rule */
	uint32_t n;
};

/* Rules that are off are left out. False with a sentence when an example cannot be built. */
bool rules_overlap(const struct ruleset *rs, struct arena *a, struct overlaps *out,
		   struct err *e) MUST_CHECK;

/* Each as a warning with its proof: same-rule (beside the checker's own, when it said so) or
 * subsumed-rule. */
void overlaps_tell(const struct ruleset *rs, const struct overlaps *v, struct diag_list *d);

/*
 * Tries what the checker warned of conditions within one rule (never-true, always-true,
 * implied-condition, adds-nothing) on a record or on the rule's examples. A warning that holds
 * gets the proof; one that could not be tried, or did not hold, is taken back.
 */
void doubts_try(const struct ruleset *rs, struct diag_list *d);
