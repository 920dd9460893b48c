/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness_record.h - an example made from conditions: records that should fulfil all of them.
 *
 * A value for each field that conditions with constants speak of; one record, or as many alike as
 * a limit on counts asks for. Whether they do fulfil them only the engine knows.
 */
#pragma once

#include "lib/rule/rule.h"

struct witness_wish {
	const struct rule *rule;      /* whose stream it is */
	struct expr *const *part;     /* to be fulfilled together */
	uint32_t n_part;
	const struct expr *when;      /* and a limit on a group, or NULL */
};

/* False when there is nothing to make a record from. `told` gets it in words. */
bool witness_record(struct arena *a, const struct witness_wish *w, struct example *x,
		    struct buf *told);
