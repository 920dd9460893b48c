/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * near.h - "did you mean ...?": the candidate closest to what was written.
 *
 * Distances count characters, not bytes; a swap of neighbours costs one.
 * A candidate helps only when it is at most 2 or a third of the longer word
 * away, and never more than half of it.
 */
#pragma once

#include "lib/base/str.h"

struct near {
	struct str wanted;
	struct str best;
	unsigned distance;
	bool rival; /* something else was near too */
};

/* Restricted Damerau-Levenshtein distance; texts past 64 characters are as far as they are long. */
unsigned near_distance(struct str a, struct str b);

void near_init(struct near *n, struct str wanted); /* wanted and candidates stay borrowed */
void near_offer(struct near *n, struct str candidate); /* of equals the first offered stays */
struct str near_best(const struct near *n);            /* empty when nothing is near */
bool near_sole(const struct near *n); /* whether nothing else came near: safe to write instead */
