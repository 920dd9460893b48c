/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.h - rule folders, feeds and extract files as they lie on disk.
 *
 * The library reads texts; this is who opens them. Everything is bounded: a rule file by
 * 4 MiB, a knowledge file by 256 MiB, a feed by 1 MiB. Knowledge is looked for beside the
 * rule file that names it and never outside the folder the rules were loaded from,
 * symbolic links included. Knows paths, not contents.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/record/feed.h"
#include "lib/rule/diag.h"
#include "lib/rule/ruleset.h"

#define RULE_FILE_MAX      (4u << 20)
#define KNOWLEDGE_FILE_MAX (256u << 20)
#define FEED_FILE_MAX      (1u << 20)

/* The whole file into `out` (initialised, emptied first). False with path and reason when it
 * cannot be read, is no regular file, or is larger than `max` bytes. */
bool file_read(const char *path, size_t max, struct buf *out, struct err *e) MUST_CHECK;

/* Where output for a path goes until it is whole: beside the regular file it will replace (a link's
 * target, not the link), or to the path itself when that is a device or a pipe. */
struct staged {
	char temp[4096], target[4096];
};
bool staged_begin(struct staged *s, const char *path, struct err *e) MUST_CHECK;
/* Flushed to the disk where there is one; false with errno. */
bool staged_sync(int fd);
/* Puts the whole output in place; false with errno. staged_drop takes it away instead. */
bool staged_keep(const struct staged *s);
void staged_drop(const struct staged *s);

/* Writes the whole text under a temporary name beside `path` and renames it over: readers see
 * the old file or the new one. */
bool file_write(const char *path, struct str text, struct err *e) MUST_CHECK;

/* A growing list of paths, each malloc'd. */
struct path_list {
	char **path;
	uint32_t n, cap;
};
void path_list_fini(struct path_list *l);
void path_list_add(struct path_list *l, const char *path); /* copied */

/* *.rules under `path` in all folders below, or `path` itself when it is a file; sorted by
 * bytes, hidden ones left out. False when there is none or a folder cannot be read. */
bool rule_files_find(const char *path, struct path_list *out, struct err *e) MUST_CHECK;

/* Compiles all rule files of all paths into one set. NULL with diagnostics in `d` (initialised)
 * when rules are wrong; NULL with `e` set (e->code != ERR_NONE) when files cannot be had. */
struct ruleset *rules_load(const struct path_list *paths, const struct rule_settings *settings,
			   struct diag_list *d, struct err *e);

/* Texts that stand for files: what an editor holds, what a tool is about to write. */
struct overlay {
	const char *path; /* as rule_files_find gives it */
	struct str text;
};

/* As rules_load, with other texts for some of the files. */
struct ruleset *rules_load_over(const struct path_list *paths, const struct overlay *over,
				uint32_t n_over, const struct rule_settings *settings,
				struct diag_list *d, struct err *e);

/* A feed file by path; NULL with path, place and reason on error. */
struct feed *feed_load(const char *path, struct err *e);

/* The files of a folder in byte order, hidden ones and sub-folders left out; or the file itself. */
bool input_files_find(const char *path, struct path_list *out, struct err *e) MUST_CHECK;

/* File name without folders; borrowed from `path`. */
const char *path_base(const char *path);
