/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers.h - many input files read at once, their chunks handed to one thread.
 *
 * Each reader thread takes the next unread file (largest first), decodes it and scatters its
 * rows; the coordinating thread takes the chunks. The rows of a large CSV file are only read and
 * cut into pieces, which as many decoding threads share. Chunks of one file come in its order,
 * files among each other in any. With 0 threads the coordinating thread reads by itself.
 * A broken file does not stop the others: it is told at the end with its reason.
 * Knows intakes and queues; no rules.
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
	size_t piece; /* bytes of a piece, 0 = default; files of a quarter and more are cut */
};

/* What is known of one file; counts are whole once readers_next has ended. */
struct reader_file {
	const char *path;
	uint64_t bytes;
	bool failed;
	struct err e; /* why */
	struct decode_stats stats;
	char **unknown; /* source columns no field was found for */
	uint32_t n_unknown;
};

/* Starts reading. NULL with a sentence when a file cannot even be looked at or no thread starts. */
struct readers *readers_start(const struct readers_conf *conf, struct err *e);

/* The next chunk, the caller's; NULL when all files have been read. */
struct chunk_ref *readers_next(struct readers *r);

/* Stops early if need be, joins, frees. NULL is fine. */
void readers_free(struct readers *r);

/* For a progress line, from the coordinating thread at any time. */
void readers_progress(const struct readers *r, uint64_t *bytes, uint64_t *total, uint64_t *rows);

/* After readers_next gave NULL. */
const struct reader_file *readers_file(const struct readers *r, uint32_t i);
const struct tally *readers_tally(const struct readers *r);
