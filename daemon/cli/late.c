/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * late.c - `fundwatch late list`: records that came when everything around them had been
 * purged, so that nothing could be concluded from them.
 */
#include <stdlib.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/grid.h"

#define LIMIT_DEFAULT 50

struct list_opts {
	struct db_opts db;
	struct number limit;
};

enum { L_INTAKE, L_FILE, L_LINE, L_STREAM, L_PERSON, L_FACILITY, L_VISIT, L_TIME, L_FLOOR, L_ALL,
       L_SHOWN = L_ALL };

static const char list_sql[] =
	"SELECT l.intake_id, i.file_name, l.line, l.stream, l.psn_no, l.fixmedins_code, l.mdtrt_id,"
	" l.event_time, l.floor, count(*) OVER ()"
	" FROM fundwatch.late l JOIN fundwatch.intake i USING (intake_id)"
	" ORDER BY l.intake_id DESC, l.line, l.stream LIMIT $1::bigint";

static void list_json(const PGresult *r, struct buf *b)
{
	static const char *const name[L_SHOWN] = { "intake", "file", "line", "stream", "psn_no",
		"fixmedins_code", "mdtrt_id", "event_time", "floor" };
	buf_addf(b, "{\"count\":%s,\"late\":[", PQntuples(r) ? PQgetvalue(r, 0, L_ALL) : "0");
	for (int i = 0; i < PQntuples(r); i++) {
		buf_adds(b, i ? ",{" : "{");
		for (int k = 0; k < L_SHOWN; k++) {
			buf_addf(b, "%s\"%s\":", k ? "," : "", name[k]);
			if (k == L_INTAKE || k == L_LINE)
				buf_adds(b, PQgetvalue(r, i, k));
			else
				buf_json(b, str_of(PQgetvalue(r, i, k)));
		}
		buf_addc(b, '}');
	}
	buf_adds(b, "]}\n");
}

static void list_text(const struct cli *c, const PGresult *r, struct buf *b)
{
	static const char *const zh[L_SHOWN] = { "批次", "文件", "行", "记录", "人员", "机构",
						 "就诊", "时间", "保留自" };
	static const char *const en[L_SHOWN] = { "intake", "file", "line", "stream", "person",
						 "facility", "visit", "time", "kept from" };
	struct grid g;
	if (PQntuples(r) == 0) {
		buf_adds(b, cli_text(c, "没有来得太迟的记录\n", "no record came too late\n"));
		return;
	}
	grid_init(&g, L_SHOWN);
	for (unsigned i = 0; i < g.columns; i++)
		grid_cell(&g, str_of(c->english ? en[i] : zh[i]));
	grid_rule(&g);
	for (int i = 0; i < PQntuples(r); i++)
		for (int k = 0; k < L_SHOWN; k++)
			grid_cell(&g, str_of(PQgetvalue(r, i, k)));
	grid_print(&g, b, cli_columns(c));
	grid_fini(&g);
	buf_addf(b, cli_text(c, "共 %s 条，列出 %d 条\n", "%s records, %d shown\n"),
		 PQgetvalue(r, 0, L_ALL), PQntuples(r));
}

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct list_opts *o = opt;
	struct db db;
	struct buf b, limit;
	struct err e = { 0 };
	(void)n, (void)arg;
	enum cli_exit code = cli_db_open(c, &o->db, false, &db);
	if (code != CLI_OK)
		return code;
	buf_init(&b, 0);
	buf_init(&limit, 0);
	buf_addi(&limit, o->limit.given ? o->limit.v : LIMIT_DEFAULT);
	const char *const value[] = { o->limit.given && o->limit.v == 0 ? NULL : buf_cstr(&limit) };
	PGresult *r = db_query(&db, list_sql, 1, value, &e);
	if (r && c->json)
		list_json(r, &b);
	else if (r)
		list_text(c, r, &b);
	code = r ? cli_out(c, &b, CLI_OK) : cli_err(c, &e);
	PQclear(r);
	buf_fini(&b);
	buf_fini(&limit);
	db_close(&db);
	return code;
}

static const struct opt list_opt[] = {
	DB_OPTS(struct list_opts),
	{ "limit", 'n', OPT_NUMBER, offsetof(struct list_opts, limit), "N",
	  "最多列出几条，默认 50；0 为全部", "how many at most, 50 by default; 0: all" },
	{ 0 },
};

const struct command cmd_late_list = {
	.name = "late list",
	.args = "",
	.zh = "来得太迟、周围数据已清除而无法判定的记录",
	.en = "records that came when what surrounded them had been purged",
	.opt = list_opt,
	.opt_size = sizeof(struct list_opts),
	.exec = list_exec,
};
