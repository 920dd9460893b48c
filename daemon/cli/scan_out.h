/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan_out.h - where findings go: standard output, or a file that appears whole or not at all.
 */
#pragma once

#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/grid.h"
#include "daemon/work/files.h"
#include "lib/finding/finding.h"

enum scan_format { SCAN_NDJSON, SCAN_CSV, SCAN_TABLE };

struct scan_out {
	const struct cli *c;
	enum scan_format format;
	const char *path; /* NULL = standard output */
	bool held; /* set before it is opened: of suppressed findings, each tells why */
	struct staged staged; /* with a path */
	FILE *to;
	char *buffer;     /* of it; NULL: its own */
	struct buf line;
	bool no_room;     /* for a line */
	struct grid grid; /* SCAN_TABLE: kept until the end */
};

/* A file that will replace `path` when finished; false with a sentence. */
bool scan_out_open(struct scan_out *o, const struct cli *c, const char *path, const char *format,
		   struct err *e);

/* One finding; called in order. */
void scan_out_finding(struct scan_out *o, const struct finding *f);

/* The same in two steps: its line, on any thread and at any time, nothing for a table; and, in
 * order, the line to where it goes (p NULL: there was no room for it, so the result is none). */
void scan_out_text(const struct scan_out *o, const struct finding *f, struct buf *line);
void scan_out_line(struct scan_out *o, const struct finding *f, struct str line);

/* All written, or nothing: `keep` false (or a failed write) leaves no file behind. */
bool scan_out_close(struct scan_out *o, bool keep, struct err *e);
