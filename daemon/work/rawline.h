/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rawline.h - lines of an input as they came, found again by their numbers.
 *
 * Goes the decoder's way (inflate, character set, CSV or JSON) and stops before anything is
 * left out: every column is there, those too that no feed maps. Text of other character sets is
 * shown in UTF-8, which loses nothing.
 * Knows one descriptor; not where it came from.
 */
#pragma once

#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/record/feed.h"

struct rawline {
	uint64_t line;             /* asked for: where the record begins, from 1 */
	bool found;
	uint64_t offset;           /* byte in the text, inflated and in UTF-8 */
	struct str raw;            /* without the line's end */
	struct str *cell;          /* CSV only */
	uint32_t n_cell;
};

struct rawlines {
	struct arena arena;        /* of all texts */
	struct rawline *line;      /* rising */
	uint32_t n;
	struct str *head;          /* the columns' names; CSV only */
	uint32_t n_head;
	const char *charset;       /* "utf-8", "gb18030" */
};

/* Reads `fd` until all lines are found; those that are not there stay so. `line` is rising. */
bool rawlines_read(int fd, const struct feed *feed, const char *file_name, const uint64_t *line,
		   uint32_t n, struct rawlines *out, struct err *e) MUST_CHECK;
void rawlines_fini(struct rawlines *r);
