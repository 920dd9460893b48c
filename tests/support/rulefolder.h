/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulefolder.h - the rule files of a folder of the source tree, for tests of the language tools.
 */
#pragma once

#include "lib/rule/ruleset.h"

#define FOLDER_MAX 1000

struct rulefolder {
	uint32_t n;
	struct rule_text text[FOLDER_MAX]; /* named by path from the source root */
	struct buf held[FOLDER_MAX];
};

/* *.rules of `folder` (from the source root) in byte order; none of the folders below. */
void rulefolder_open(struct rulefolder *f, const char *folder);
void rulefolder_close(struct rulefolder *f);

/* Replaces a text; the folder keeps its own copy. */
void rulefolder_set(struct rulefolder *f, uint32_t i, struct str text);

/* Compiles all of them; knowledge files are read from the source tree. */
struct ruleset *rulefolder_compile(const struct rulefolder *f, struct diag_list *d);

/* A file of the source tree; false when it is not there. */
bool source_file(const char *path, struct buf *out);

/* Writes a file of the source tree; for --update. */
void source_write(const char *path, struct str text);
