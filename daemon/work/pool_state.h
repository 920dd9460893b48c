/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool_state.h - the pool from inside: for pool.c and cold.c only. */
#pragma once

#include "daemon/work/book.h"
#include "daemon/work/pool.h"
#include "daemon/work/queue.h"
#include "daemon/work/worker.h"

struct pool {
	struct pool_conf conf;
	const struct plan *plan;
	const struct complete *complete;
	uint32_t n;
	struct worker *worker;
	struct judge **judge; /* [n] the workers' shards, then what other pools have, or NULL */
	struct queue *answers;
	struct book *book;     /* keep_alerts only */
	struct cold *cold;     /* with a bound on memory, or NULL */
	struct verdict *verdict; /* over cells; NULL until they are judged first */
	struct findings cells; /* of the last judging */
	struct account *cell_account, *account;
	uint64_t chunks, judged;
};

/* One order to every worker, then wait for every answer: the shards are idle on return. */
void pool_command(struct pool *p, const struct message *m);
/* Everything taken in and shards agree, or why not. */
bool pool_settle(struct pool *p, struct err *e);
/* To the workers, whatever is on disk. */
void pool_offer(struct pool *p, struct chunk_ref *take_chunk, bool known);
/* What the shards' books say since they were asked; shards idle. */
void pool_shards_standing(struct pool *p, standing_fn *fn, void *ctx);
/* What comes is known to the books already, or is not; shards idle. */
void pool_quiet(struct pool *p, bool quiet);
/* Of the shards as they are. */
void pool_timelines(struct pool *p, struct timeline_stats *sum);
uint64_t pool_cells_bytes(const struct pool *p);
