/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rows.h - the rows of one query as they are: a table for terminals, or JSON.
 *
 * Numbers and truth values of the database are so in JSON too; NULL is null, in a table nothing.
 */
#pragma once

#include <libpq-fe.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/db.h"

/* One `... list` command. */
struct row_list {
	const char *name; /* of the JSON array */
	/* Columns are named as the members. A last one named "total" is not listed: it says how
	 * many rows there are without the limit. */
	const char *sql;
	const char *const *zh, *const *en;  /* heads, one a column listed */
	const char *none_zh, *none_en;      /* the line in place of an empty table */
	/* What a cell shows in place of its value; NULL: the value. */
	const char *(*shown)(const struct cli *c, const PGresult *r, int row, int col);
};

/* One JSON object a row; commas between, no brackets. */
void rows_json(struct buf *b, const PGresult *r);

/* Asks the database and writes {"NAME":[...]} or a table. `values` are the query's parameters. */
enum cli_exit rows_list(struct cli *c, const struct db_opts *o, const struct row_list *l, int n,
			const char *const *values);
