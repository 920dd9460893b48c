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

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/record/charset.h"
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

/* The same in steps, each of one block of text: bytes are borrowed until it is hungry again. */
void decoder_feed(struct decoder *d, const void *bytes, size_t n);
bool decoder_hungry(const struct decoder *d);
bool decoder_step(struct decoder *d, struct err *e);

/* No more bytes: flushes the last row. False when the input ended inside a gzip member (its
 * last, incomplete line is not given out) or nothing in it could be decoded. */
bool decoder_finish(struct decoder *d, struct err *e);

/* The next full chunk, or NULL; after decoder_finish also the last partial one. Caller frees. */
struct chunk *decoder_take(struct decoder *d);

/* A chunk of this decoder, or of one for the same file, that is no longer needed: its memory is
 * used again. */
void decoder_give(struct decoder *d, struct chunk *take_chunk);

const struct decode_stats *decoder_stats(const struct decoder *d);

/*
 * One CSV text decoded by several threads. The lead is a decoder as above that reads the header
 * and then gives the text of the rows away in order; its owner cuts that into pieces of whole
 * lines. Parts, each owned by any thread, decode pieces as if each were all there is. What a
 * once_per stream makes of a row depends on the rows before: a part claims what it could not be
 * sure of, and the lead, asked piece by piece in order, takes back what had come before. A piece
 * that cannot be had so (a quoted cell reaches over its end, a refused row would not have been
 * refused) is decoded again by the lead. So the chunks hold the same records and rejects as
 * those of one decoder.
 */
typedef bool decoder_text_fn(void *ctx, const char *p, size_t n, bool suspect, struct err *e);

/* Before the first push. Rows that are not CSV are decoded as ever. */
void decoder_divert(struct decoder *d, decoder_text_fn *fn, void *ctx);

/* Whether rows have been given away. */
bool decoder_diverts(const struct decoder *d);

/* Bit per enum stream whose rows the lead may take back. */
uint32_t decoder_once_streams(const struct decoder *lead);

/*
 * Rows that need not be given away byte by byte: when true, what follows in the input, inflated,
 * is given away as it is wherever decoder_passes says so. The last bytes pushed, an unfinished
 * line, are the lead's no longer but added to `held`: they belong to what follows.
 * From now on the input may be inflated by one thread, while another passes, pushes and admits.
 */
bool decoder_plain(struct decoder *lead, struct buf *held);

/* Whether the input is gzip; else what follows is text as it stands. */
bool decoder_zipped(const struct decoder *lead);

/* Of a zipped one, fed and not hungry: adds the next step of it to `text`. False when it is
 * broken, behind what was added. */
bool decoder_inflate(struct decoder *lead, struct buf *text, struct err *e);

/* No more bytes. False when they ended inside a member. */
bool decoder_inflated(struct decoder *lead, struct err *e);

/* Whole lines in order, n bytes in all, of which charset_kind said `kind`. True: they are text as
 * they are, and counted. False: push them. */
bool decoder_passes(struct decoder *lead, enum charset_kind kind, size_t n);
/* Such text through the lead's stages, as decoder_push does with what is not inflated yet. */
bool decoder_push_text(struct decoder *lead, const char *p, size_t n, struct err *e);

/* Instead of decoder_finish, behind all text: the input broke off there. */
void decoder_cut(struct decoder *lead);

struct text_piece {
	const char *p;
	size_t n;
	bool suspect; /* so said of any of its bytes */
	bool raw;     /* as it stands in the input: parts find out the character set of its lines */
};

/* Whether parts may decode whole lines as they stand; else, unless they pass, the lead has to. */
bool decoder_takes_raw(const struct decoder *lead, const char *p, size_t n);

/* What the lead must know of a piece that a part has decoded. */
struct piece_claims;
void piece_claims_free(struct piece_claims *c); /* NULL is fine */

/* A part for a lead that has begun to give rows away; any thread, as decoder_takes_raw and
 * decoder_once_streams: they only read what does not change any more. */
struct decoder *decoder_part(const struct decoder *lead);

/* Decodes a piece, wherever it lies in the text: lines and offsets are counted from its beginning
 * until it is admitted. Its chunks by decoder_take. NULL when the lead must do it. */
struct piece_claims *decoder_piece(struct decoder *part, const struct text_piece *t);

/* The next piece in order: takes back what had come before, by chunk, counts it and says where in
 * the text it lies. False: the chunks are wrong, use decoder_again; raw text is to be pushed. */
bool decoder_admit(struct decoder *lead, const struct piece_claims *c, struct chunk **chunk,
		   uint32_t n_chunk);

/* The next piece in order, decoded by the lead; its chunks by decoder_take_again. */
void decoder_again(struct decoder *lead, const struct text_piece *t);
struct chunk *decoder_take_again(struct decoder *lead);

/* Whether the last piece ended inside a record, so that the next must be decoded by the lead. */
bool decoder_inside(const struct decoder *lead);

/* After the last piece: what the lead still holds is given out, by decoder_take_again. */
void decoder_end_pieces(struct decoder *lead);

/* i-th source column that no field was found for, NULL past the end; for the load report. */
const char *decoder_unknown_column(const struct decoder *d, unsigned i);
