/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * company.h - 结伴: who comes together again and again.
 *
 * Two meet on a day when each has a record within `gap` of the other's. Those that met on at
 * least `days` days keep company; a band is all that hang together by that. Meetings are counted
 * on the day of the later record; a record whose clock is 00:00:00 or unknown meets nobody.
 * What comes out depends on the set of meetings alone. Knows times and texts, no records.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/str.h"

struct meeting {
	int64_t time;            /* seconds; MISSING_I64 */
	struct str who;
};

struct company_terms {
	int64_t gap;             /* seconds */
	int64_t days;
};

/* The largest band of two or more, sorted; of equally large ones that with the least name.
 * False when there are too many pairs to be counted. Sorts `m`; members lie in `scratch`. */
bool company_find(struct arena *scratch, struct meeting *m, uint32_t n,
		  const struct company_terms *t, struct str **who, uint32_t *n_who);

/* Their names with 、 between, at most COMPANY_NAMED of them. */
#define COMPANY_NAMED 20u
struct str company_names(struct arena *scratch, const struct str *who, uint32_t n);
