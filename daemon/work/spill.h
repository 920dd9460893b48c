/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spill.h - records on disk by part of their subjects, for a scan of more than memory.
 *
 * Chunks are cut by hash of the subject into parts (lib/timeline/slab.h), each a file without
 * a name in a folder for temporary files; registers that concern everybody are a part of
 * their own. Meanwhile it is noted which visits show up in more than one part: only there may
 * a correction have given a record to somebody else. One thread.
 */
#pragma once

#include "daemon/work/chunkref.h"
#include "lib/base/err.h"

struct spill;

/* Files in `dir`; `buffer` bytes of memory for pieces on their way. NULL with a sentence. */
struct spill *spill_new(const char *dir, uint32_t parts, size_t buffer, struct err *e);
void spill_free(struct spill *s); /* NULL is fine */

/* Takes the chunk's rows; borrowed. False (ERR_WORLD) when the disk is full. */
bool spill_add(struct spill *s, const struct chunk *c, uint32_t intake, struct err *e);

/* Only notes who has rows in which visits. */
void spill_note(struct spill *s, const struct chunk *c);

/* Writes what waits, so that it can be read; more may be added. */
bool spill_flush(struct spill *s, struct err *e);

/* All is in: writes what waits, forgets which visits were seen but those in several parts. */
bool spill_end(struct spill *s, struct err *e);

/* Registers of everybody, then the part's records, chunk by chunk. */
typedef void spill_fn(void *ctx, struct chunk_ref *take_chunk);
bool spill_read(const struct spill *s, uint32_t part, spill_fn *fn, void *ctx, struct err *e);

/* Chunks of one part, or of registers of everybody; `fn` owns its chunk. */
#define SPILL_EVERYBODY UINT32_MAX
typedef bool spill_chunk_fn(void *ctx, struct chunk *take_chunk, uint32_t intake, struct err *e);
bool spill_chunks(const struct spill *s, uint32_t part, spill_chunk_fn *fn, void *ctx,
		  struct err *e);

/* Whether a row's visit lies in several parts, and what stands for it; spill_visit_parts sets
 * [parts] those it lies in. */
bool spill_visit(const struct spill *s, const struct chunk *c, enum stream k, uint32_t row,
		 uint64_t *visit);
void spill_visit_parts(const struct spill *s, uint64_t visit, uint8_t *part);

/*
 * Visits in several parts: records of theirs may have moved between them. After spill_end,
 * spill_share writes what the parts of each group must see of other parts' rows; parts are
 * grouped by number, so a group's are read one after another. Made anew by each call.
 */
bool spill_share(struct spill *s, uint32_t groups, struct err *e);
uint32_t spill_group(const struct spill *s, uint32_t part);
bool spill_read_shared(const struct spill *s, uint32_t group, spill_fn *fn, void *ctx,
		       struct err *e);

uint64_t spill_bytes(const struct spill *s);
/* About how many bytes of these spill_share will write. */
uint64_t spill_shared_bytes(const struct spill *s);
