/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode.h - bytes in, chunks of typed records and rejects out; streaming.
 *
 * The decoder finds out by itself whether the bytes are gzip (several members too) and,
 * unless the feed says so, whether the text is UTF-8 or GB18030. Memory is bounded by the
 * chunk size and the longest line allowed, not by the file. A line that cannot be taken is
 * a reject in the chunk; only broken containers (truncated gzip, wrong charset throughout)
 * fail the file, and what was good before the break has been given out.
 * Knows formats and feeds, not files or sockets: its owner reads them.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/record/chunk.h"
#include "lib/record/feed.h"

#define DECODE_CHUNK_ROWS 16384u
#define DECODE_LINE_MAX (4u << 20)

struct decoder;

struct decode_stats {
	uint64_t bytes_in, bytes_text;  /* as given; after inflating and converting */
	uint64_t rows;                  /* input rows, header excluded */
	uint64_t rejects;
	uint64_t filtered;              /* rows no stream of the feed wanted */
	uint64_t records[STREAM_STORED];
	uint64_t unknown_columns;       /* columns of the header no field was found for */
	uint64_t unknown_values;        /* cells in such columns that were not empty */
};

/* A decoder for one input. `file_name` chooses the feed's file entry; NULL with reason when
 * the feed does not take it. `wanted` is a bitmap over enum field (FIELD_COUNT bits, NULL = all):
 * other codes and texts are neither read nor kept. Identity, time and state fields always are, and
 * so are numbers and dates: what is refused must not depend on what the rules happen to read.
 * `feed` and `wanted` are borrowed and must outlive the decoder. */
struct decoder *decoder_new(const struct feed *feed, const char *file_name,
			    const uint8_t *wanted, struct err *e);
void decoder_free(struct decoder *d);

/* The language of the sentences in rejects: Chinese unless told, before the first push. */
void decoder_english(struct decoder *d, bool english);

/* Give it bytes. False when the input is broken for good; `e` says where and why. */
bool decoder_push(struct decoder *d, const void *bytes, size_t n, struct err *e);

/* No more bytes: flushes the last row. False when the input ended inside a gzip member (its
 * last, incomplete line is not given out) or nothing in it could be decoded. */
bool decoder_finish(struct decoder *d, struct err *e);

/* The next full chunk, or NULL; after decoder_finish also the last partial one. Caller frees. */
struct chunk *decoder_take(struct decoder *d);

const struct decode_stats *decoder_stats(const struct decoder *d);

/* i-th source column that no field was found for, NULL past the end; for the load report. */
const char *decoder_unknown_column(const struct decoder *d, unsigned i);
