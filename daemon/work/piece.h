/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * piece.h - a stretch of one file's rows on its way: text, then chunks, then chunks made good.
 *
 * Who reads a piece decodes it, while its text is in the cache. Owned by one thread at a time.
 * Pieces of a file are settled in order. See decode.h for what a lead and its parts are.
 */
#pragma once

#include "daemon/work/chunkref.h"
#include "daemon/work/intake.h"
#include "daemon/work/tally.h"
#include "lib/base/buf.h"

struct piece;

struct piece *piece_new(void);
void piece_free(struct piece *p); /* NULL is fine */

/* Empties it for another stretch of file number `file`. */
void piece_begin(struct piece *p, uint32_t file, struct intake *in);

/* More text, when it is the lead's decoder_text_fn. */
bool piece_take(void *piece, const char *text, size_t n, bool suspect, struct err *e);
size_t piece_size(const struct piece *p); /* bytes of its text */

/* What the lead gives away when it is pushed; piece_collect is its decoder_text_fn. */
struct pushed {
	struct buf text;
	bool suspect;
};

bool piece_collect(void *pushed, const char *text, size_t n, bool suspect, struct err *e);

/* Reads, after piece_begin, the lines that begin in the `size` bytes behind `at`; of `first` the
 * first one begins there. Only of a plain intake. False: the file ends there, or has before. */
bool piece_read(struct piece *p, uint64_t at, uint64_t size, bool first);

/* What one piece of INTAKE_TEXT leaves to the next. */
struct text_rest {
	struct buf line; /* one that is not yet whole */
	bool overlong;   /* in the middle of one too long to be held */
};

/* Reads on, after piece_begin: `size` bytes and a little more, whole lines. False at the end of
 * the file; e->code says whether that is where it is broken. */
bool piece_read_on(struct piece *p, size_t size, struct text_rest *rest, struct err *e);

/* The same of INTAKE_CHUNKS: a chunk, which needs neither decoding nor settling; or, when it is
 * the lead's decoder_text_fn, text. */
bool piece_fill(struct piece *p, size_t size, struct err *e);

/* Decodes it by a part of its file's lead and scatters its rows. The part is *part when that is of
 * the same file, else a new one. */
void piece_decode(struct piece *p, struct decoder **part, uint32_t *part_file, uint32_t shards);

/* Makes it good. False when it could not be read or the lead says that the input is broken. */
bool piece_settle(struct piece *p, uint32_t shards, struct pushed *pushed, struct err *e);

/* After its file's last piece was settled: what the lead still holds becomes its last chunks. */
void piece_last(struct piece *p, uint32_t shards, struct pushed *pushed);

/* What it brought to the sums, once; returns the rows read. */
uint64_t piece_sums(struct piece *p, struct tally *sums);

/* The i-th chunk, NULL behind the last. */
struct chunk_ref *piece_chunk_at(const struct piece *p, uint32_t i);

uint32_t piece_file(const struct piece *p);
struct intake *piece_intake(const struct piece *p);

/* It lies behind what could not be read: no chunks, no sums. */
void piece_refuse(struct piece *p);

/* Drops its chunks; or gives them to a decoder for the same file, to be filled again. */
void piece_drop(struct piece *p);
void piece_give_back(struct piece *p, struct decoder *to);
