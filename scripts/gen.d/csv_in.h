/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small reader for the generator's own CSV tables: whole file in memory,
 * quotes handled, fields by header name. Not the decoder under test.
 */
#pragma once

#include <stdbool.h>

enum { CSV_MAX_FIELDS = 24 };

struct csv_in {
	char *text, *at;
	int ncols;
	char *cols[CSV_MAX_FIELDS];
	char *fields[CSV_MAX_FIELDS];
};

bool csv_open(struct csv_in *c, const char *folder, const char *file);
bool csv_next(struct csv_in *c);
/* The field under this header, "" when there is no such column. */
const char *csv_get(const struct csv_in *c, const char *col);
void csv_close(struct csv_in *c);
