/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * archive.h - the folder that keeps every input as it came, named by the digest of its bytes.
 *
 *   incoming/N      being written; cleared when the archive is opened by its one writer
 *   incoming/DIGEST set aside by a purge; put back then
 *   ab/cdef...      sealed: read-only, never changed, gone only by a purge
 *
 * The same bytes twice are one file. Knows bytes and digests; not what refers to them.
 * An archive may be used from several threads, a struct archive_file belongs to one.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"

#define ARCHIVE_NAME (DIGEST_HEX + 1) /* "ab/cdef..." and a NUL */

struct archive {
	int dir;
	_Atomic uint64_t next; /* name in incoming/ */
};

/* `writer`: makes the folder when missing and clears incoming/; else it is only read. */
bool archive_open(struct archive *a, const char *dir, bool writer, struct err *e) MUST_CHECK;
void archive_close(struct archive *a);

/* A file being written. */
struct archive_file {
	int fd;
	char name[40];
	struct digest digest;
	uint64_t bytes;
};

bool archive_begin(struct archive *a, struct archive_file *f, struct err *e) MUST_CHECK;
bool archive_write(struct archive_file *f, const void *p, size_t n, struct err *e) MUST_CHECK;

/* Gives it its name; `durable`: nothing can lose it once this returns. f is closed either way,
 * and after an error nothing is left of it. */
bool archive_seal(struct archive *a, struct archive_file *f, bool durable,
		  char digest[DIGEST_HEX], struct err *e) MUST_CHECK;
void archive_drop(struct archive *a, struct archive_file *f);

/* All that was sealed until now is durable. */
bool archive_sync(struct archive *a, struct err *e) MUST_CHECK;

/* Opens for reading; -1 with a sentence when it is not there. */
int archive_fd(const struct archive *a, const char *digest, struct err *e);

/* Bytes of a sealed file, -1 when it is not there. */
int64_t archive_size(const struct archive *a, const char *digest);

/* Whether its bytes still have the digest of its name. */
bool archive_check(const struct archive *a, const char *digest, struct err *e) MUST_CHECK;

/* The same for all of it; *checked counts the files. */
bool archive_each(const struct archive *a, uint64_t *checked, struct err *e) MUST_CHECK;

/* A purge of a file in two steps, since a daemon may be taking the same bytes in again: out of
 * sight, then for good (archive_remove) or back. */
bool archive_aside(struct archive *a, const char *digest, struct err *e) MUST_CHECK;
bool archive_is_aside(const struct archive *a, const char *digest);
bool archive_back(struct archive *a, const char *digest, struct err *e) MUST_CHECK;

/* Gone for ever, aside or not; one that is not there is fine. */
bool archive_remove(struct archive *a, const char *digest, struct err *e) MUST_CHECK;

/* Where it lies below the archive's folder. */
void archive_name(const char *digest, char out[ARCHIVE_NAME]);
