/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.h - a query's rows as they are: a table for terminals, or JSON. */
#pragma once

#include <libpq-fe.h>

#include "daemon/cli/cli.h"

/* One JSON object a row, members named as the columns; commas between, no brackets. */
void rows_json(struct buf *b, const PGresult *r);

/* Writes all rows: {"NAME":[...]} or a table; its heads are `zh` or the columns' names. */
enum cli_exit rows_out(const struct cli *c, const PGresult *r, const char *name,
		       const char *const *zh);
