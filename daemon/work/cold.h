/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cold.h - a pool's timelines on disk, where they are more than memory may hold.
 *
 * Every record also goes to disk by part of its subject (spill.h). Once the timelines are larger
 * than the bound they are dropped, and the pool sleeps: workers are empty between two judgings.
 * New chunks wait; to judge, the subjects they touch come back from disk, batch by batch:
 *
 *   old records in -> what they gave to cells is taken out -> new records in -> judged ->
 *   what they give now is put in -> dropped
 *
 * Everything a judging keeps is a sum (cells, accounting) or belongs to a subject (alerts), so
 * that this is what one pool with everything would have done. Private to the pool; its thread.
 */
#pragma once

#include "daemon/work/pool.h"

struct cold;

struct cold *cold_new(const struct pool_conf *conf, struct err *e);
void cold_free(struct cold *c); /* NULL is fine */

bool cold_asleep(const struct cold *c);

/* A chunk on its way to the workers: written to disk or, asleep, kept until the next judging;
 * then true, and it is taken over. A failure is told by that judging. */
bool cold_take(struct pool *p, struct chunk_ref *take_chunk, bool known);

/* See pool_expect. */
void cold_expect(struct pool *p, uint64_t bytes);

/* Asleep: judges what was touched, or all. What it finds stays here until cold_note. */
bool cold_judge(struct pool *p, enum pool_what what, struct err *e);
bool cold_judge_cells(struct pool *p, struct err *e);
/* Into the pool's book: who was judged and what was found; borrowed until the next judging. */
void cold_note(struct pool *p);

/* Awake and judged: falls asleep when the timelines are too large. */
bool cold_after(struct pool *p, struct err *e);
/* The pool has another plan. */
void cold_plan(struct pool *p);

/* What is not in the workers any more. */
void cold_stats(const struct cold *c, struct pool_stats *add);
const struct account *cold_accounts(const struct cold *c);
/* What the books said of shards that are gone; then it is forgotten. */
void cold_standing(struct cold *c, standing_fn *fn, void *ctx);
