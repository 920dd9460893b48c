/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers.h - many input files read at once, their rows handed out by shard.
 *
 * Who has nothing else to do opens the next file (largest first). A large CSV file is shared: of a
 * plain one every thread reads the next stretch by itself; one that is zipped, not UTF-8 or a pipe
 * is read a stretch at a time by whoever comes next. Who has read decodes, waits for its turn,
 * makes it good and gives away its rows, while they are still in its cache. So chunks of one file
 * come in its order, to each shard too; files among each other in any. With 0 threads the caller
 * does all.
 * A broken file does not stop the others: it is told at the end with its reason. Pipes that one
 * writer fills in turn need a thread each, since one that is open and silent keeps its reader.
 * Knows intakes and crews; no rules.
 */
#pragma once

#include "daemon/work/files.h"
#include "daemon/work/intake.h"

struct readers;

struct readers_conf {
	const struct path_list *files; /* borrowed; a file's place here is its intake number */
	const struct feed *feed;
	const uint8_t *wanted; /* NULL = all fields */
	uint32_t threads, shards;
	size_t piece; /* bytes of a stretch, 0 = default; files of a quarter and more are shared */
};

/* Who gets the chunks, borrowed during the call and scattered. Both are called by any thread. */
struct readers_sink {
	/* One chunk at a time. False with a sentence: reading is to stop. */
	bool (*chunk)(void *ctx, struct chunk_ref *c, struct err *e);
	/* Then, one at a time of each shard; NULL: nobody. */
	void (*take)(void *ctx, struct chunk_ref *c, uint32_t shard);
	void *ctx;
};

/* What is known of one file; counts are whole once readers_run has ended. */
struct reader_file {
	const char *path;
	uint64_t bytes;
	bool failed;
	struct err e; /* why */
	struct decode_stats stats;
	char **unknown; /* source columns no field was found for */
	uint32_t n_unknown;
};

/* NULL with a sentence when a file cannot even be looked at. */
struct readers *readers_new(const struct readers_conf *conf, struct err *e);
void readers_free(struct readers *r); /* NULL is fine */

/* Reads all files, once. False when the sink said no or no thread started. */
bool readers_run(struct readers *r, const struct readers_sink *sink, struct err *e);

/* For a progress line, from `chunk`. */
void readers_progress(const struct readers *r, uint64_t *bytes, uint64_t *total, uint64_t *rows);

/* After readers_run. */
const struct reader_file *readers_file(const struct readers *r, uint32_t i);
const struct tally *readers_tally(const struct readers *r);
