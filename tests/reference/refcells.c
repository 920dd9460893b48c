/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refcells.c - rules whose subject is not a person, and comparisons with peers.
 */
#include "tests/reference/reference.h"

void reference_cells(const struct world *w, const struct ruleset *rs, const struct rule *r,
		     struct lines *out)
{
	(void)w;
	(void)rs;
	(void)r;
	(void)out;
}
