/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * late.c - `fundwatch late list`: records that came when everything around them had been
 * purged, so that nothing could be concluded from them.
 */
#include <stdlib.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/rows.h"

#define LIMIT_DEFAULT 50

struct list_opts {
	struct db_opts db;
	struct number limit;
};

static const char *const list_zh[] = { "批次", "文件", "行", "记录", "人员", "机构", "就诊",
				       "时间", "保留自" };
static const char *const list_en[] = { "intake", "file", "line", "stream", "person", "facility",
				       "visit", "time", "kept from" };

static const struct row_list list = {
	.name = "late",
	.sql = "SELECT l.intake_id AS intake, i.file_name AS file, l.line, l.stream, l.psn_no,"
	       " l.fixmedins_code, l.mdtrt_id, l.event_time, l.floor, count(*) OVER () AS total"
	       " FROM fundwatch.late l JOIN fundwatch.intake i USING (intake_id)"
	       " ORDER BY l.intake_id DESC, l.line, l.stream LIMIT $1::bigint",
	.zh = list_zh,
	.en = list_en,
	.none_zh = "没有来得太迟的记录",
	.none_en = "no record came too late",
};

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct list_opts *o = opt;
	struct buf limit;
	(void)n, (void)arg;
	buf_init(&limit, 0);
	buf_addi(&limit, o->limit.given ? o->limit.v : LIMIT_DEFAULT);
	const char *const value[] = { o->limit.given && o->limit.v == 0 ? NULL : buf_cstr(&limit) };
	enum cli_exit code = rows_list(c, &o->db, &list, 1, value);
	buf_fini(&limit);
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
