/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chunk.h - decoded records on their way from a decoder to the timelines and the sink.
 *
 * One chunk holds rows of any streams, each stream a table of typed columns.
 * Text is coded by the chunk's own dictionary; who stores the rows translates
 * codes once per distinct value. A chunk is filled by one decoder, then never
 * changed again, so that workers and sink may read it together.
 *
 *   struct table (fee): n rows
 *     col[field.index]:  int64[] | int32[] | uint32[]   (width by type)
 *     src[]:             where each row came from, its digest and its revision
 *
 * Knows fields and dictionaries, not files, timelines or rules.
 */
#pragma once

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/dict.h"
#include "lib/record/field.h"

/* Provenance of one row. */
struct source {
	uint64_t line;      /* 1-based record number (line) in the input */
	uint64_t offset;    /* byte offset of the row in the decoded (inflated, UTF-8) text */
	uint32_t length;    /* bytes of the raw row */
	int64_t revision;   /* seconds; MISSING_I64 when the feed has none */
	uint64_t digest;    /* ties and re-sends: of header and raw row as UTF-8; of the known
	                     * content when there is no raw row or it fills a once_per stream */
};

struct table {
	uint32_t n, cap;
	void **col;         /* [stream_stored_width(stream)], NULL = never read: all missing */
	uint64_t *salt;     /* beside col: hash of the field's name, for digests */
	uint16_t *made;     /* [n_made] which are there, in any order */
	unsigned n_made;
	struct source *src; /* [n] */
};

/* One line that could not be taken. Texts live in the chunk's arena. */
struct reject {
	uint64_t line;
	uint32_t column;         /* 1-based field position, 0 = whole line */
	enum stream stream;
	const char *reason;      /* reason code, a word: "bad-number", "missing-required", ... */
	struct str field;        /* source column name, may be empty */
	struct str sentence;     /* what is wrong and what was expected */
	struct str raw;          /* raw line, cut at 4096 bytes */
};

/* A text that chunks of the family to come will have this number for. */
struct known_code {
	uint32_t code, number;
};

struct chunk {
	struct table table[STREAM_STORED];
	struct dict *dict;
	uint64_t family;          /* its chunks have the same codes up to dict_below; of no other
				   * decoder; 0 = none */
	struct known_code *known; /* [n_known] */
	uint32_t n_known, cap_known;
	uint64_t name;            /* of no other chunk */
	struct arena arena;
	struct reject *reject;
	uint32_t n_reject, cap_reject;
	uint64_t rows;            /* rows read from the input, rejects included */
	uint64_t first_line;
};

/* New empty chunk; chunk_free releases everything it holds. */
struct chunk *chunk_new(void);
struct chunk *chunk_new_over(struct lexicon *below, uint32_t n); /* its dictionary is over these */
void chunk_free(struct chunk *c);

/* Empty again and another chunk, over these; memory is kept. Returns it. */
struct chunk *chunk_again(struct chunk *c, struct lexicon *below, uint32_t n);

/* Rows of all its streams. */
uint64_t chunk_records(const struct chunk *c);

/* Append one row with every column missing; returns its number. */
uint32_t chunk_row(struct chunk *c, enum stream s);

/* Set one value of row `r`; the setter's width must fit the field's type. Derived fields
 * cannot be set. Setting allocates the column when it is the first value of it. */
void chunk_set_i64(struct chunk *c, enum field f, uint32_t r, int64_t v);
void chunk_set_i32(struct chunk *c, enum field f, uint32_t r, int32_t v);
void chunk_set_text(struct chunk *c, enum field f, uint32_t r, struct str v);

/* Read one value; missing when the column or value is. */
int64_t chunk_i64(const struct chunk *c, enum field f, uint32_t r);
int32_t chunk_i32(const struct chunk *c, enum field f, uint32_t r);
uint32_t chunk_code(const struct chunk *c, enum field f, uint32_t r);
struct str chunk_text(const struct chunk *c, enum field f, uint32_t r);

/* Parse `text` by the field's type into row `r`: money, quantities, dates, times, codes.
 * `NULL`, `\N`, and the empty text are missing. False with a sentence when it does not parse. */
bool chunk_parse(struct chunk *c, enum field f, uint32_t r, struct str text, struct err *e);

/* Finish the row: digest over known content when none is set yet, revision from updt_time,
 * inf_time or `revision` (the feed's extract date), required fields present. False: the row is
 * taken back and `e` says why. */
bool chunk_row_done(struct chunk *c, enum stream s, int64_t revision, struct err *e);

/* Takes rows out, the others close up in order; `row` ascending. For who fills the chunk. */
void chunk_drop_rows(struct chunk *c, enum stream s, const uint32_t *row, uint32_t n);

/* Says that so many lines and bytes of the input come before those its rows were counted from. For
 * who fills the chunk, once. */
void chunk_stands(struct chunk *c, uint64_t lines, uint64_t bytes);

/* Note a line that could not be taken (texts are copied). */
void chunk_reject(struct chunk *c, const struct reject *r);
