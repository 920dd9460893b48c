/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * encode.h - rows of chunks as binary COPY of their stream's table.
 *
 * Only columns that any of the chunks has are named and written: most were never in the input,
 * and the server fills them with NULL. Texts are checked once per distinct value of a chunk;
 * what PostgreSQL cannot hold is mended. Knows chunks and the schema; no connection.
 */
#pragma once

#include "daemon/work/chunkref.h"
#include "lib/base/buf.h"

struct encoder;

struct encoder *encoder_new(void);
void encoder_free(struct encoder *en); /* NULL is fine */

/* Rows of one stream follow, from these chunks. `sql` gets the COPY statement. */
void encoder_stream(struct encoder *en, enum stream s, struct chunk_ref *const *chunk, uint32_t n,
		    struct buf *sql);

/* Rows of this one follow; borrowed until the next. */
void encoder_chunk(struct encoder *en, const struct chunk_ref *chunk);

/* One row of it behind what `out` has. */
void encoder_row(struct encoder *en, uint32_t row, struct buf *out);
