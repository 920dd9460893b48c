/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spool.h - the folder that complete files are renamed into.
 *
 * inotify tells of files that were moved in or closed after writing; a scan at start and
 * after an overflow finds those nobody told of. Files are given out by name order. Names
 * that begin with a dot or end in .part or .tmp are somebody's unfinished work; anything
 * that is not a plain file with an ordinary name (links, pipes, folders, control characters
 * or bytes that are no UTF-8 in the name) is refused with one log line and left where it is.
 * A file that was read is moved to done/ or failed/ with NAME.report.json beside it.
 * Owned by the main thread; knows names and files, not what is in them.
 */
#pragma once

#include <sys/stat.h>

#include "lib/base/err.h"
#include "lib/base/str.h"

struct spool;

/* A file given out: an open descriptor and what the file was then. */
struct spool_file {
	char *name;        /* owned by the holder; spool_file_fini */
	int fd;
	struct stat was;
};
void spool_file_fini(struct spool_file *f); /* closes fd when it is still >= 0 */

/* Makes the folder with done/ and failed/ when missing, watches it and scans it. */
struct spool *spool_open(const char *dir, struct err *e);
void spool_close(struct spool *s); /* NULL is fine */

/* Readable when something happened in the folder; then call spool_read. */
int spool_fd(const struct spool *s);
bool spool_read(struct spool *s, struct err *e) MUST_CHECK;

/* Names waiting. */
unsigned spool_waiting(const struct spool *s);

/* Opens the first waiting file by name order that can be opened, and counts it as given out
 * until spool_finish. False when there is none. */
bool spool_next(struct spool *s, struct spool_file *out);

/* The same for one name; false when it is not waiting. */
bool spool_take(struct spool *s, const char *name, struct spool_file *out);

/* It could not be read now: it waits again. */
void spool_again(struct spool *s, const struct spool_file *f);

/* Whether the name still is the file that was given out, unchanged. From any thread. */
enum spool_change { SPOOL_SAME, SPOOL_REPLACED, SPOOL_CHANGED };
enum spool_change spool_check(const struct spool *s, const struct spool_file *f);

/* Writes the report and moves the file (unless its name is another file by now, or one with more
 * in it, which is then waiting again). `good`: to done/, else failed/. */
bool spool_finish(struct spool *s, const struct spool_file *f, bool good, struct str report,
		  struct err *e) MUST_CHECK;
