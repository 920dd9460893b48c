/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage.h - which conditions of a rule its own examples decide each way.
 *
 * The parts joined by 且 of 条件 and 触发, and those joined by 或 of 除外, are each judged
 * alone over all examples, as they are and negated, by the same engine: each record (pair,
 * group) the rule looks at is asked. A part that is never true, or never false, is one that
 * no example would miss if it were left out or written wrong.
 * Pure: a checked set in, marks out.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/rule/ruleset.h"

enum coverage_part { COVER_WHERE, COVER_UNLESS, COVER_WHEN };

struct coverage_point {
	enum coverage_part part;
	struct span at;
	bool seen_true, seen_false;
};

struct coverage {
	struct coverage_point *point; /* in the arena, in the rule's order */
	uint32_t n;
};

/* Judges all examples of rule number `rule`, once per part and way. False with a sentence when an
 * example cannot be built. */
bool rule_coverage(const struct ruleset *rs, uint32_t rule, struct arena *a, struct coverage *out,
		   struct err *e) MUST_CHECK;
