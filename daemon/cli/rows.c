/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cli/rows.h"

#include "daemon/cli/grid.h"

void rows_json(struct buf *b, const PGresult *r)
{
	for (int i = 0; i < PQntuples(r); i++) {
		buf_adds(b, i ? ",{" : "{");
		for (int k = 0; k < PQnfields(r); k++) {
			buf_addf(b, "%s\"%s\":", k ? "," : "", PQfname(r, k));
			if (PQgetisnull(r, i, k))
				buf_adds(b, "null");
			else
				buf_json(b, str_of(PQgetvalue(r, i, k)));
		}
		buf_addc(b, '}');
	}
}

static void rows_text(const struct cli *c, const PGresult *r, const char *const *zh, struct buf *b)
{
	struct grid g;
	grid_init(&g, (unsigned)PQnfields(r));
	for (int k = 0; k < PQnfields(r); k++)
		grid_cell(&g, str_of(c->english ? PQfname(r, k) : zh[k]));
	grid_rule(&g);
	for (int i = 0; i < PQntuples(r); i++)
		for (int k = 0; k < PQnfields(r); k++)
			grid_cell(&g, str_of(PQgetvalue(r, i, k)));
	grid_print(&g, b, cli_columns(c));
	grid_fini(&g);
}

enum cli_exit rows_out(const struct cli *c, const PGresult *r, const char *name,
		       const char *const *zh)
{
	struct buf b;
	buf_init(&b, 0);
	if (c->json) {
		buf_addf(&b, "{\"%s\":[", name);
		rows_json(&b, r);
		buf_adds(&b, "]}\n");
	} else if (PQntuples(r) > 0) {
		rows_text(c, r, zh, &b);
	}
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}
