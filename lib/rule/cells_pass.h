/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_pass.h - one source's cells in one batch; for eval_cell.c and eval_partial.c only.
 */
#pragma once

#include "lib/rule/form.h"

struct cells_pass {
	struct eval *e;
	const struct cell_source *s;
	struct taken *taken;     /* whose records and keys these are */
	const uint8_t *filter;
	int32_t day;             /* the cell in hand is as of */
	struct contributions c;
	struct partial *partial; /* what c.partial points to */
	struct partial_kept *kept;       /* what c.kept points to, made when first needed */
};

/* The aggregates and peers' fields of all contributions. */
void partials_make(struct cells_pass *x);

/* eval_digest.c: the digests of all contributions. */
void digests_make(struct cells_pass *x);

/* Whether a record counts where `cond` holds: 若 of an aggregate, as of the cell's day. */
enum truth cell_counts(const struct cells_pass *x, const struct node *cond, uint32_t row);

/* The first day of a contribution's period; MISSING_I32 when it has none. */
int32_t cell_period(const struct cells_pass *x, const struct contribution *k);
