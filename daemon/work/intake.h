/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake.h - one input file read block by block into chunks.
 *
 * Reads blocks of 256 KiB, digests them, gives them to the file's decoder and hands out the
 * chunks it makes; when the file is broken, everything good before the break has been
 * handed out first. Also keeps the tally of what went by, for the load report.
 * Belongs to one thread at a time; what any thread may call says so. Knows files and decoders;
 * no rules.
 */
#pragma once

#include "daemon/work/chunkref.h"
#include "daemon/work/tally.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/record/decode.h"

struct intake;

/* Opens `path`, a regular file or a pipe, for `feed`. `wanted` is a bitmap over enum field,
 * NULL = all; `number` is put into the chunks as their intake. Feed and bitmap stay borrowed.
 * NULL with path and reason; an empty file is an error too. */
struct intake *intake_open(const char *path, const struct feed *feed, const uint8_t *wanted,
			   uint32_t number, struct err *e);

/* The same for a file that is open already, read from where it stands; `fd` is taken over, on
 * errors too. `path` names it. */
struct intake *intake_take_fd(int fd, const char *path, const struct feed *feed,
			      const uint8_t *wanted, uint32_t number, struct err *e);
void intake_close(struct intake *in); /* NULL is fine */

/* The decoder, to be a lead (decode.h); intake_next then ends without chunks when all is read. */
struct decoder *intake_decoder(struct intake *in);

/* The next chunk into *out (one reference, the caller's); *out == NULL at the end of the file.
 * False when the file is broken for good; nothing follows. */
bool intake_next(struct intake *in, struct chunk_ref **out, struct err *e);

/* As intake_next, but it may also come back with neither a chunk nor the end: *more. */
bool intake_some(struct intake *in, struct chunk_ref **out, bool *more, struct err *e);

/* How what lies behind the header is had. */
enum intake_rest {
	INTAKE_CHUNKS, /* by intake_next, as ever */
	INTAKE_TEXT,   /* by intake_text, and given to the decoder in order, until intake_finish */
	INTAKE_PLACES, /* the same by intake_read_at, from *at on */
};

/* For a lead: reads until rows are given away. Of INTAKE_TEXT the first bytes are in `held`. */
enum intake_rest intake_header(struct intake *in, uint64_t *at, struct buf *held);

/* More text as the file has it, inflated, behind `text`: up to 256 KiB, perhaps none. False at the
 * end; e->code says whether that is where the file is broken. One thread at a time, while another
 * gives to the decoder. */
bool intake_text(struct intake *in, struct buf *text, struct err *e);

/* Up to n bytes of the file from `at`, fewer at its end only; SIZE_MAX with the reason. Any
 * thread. */
size_t intake_read_at(struct intake *in, uint64_t at, char *to, size_t n, struct err *e);

/* The decoder has been given everything. False when the input is broken after all. */
bool intake_finish(struct intake *in, struct err *e);

const char *intake_path(const struct intake *in);
uint64_t intake_size(const struct intake *in);       /* bytes of the file when opened */
uint64_t intake_bytes_read(const struct intake *in); /* so far; from any thread */
const struct decode_stats *intake_stats(const struct intake *in);
const struct tally *intake_tally(const struct intake *in);

/* i-th source column no field was found for, NULL past the end. */
const char *intake_unknown_column(const struct intake *in, unsigned i);

/* From the beginning on, before the first intake_next: what intake_digest needs. */
void intake_keep_digest(struct intake *in);

/* Digest of the bytes read so far; after the end, of the file. */
void intake_digest(const struct intake *in, char out[DIGEST_HEX]);
