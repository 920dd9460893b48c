/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * temp.h - temporary files: bytes put behind each other, and read again with their checksums.
 *
 * A file has no name, so it is gone with the process whatever ends that. What is put in is
 * framed (length and XXH3), so that nothing is believed that is not as it was written. Reads
 * go through a window of memory of their own, never a mapping: a disk that cannot be read is
 * a sentence, not a signal. Each file belongs to one thread at a time.
 */
#pragma once

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

struct temp_file {
	int fd;                  /* -1: none */
	char *dir;               /* for messages */
	uint64_t bytes;
};

/* False (ERR_WORLD): there can be none in `dir`. To be closed either way. */
bool temp_open(struct temp_file *f, const char *dir, struct err *e);
void temp_close(struct temp_file *f);

/* A frame behind what waits to be added to a file. */
void temp_frame(struct buf *waiting, struct str bytes);
/* Bytes, whole frames, at the end of the file. False (ERR_WORLD) when the disk is full or fails;
 * the file is then as before. */
bool temp_add(struct temp_file *f, struct str bytes, struct err *e);

/* The frames from `at` up to `to`, one after another. */
struct temp_reader {
	const struct temp_file *file;
	uint64_t at, to;         /* of the file, not yet in the window */
	char *window;
	size_t from, n, cap;     /* what is in the window lies from `from` to `n` */
};
void temp_reader_init(struct temp_reader *r, const struct temp_file *f, uint64_t at, uint64_t to);
void temp_reader_fini(struct temp_reader *r);
/* True with a frame, borrowed until the next call, or with p NULL at the end. */
bool temp_next(struct temp_reader *r, struct str *frame, struct err *e);
