/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness.h - rules that report what another rule reports already, with proof.
 *
 * Two rules that look at the same records in the same way are compared by the parts of their
 * conditions joined by 且: when one has all parts of the other and more, whatever it reports
 * the other reports too; when they have the same parts, they are the same. What the comparison
 * says is told only when the engine agrees: an example (of one of the rules, or made from the
 * conditions) is judged by both, and both must find something.
 * Pure: a checked set in, pairs out.
 */
#pragma once

#include "lib/base/err.h"
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
