/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parts.h - judging more than memory holds: subjects in parts, one part after another.
 *
 *   parts_new -> parts_add* -> parts_judge -> stats, accounts -> parts_free
 *
 * Records go to disk as they are read (spill.h). Then each part has a pool of its own that sees
 * only its subjects; its findings go to disk sorted, its cells by key. When all have been
 * judged the cells are judged over all parts, and where some fired the parts are read once more
 * for the records behind them. What is told is the same, byte for byte, as of
 * one pool with everything: findings in the same order, the same sums.
 *
 * Memory: one part's timelines at a time, then one range of the cells of all parts
 * (cellbins.h), then one bin of fired cells with their records; while reading 8 to 11 bytes a
 * visit. One coordinating thread.
 */
#pragma once

#include "daemon/work/pool.h"

struct parts;

struct parts_conf {
	struct pool_conf pool;   /* of each part; without alerts */
	uint64_t memory;         /* bytes that may be held, about */
	uint64_t input;          /* bytes to be read, to choose how many parts */
	const char *dir;         /* for temporary files */
};

struct parts *parts_new(const struct parts_conf *conf, struct err *e);
void parts_free(struct parts *p); /* NULL is fine */

bool parts_add(struct parts *p, struct chunk_ref *take_chunk, struct err *e);

/* Tells every finding, sorted, excepted ones too. Once. */
bool parts_judge(struct parts *p, void (*finding)(void *ctx, const struct finding *f), void *ctx,
		 struct err *e);

/* As of one pool. */
void parts_stats(const struct parts *p, struct pool_stats *out);
const struct account *parts_accounts(const struct parts *p);
uint32_t parts_count(const struct parts *p);
