/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * piece.h - a stretch of one file's rows on its way: text from the thread that reads the file,
 * chunks from whichever thread decodes it, made good by the thread that takes the chunks.
 *
 * Owned by one thread at a time; piece_done is the hand-over from the decoding thread. Pieces of
 * a file must be settled in order. See decode.h for what a lead and its parts are.
 */
#pragma once

#include "daemon/work/chunkref.h"
#include "daemon/work/intake.h"
#include "daemon/work/tally.h"

#define PIECE_BYTES (4u << 20)

struct piece;

struct piece *piece_new(void);
void piece_free(struct piece *p); /* NULL is fine */

/* Empties it for another stretch of `in`, which begins behind so many lines and bytes. */
void piece_begin(struct piece *p, uint32_t file, struct intake *in, uint64_t lines,
		 uint64_t bytes);

/* More text; `suspect` as the decoder says it. */
void piece_add(struct piece *p, const char *text, size_t n, bool suspect);
size_t piece_size(const struct piece *p);
bool piece_suspect(const struct piece *p);
/* Where the next piece begins. */
void piece_end(const struct piece *p, uint64_t *lines, uint64_t *bytes);

/* Decodes it by a part of its file's lead, scatters its rows and tells that it is done. The part
 * is *part when that is of the same file, else a new one. */
void piece_decode(struct piece *p, struct decoder **part, uint32_t *part_file, uint32_t shards);

/* Waits until it is decoded; then makes it good and adds what it brought to the sums. Returns
 * the rows read. */
uint64_t piece_settle(struct piece *p, uint32_t shards, struct tally *sums);

/* The next chunk, the caller's; NULL when there are no more. After piece_settle. */
struct chunk_ref *piece_take(struct piece *p);

/* What the lead still holds when all pieces are settled, in an emptied piece. */
uint64_t piece_last(struct piece *p, uint32_t file, struct intake *in, uint32_t shards,
		    struct tally *sums);
