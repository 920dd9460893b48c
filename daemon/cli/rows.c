/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cli/rows.h"

#include <string.h>

#include "daemon/cli/grid.h"

/* Types as PostgreSQL's catalogue numbers them; they never change. */
enum { OID_BOOL = 16, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23 };

static void value_json(struct buf *b, const PGresult *r, int row, int col)
{
	const char *v = PQgetvalue(r, row, col);
	if (PQgetisnull(r, row, col)) {
		buf_adds(b, "null");
		return;
	}
	switch (PQftype(r, col)) {
	case OID_BOOL:
		buf_adds(b, *v == 't' ? "true" : "false");
		return;
	case OID_INT8:
	case OID_INT2:
	case OID_INT4:
		buf_adds(b, v);
		return;
	default:
		buf_json(b, str_of(v));
	}
}

static void row_json(struct buf *b, const PGresult *r, int row, int columns)
{
	for (int k = 0; k < columns; k++) {
		buf_addf(b, "%s\"%s\":", k ? "," : row ? ",{" : "{", PQfname(r, k));
		value_json(b, r, row, k);
	}
	buf_addc(b, '}');
}

void rows_json(struct buf *b, const PGresult *r)
{
	for (int i = 0; i < PQntuples(r); i++)
		row_json(b, r, i, PQnfields(r));
}

static bool has_total(const PGresult *r)
{
	return strcmp(PQfname(r, PQnfields(r) - 1), "total") == 0;
}

static const char *total_of(const PGresult *r)
{
	return PQntuples(r) ? PQgetvalue(r, 0, PQnfields(r) - 1) : "0";
}

static void list_json(const struct row_list *l, const PGresult *r, struct buf *b)
{
	bool total = has_total(r);
	buf_addc(b, '{');
	if (total)
		buf_addf(b, "\"count\":%s,", total_of(r));
	buf_addf(b, "\"%s\":[", l->name);
	for (int i = 0; i < PQntuples(r); i++)
		row_json(b, r, i, PQnfields(r) - total);
	buf_adds(b, "]}\n");
}

static const char *cell(const struct cli *c, const struct row_list *l, const PGresult *r, int row,
			int col)
{
	return l->shown ? l->shown(c, r, row, col) : PQgetvalue(r, row, col);
}

static void list_text(const struct cli *c, const struct row_list *l, const PGresult *r,
		      struct buf *b)
{
	bool total = has_total(r);
	struct grid g;
	if (PQntuples(r) == 0) {
		buf_addf(b, "%s\n", cli_text(c, l->none_zh, l->none_en));
		return;
	}
	grid_init(&g, (unsigned)(PQnfields(r) - total));
	for (unsigned k = 0; k < g.columns; k++)
		grid_cell(&g, str_of((c->english ? l->en : l->zh)[k]));
	grid_rule(&g);
	for (int i = 0; i < PQntuples(r); i++)
		for (unsigned k = 0; k < g.columns; k++)
			grid_cell(&g, str_of(cell(c, l, r, i, (int)k)));
	grid_print(&g, b, cli_columns(c));
	grid_fini(&g);
	if (total)
		buf_addf(b, cli_text(c, "共 %s 条，列出 %d 条\n", "%s in all, %d shown\n"),
			 total_of(r), PQntuples(r));
}

enum cli_exit rows_list(struct cli *c, const struct db_opts *o, const struct row_list *l, int n,
			const char *const *values)
{
	struct db db;
	struct buf b;
	struct err e = { 0 };
	enum cli_exit code = cli_db_open(c, o, false, &db);
	if (code != CLI_OK)
		return code;
	buf_init(&b, 0);
	PGresult *r = db_query(&db, l->sql, n, values, &e);
	if (r && c->json)
		list_json(l, r, &b);
	else if (r)
		list_text(c, l, r, &b);
	code = r ? cli_out(c, &b, CLI_OK) : cli_err(c, &e);
	PQclear(r);
	buf_fini(&b);
	db_close(&db);
	return code;
}
