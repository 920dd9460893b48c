/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * segments.h - the records of committed epochs on disk, so that a restart need not ask the
 * database for them.
 *
 * Each epoch with records becomes one file before it is committed, whole or not at all
 * (written under another name, synced, renamed, folder synced), and is never changed. The
 * database's last epoch says which of them count: a file of an epoch that was never committed
 * is removed. All files of the committed epochs together are the checkpoint; if one is
 * missing or its checksum does not hold, the whole checkpoint is not believed, records are
 * read from the database, and what was read becomes the new base.
 *
 *   00000000000000000042.seg    epoch 42
 *   base-42-000001.seg ...      all epochs up to 42: from the database, or files put together
 *   base-42.ok                  their number and rows: the base is whole
 *
 * Writing belongs to one thread (the sink's preparer), reading comes before it.
 */
#pragma once

#include "daemon/sink/epoch.h"

struct segments;

/* Opens (makes) the folder. NULL with a sentence. */
struct segments *segments_open(const char *dir, struct err *e);
void segments_close(struct segments *g); /* NULL is fine */

/* The epoch's chunks become a file. A failure is told once in the log and makes the files
 * useless from here on: the next start reads from the database. */
void segments_write(struct segments *g, const struct epoch *ep);

/* An epoch with records, as the database tells. */
struct epoch_rows {
	int64_t epoch, at;       /* at: microseconds UTC of its commit, as the epoch said */
	uint64_t records;
};

/* Whether the files hold exactly these epochs ([n], ascending; `last` is the last of all): every
 * one is there, whole, with as many rows. Files of later epochs are removed. False: the
 * sentence says what is wrong. */
bool segments_check(struct segments *g, const struct epoch_rows *rows, uint32_t n, int64_t last,
		    struct err *e);

/* After segments_check: every chunk, epoch by epoch. `take` owns its chunk and may say stop. */
typedef bool segments_fn(void *ctx, struct chunk_ref *take_chunk, uint64_t rows);
bool segments_read(struct segments *g, segments_fn *take, void *ctx, struct err *e);

/* From any thread: the database has the epoch, and all before it. When the files of epochs it
 * has are many and as large as the base, the next segments_write makes all a new base first; a
 * few seconds for a gigabyte. segments_compact_at: how many are many, for tests. */
void segments_committed(struct segments *g, const struct epoch *ep);
void segments_compact_at(struct segments *g, uint32_t files);

/* Removes every file and writes no more: what was purged must not stay here. */
void segments_clear(struct segments *g);

/* While records come from the database: what they are is kept as a base of all epochs up to
 * `last`, the last with records, of instant `at`. base_end makes it count; base_drop gives it
 * up. */
void segments_base_begin(struct segments *g, int64_t last, int64_t at);
void segments_base_add(struct segments *g, const struct chunk *c, uint32_t intake);
void segments_base_end(struct segments *g);
void segments_base_drop(struct segments *g);
