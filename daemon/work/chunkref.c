/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chunkref.c - an atomic count beside a chunk. The release/acquire pair on the last put
 * makes every reader's reads happen before the free.
 */
#include "daemon/work/chunkref.h"

#include <assert.h>
#include <stdatomic.h>

#include "lib/base/mem.h"

struct chunk_ref {
	struct chunk *chunk;
	uint32_t intake;
	atomic_uint refs;
};

struct chunk_ref *chunk_ref_new(struct chunk *take_chunk, uint32_t intake)
{
	struct chunk_ref *r = xmalloc(sizeof *r);
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

void chunk_ref_put(struct chunk_ref *r)
{
	if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) > 1)
		return;
	chunk_free(r->chunk);
	xfree(r);
}

const struct chunk *chunk_ref_chunk(const struct chunk_ref *r)
{
	return r->chunk;
}

uint32_t chunk_ref_intake(const struct chunk_ref *r)
{
	return r->intake;
}
