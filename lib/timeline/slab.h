/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slab.h - record versions as immutable, checksummed bytes, column by column.
 *
 * A piece holds rows of one chunk whose subjects lie in one part: subjects are cut into a
 * number of parts by hash, always the same way, so all pieces of a part together are whole
 * timelines, and registers that concern everybody are a part of their own. Reading a
 * piece gives a chunk again: adding it to a timeline is adding the rows as they came, with
 * line, digest and revision, whatever the layout of rows in memory is by then.
 *
 *   slab      head | piece | piece | ...            one file: what one epoch took in
 *   piece     head | texts | stream: line, digest, revision, column, column, ...
 *
 * Numbers are kept in as few bytes as the greatest needs, from the least one on. A slab
 * of another version of the fields is refused, not guessed at.
 * Pure: bytes in the caller's buffers; no files.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/record/chunk.h"

#define SLAB_PARTS_MAX 1024u
#define SLAB_EVERYBODY UINT16_MAX /* the part of registers every shard keeps */

/* ---- writing ---- */

/* Cuts chunks into pieces of 1 to SLAB_PARTS_MAX parts; of one part, registers lie with the rest.
 * One thread; reused for many chunks. */
struct slicer;
struct slicer *slicer_new(uint32_t parts);
void slicer_free(struct slicer *s); /* NULL is fine */

/* Calls `piece` for each part the chunk has rows of; its bytes are borrowed for the call.
 * `intake` travels along. Rejects are not records and are left out. */
typedef void piece_fn(void *ctx, uint32_t part, struct str piece);
void slicer_cut(struct slicer *s, const struct chunk *c, uint32_t intake, piece_fn *fn,
		   void *ctx);

/* One piece, of part 0, with some rows ([STREAM_STORED]) of a chunk: bytes until the next call;
 * none without rows. */
struct slicer_rows {
	uint32_t *row;
	uint32_t n, cap;
};
struct str slicer_pick(struct slicer *s, const struct chunk *c, uint32_t intake,
		       const struct slicer_rows *rows);

/* The bytes of a slab: begin, then append pieces, then end (which fills in the head). Epoch
 * and instant are the caller's, to tell slabs apart. */
void slab_begin(struct buf *out, int64_t epoch, int64_t at);
void slab_end(struct buf *out);

/* ---- reading ---- */

struct slab {
	const char *p;
	size_t n;
	int64_t epoch, at;
	uint64_t rows;
};

/* Checks head, length and checksum of a whole slab; borrowed. */
bool slab_open(struct slab *s, const void *p, size_t n, struct err *e);

struct slab_piece {
	struct str bytes;        /* the whole piece, borrowed */
	uint32_t part, intake;
	uint64_t rows;
};

/* The piece at *at (0 at first), which moves on; false at the end. Of an opened slab. */
bool slab_next(const struct slab *s, size_t *at, struct slab_piece *out);

/* The piece at the beginning of bytes that stand alone (a spill file); its own checksum is
 * checked. False: what is there is no whole piece. */
bool slab_piece_open(struct slab_piece *out, const void *p, size_t n, struct err *e);

/* A new chunk with the piece's rows, as they were but for their place in the input's bytes. NULL
 * when the bytes do not hold together. */
struct chunk *slab_piece_chunk(const struct slab_piece *p, struct err *e);
