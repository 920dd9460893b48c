/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h - versions of records and their raw lines, for `record show`.
 */
#pragma once

#include "daemon/cli/cli.h"
#include "daemon/journal/archive.h"
#include "daemon/work/feeds.h"
#include "lib/base/arena.h"

/* Columns of the query, in its order. */
enum {
	RECORD_STREAM,
	RECORD_IDENTITY,
	RECORD_INTAKE,
	RECORD_LINE,
	RECORD_REVISION,
	RECORD_FILE,
	RECORD_DIGEST,
	RECORD_FEED,
	RECORD_FEED_NAME,
	RECORD_ARCHIVE,
	RECORD_SERIAL,
	RECORD_FACILITY,
	RECORD_VISIT,
	RECORD_TEXTS
};

struct version {
	struct str text[RECORD_TEXTS];
	const char *why;         /* why there is no raw line, or NULL */
	bool other_feed;         /* it was read with another feed than that of the settings */
	const char *charset;
	uint64_t offset;
	struct str raw;
	struct str *name, *cell; /* CSV only */
	uint32_t n_cell;
};

struct versions {
	struct arena arena;
	struct version *v;
	uint32_t n, cap;
};

void versions_init(struct versions *v);
void versions_fini(struct versions *v);
void versions_add(struct versions *v, const char *const text[RECORD_TEXTS]);

/* Finds the raw lines of all versions; what cannot be had says why. */
void versions_read(struct versions *v, const struct archive *a,
		   const struct feeds *feeds);

void versions_print(const struct versions *v, const struct cli *c, struct buf *b);
