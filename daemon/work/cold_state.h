/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cold_state.h - a sleeping pool from inside: for cold.c and cold_load.c only. */
#pragma once

#include "daemon/work/cellbins.h"
#include "daemon/work/cold.h"
#include "daemon/work/pool_state.h"
#include "daemon/work/spill.h"
#include "lib/base/arena.h"
#include "lib/base/map.h"
#include "lib/timeline/slab.h"

#define COLD_PARTS 256u

struct waiting {
	struct chunk_ref *chunk;
	bool known;                  /* the books have its rows */
};

/* Of one facility and stream; a facility's text outlives its shard. */
struct stood {
	struct str facility;
	struct standing_change change;
};

struct cold {
	uint64_t memory;
	struct spill *spill;
	struct slicer *slicer;
	bool asleep;
	bool judged;                 /* since the first record */
	bool everybody;              /* registers of everybody are among what waits */
	bool empty;                  /* the workers' shards are new */
	struct waiting *waiting;     /* asleep: not on disk yet */
	uint32_t n_waiting, cap_waiting;
	struct map64 touched;        /* hashes of subjects to be judged */
	uint8_t part[COLD_PARTS];    /* they lie in these */
	struct cellbins *cells;      /* of everybody, asleep */
	bool cells_moved;            /* since they were judged last */
	struct pool_stats stats;
	struct account *account;
	struct stood *stood;         /* since somebody asked */
	struct map64 stood_of;       /* hash of facility and stream -> number */
	uint32_t n_stood, cap_stood;
	struct arena facilities;
	struct findings found;       /* of the last judging */
	struct arena names;
	struct err e;
	bool failed;
};

/* ---- cold_load.c: records into the workers ---- */

/* What a batch needs to know of the rows it loads. */
struct batch_load {
	struct pool *p;
	uint32_t from, to;           /* parts [from, to) */
	uint64_t rows;
	struct map64 visits;         /* of loaded rows, those in several parts */
	struct slicer_rows pick[STREAM_STORED];
	struct judge *other;         /* being filled */
};
void batch_load_init(struct batch_load *b, struct pool *p, uint32_t from);
void batch_load_fini(struct batch_load *b);

/* The workers' shards anew, with nothing in them. */
void cold_empty(struct pool *p);

/* Subjects that share a visit with what waits are touched too: a record may have moved. */
bool cold_touch_owners(struct pool *p, struct err *e);

/* All parts of a group of spill_share, with registers and what other groups have of its visits. */
bool cold_load_group(struct pool *p, uint32_t group, struct err *e);

/* Registers, then touched subjects from b->from on, as many parts as there is room for (b->to). */
bool cold_load_touched(struct batch_load *b, struct err *e);
/* Rows of others in visits of the loaded subjects: from disk, and of what waits. */
bool cold_load_others(struct batch_load *b, struct err *e);
bool cold_wake_others(struct batch_load *b, bool known, struct err *e);
/* What waits for the batch's parts: what the books know, or the rest. */
void cold_wake(struct batch_load *b, bool known);
