/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chunkref.h - one chunk read by several threads, freed by the last of them.
 *
 * A chunk never changes once decoded, so workers and sink share it; each holds a
 * reference. The intake number says which input the rows came from and travels into the
 * timeline's provenance. Knows chunks, not who reads them.
 */
#pragma once

#include <stdint.h>

#include "lib/record/chunk.h"

struct chunk_ref;

/* Takes the chunk over; the caller holds the first reference. */
struct chunk_ref *chunk_ref_new(struct chunk *take_chunk, uint32_t intake);

/* One more reference, for handing to another thread; returns `r`. */
struct chunk_ref *chunk_ref_get(struct chunk_ref *r);

/* Gives a reference back; the last one frees the chunk. NULL is fine. */
void chunk_ref_put(struct chunk_ref *r);

/* Gives a reference back; when it was the last, the chunk is the caller's, else NULL. */
struct chunk *chunk_ref_release(struct chunk_ref *r);

/* Finds out which row belongs to which of `n_shards` workers, once, before the reference is
 * shared. Does nothing when that was done for the same number. */
void chunk_ref_scatter(struct chunk_ref *r, uint32_t n_shards);

/* The same again for one stream, whose rows have changed since; before the reference is shared. */
void chunk_ref_scatter_again(struct chunk_ref *r, enum stream s);

/* Rows of stream `s` for one shard, ascending; *n is their number. NULL with *n > 0 means all
 * rows of the table: with one shard, and for registers that every shard keeps whole. */
const uint32_t *chunk_ref_rows(const struct chunk_ref *r, enum stream s, uint32_t shard,
			       uint32_t *n);

/* Whether every shard keeps this stream whole (registers of facility, practitioner, item). */
bool stream_broadcast(enum stream s);

const struct chunk *chunk_ref_chunk(const struct chunk_ref *r);
uint32_t chunk_ref_intake(const struct chunk_ref *r);
