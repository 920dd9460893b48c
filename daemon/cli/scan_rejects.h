/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan_rejects.h - every line that could not be taken, as NDJSON sorted by file and line.
 * Files are read side by side, so each keeps its own temporary file until the end.
 */
#pragma once

#include "daemon/work/readers.h"

struct scan_rejects;

/* NULL path: nothing is kept (and NULL is returned). */
struct scan_rejects *scan_rejects_new(const char *path, const struct path_list *files);

/* The rejects of one chunk of file `file`; chunks of one file come in order. */
bool scan_rejects_add(struct scan_rejects *r, const struct chunk *c, uint32_t file, struct err *e);

/* Puts the parts together and the file in its place. Frees `r` (NULL is fine) in every case. */
bool scan_rejects_close(struct scan_rejects *r, bool keep, struct err *e);
