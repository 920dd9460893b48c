/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chunkref.c - an atomic count beside a chunk, and the chunk's rows by shard.
 *
 * The release/acquire pair on the last put makes every reader's reads happen before the
 * free. Scattering is a counting sort: rows of a stream stand together by shard, ascending.
 */
#include "daemon/work/chunkref.h"

#include <assert.h>
#include <stdatomic.h>

#include "lib/base/mem.h"
#include "lib/timeline/timeline.h"

struct scatter {
	uint32_t *row;   /* [n] rows by shard */
	uint32_t *first; /* [n_shards + 1] where each shard's rows begin in `row` */
};

struct chunk_ref {
	struct chunk *chunk;
	uint32_t intake;
	uint32_t n_shards; /* 0 = not scattered */
	struct scatter scatter[STREAM_STORED];
	atomic_uint refs;
};

struct chunk_ref *chunk_ref_new(struct chunk *take_chunk, uint32_t intake)
{
	struct chunk_ref *r = xcalloc(1, sizeof *r);
	r->chunk = take_chunk;
	r->intake = intake;
	atomic_init(&r->refs, 1);
	return r;
}

struct chunk_ref *chunk_ref_get(struct chunk_ref *r)
{
	unsigned before = atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	assert(before > 0);
	(void)before;
	return r;
}

static void scatter_clear(struct chunk_ref *r)
{
	for (int s = 0; s < STREAM_STORED; s++) {
		xfree(r->scatter[s].row);
		xfree(r->scatter[s].first);
		r->scatter[s] = (struct scatter){ 0 };
	}
	r->n_shards = 0;
}

struct chunk *chunk_ref_release(struct chunk_ref *r)
{
	if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	struct chunk *c = r->chunk;
	scatter_clear(r);
	xfree(r);
	return c;
}

void chunk_ref_put(struct chunk_ref *r)
{
	if (r)
		chunk_free(chunk_ref_release(r));
}

bool stream_broadcast(enum stream s)
{
	return s == STREAM_FACILITY || s == STREAM_PRACTITIONER || s == STREAM_ITEM;
}

static void scatter_stream(struct chunk_ref *r, enum stream s, uint32_t n_shards)
{
	struct scatter *out = &r->scatter[s];
	uint32_t n = r->chunk->table[s].n;
	struct shard_run *run = xcalloc(n + 1u, sizeof *run);
	out->row = xcalloc(n, sizeof *out->row);
	out->first = xcalloc(n_shards + 1u, sizeof *out->first);
	uint32_t runs = timeline_shards(r->chunk, s, n_shards, run);
	run[runs].first = n;
	for (uint32_t i = 0; i < runs; i++)
		out->first[run[i].shard] += run[i + 1].first - run[i].first;
	uint32_t begin = 0;
	for (uint32_t k = 0; k <= n_shards; k++) {
		uint32_t count = out->first[k];
		out->first[k] = begin;
		begin += count;
	}
	for (uint32_t i = 0; i < runs; i++) {
		uint32_t *row = out->row + out->first[run[i].shard], k = run[i].first;
		out->first[run[i].shard] += run[i + 1].first - k;
		while (k < run[i + 1].first)
			*row++ = k++;
	}
	for (uint32_t k = n_shards; k > 0; k--)
		out->first[k] = out->first[k - 1];
	out->first[0] = 0;
	xfree(run);
}

void chunk_ref_scatter(struct chunk_ref *r, uint32_t n_shards)
{
	assert(n_shards > 0);
	if (r->n_shards == n_shards)
		return;
	scatter_clear(r);
	r->n_shards = n_shards;
	for (int s = 0; n_shards > 1 && s < STREAM_STORED; s++)
		if (!stream_broadcast((enum stream)s) && r->chunk->table[s].n > 0)
			scatter_stream(r, (enum stream)s, n_shards);
}

void chunk_ref_scatter_again(struct chunk_ref *r, enum stream s)
{
	struct scatter *at = &r->scatter[s];
	bool scattered = at->row != NULL;
	xfree(at->row);
	xfree(at->first);
	*at = (struct scatter){ 0 };
	if (scattered)
		scatter_stream(r, s, r->n_shards);
}

const uint32_t *chunk_ref_rows(const struct chunk_ref *r, enum stream s, uint32_t shard,
			       uint32_t *n)
{
	const struct scatter *at = &r->scatter[s];
	assert(shard < r->n_shards);
	*n = r->chunk->table[s].n;
	if (!at->row)
		return NULL;
	*n = at->first[shard + 1] - at->first[shard];
	return at->row + at->first[shard];
}

const struct chunk *chunk_ref_chunk(const struct chunk_ref *r)
{
	return r->chunk;
}

uint32_t chunk_ref_intake(const struct chunk_ref *r)
{
	return r->intake;
}
