/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * period.h - which days a finding stands on: its calendar period, and how far it looks back.
 *
 * Periods that are over and horizons are questions about days, asked of findings and of alerts
 * read back from the store alike: so the answer comes from the rule and the finding's own
 * words only.
 * Knows findings and rules; no alerts, no time.
 */
#pragma once

#include "lib/finding/finding.h"

struct period {
	int32_t from, to;            /* days, both in it */
	enum stream stream;          /* what it counts */
	struct str facility;         /* its key's, else empty */
};

/* The calendar period of a finding of a rule over cells; false when the rule has none. */
bool finding_period(const struct ruleset *rs, const struct rule *r, const struct finding *f,
		    struct period *out);

/* Where and when that might have happened whose absence a finding of a rule over one person
 * concludes from. The rule judges it as of some day between the finding's first and last: the
 * days around either. */
struct absence {
	struct period first, last;
};

/* What the rule cannot fire without having been absent, at most `max` of them; 0: it concludes
 * from no absence, or can do without. */
uint32_t finding_absences(const struct ruleset *rs, const struct rule *r, const struct finding *f,
			  struct absence *out, uint32_t max);

/* The earliest day whose records the finding may depend on, MISSING_I32 when the rule has no
 * bound in days (one visit or stay) or the finding no time. */
int32_t finding_reach(const struct rule *r, const struct finding *f);
