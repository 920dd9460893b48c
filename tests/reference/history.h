/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.h - a random little world of settlement data, as plain rows.
 *
 * A few persons, facilities, visits and items over a handful of boundary dates, with
 * re-sends, revisions, refunds of every shape and missing values. Rows are values by field:
 * nothing of the library but its list of fields takes part in making them.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/record/chunk.h"
#include "tests/reference/random.h"

/* One value: numbers at their column's scale, texts as bytes. */
struct cell {
	bool known;
	int64_t n;
	const char *s;
};

struct record {
	enum stream stream;
	struct cell *cell;       /* [stream_stored_width(stream)] by field index */
	int64_t revision;        /* as the decoder sees them; set by history_chunk */
	uint64_t digest;
};

struct history {
	struct arena arena;
	struct record **rec;     /* in order of arrival */
	uint32_t n, cap;
};

void history_make(struct history *h, struct rng *r);
void history_fini(struct history *h);

const struct cell *record_cell(const struct record *r, enum field f);

/* The rows as a decoder would hand them on; also notes revision and digest in each record. */
struct chunk *history_chunk(struct history *h);

/* A value as it would be written in an example. */
void history_show_cell(struct buf *b, enum field f, const struct cell *c);
