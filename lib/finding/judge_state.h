/* SPDX-License-Identifier: GPL-3.0-or-later */
/* judge_state.h - a shard from inside: for judge.c and verdict.c only. */
#pragma once

#include "lib/finding/judge.h"
#include "lib/finding/kept.h"

struct judge {
	const struct plan *plan;
	struct timeline *timeline;
	struct eval *eval;
	const struct complete *complete;
	struct cells *cells;         /* NULL when no rule needs them */
	struct batch batch;
	struct kept *kept;           /* NULL unless asked for */
	struct gather_stats gathered;
	bool whole;                  /* everybody was judged, and nothing came since */
	bool replaceable;
	bool keeps_all;              /* more than the plan reads may be kept */
	uint32_t batch_rows, step;   /* rows aimed at; subjects of the next batch */
};

typedef void batch_fn(struct judge *j, const struct batch *b, void *ctx);
void judge_each_batch(struct judge *j, const uint32_t *subject, uint32_t n,
		      struct gather_stats *gs, batch_fn *fn, void *ctx);
/* The same, from what is kept as far as it is; in another order of subjects then. */
void judge_each_known(struct judge *j, const uint32_t *subject, uint32_t n, batch_fn *fn,
		      void *ctx);
