/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode_impl.h - what a decoder is made of; for decode.c and decode_part.c only.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/record/charset.h"
#include "lib/record/csv.h"
#include "lib/record/decode.h"
#include "lib/record/inflate.h"
#include "lib/record/json.h"
#include "lib/record/row.h"

struct decoder {
	const struct feed *feed;
	const struct feed_file *file;
	const uint8_t *wanted;
	struct inflate *inflate; /* NULL in parts */
	struct bytes fed;        /* not used yet */
	struct charset *charset; /* of parts: settled, NULL when the lead's was not */
	enum feed_format format; /* FORMAT_AUTO until seen */
	bool any_message;        /* JSON objects may be messages or rows, each as it is */
	struct csv *csv;
	struct json *json;
	uint64_t blank_lines, blank_bytes; /* before the first text */
	bool has_header;
	struct buf header;       /* its text, for parts */
	uint64_t header_hash;
	bool broken;
	bool cut;                /* the input broke off: its last line is not whole */
	struct decode_stats stats;
	struct rower rower;
	decoder_text_fn *divert; /* NULL: rows are decoded here */
	void *divert_ctx;
	bool diverting;          /* rows are being given away */
	bool zipped, settled;    /* gzip, its character set found; known when they are plain */
	struct claims claims;    /* parts only */
	uint32_t claimed;        /* by the piece before */
};

/* Rows of CSV text, the header first; ctx is the decoder. */
bool decode_csv_rows(void *ctx, const struct csv_row *row, unsigned n, struct err *e);

/* Before their text goes; as csv_settle_fn. */
bool decode_csv_settle(void *ctx, uint64_t *line, uint64_t *offset);
