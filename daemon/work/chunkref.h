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

const struct chunk *chunk_ref_chunk(const struct chunk_ref *r);
uint32_t chunk_ref_intake(const struct chunk_ref *r);
