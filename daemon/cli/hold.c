/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hold.c - `fundwatch hold add | remove | list`: what a case needs is not purged.
 */
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/rows.h"
#include "lib/base/dec.h"

struct hold_opts {
	struct db_opts db;
	const char *alert, *intake, *person, *facility, *reason, *by;
	bool all;
};

static enum cli_exit want(const struct cli *c, const char *option, const char *value)
{
	return value && *value ? CLI_OK
			       : cli_error(c, CLI_USAGE, cli_text(c, "%s 必须写明", "%s is needed"),
					   option);
}

/* Exactly one of the four says what is held. */
static bool pick(const struct hold_opts *o, const char **kind, const char **value)
{
	const char *const all[][2] = { { "alert", o->alert }, { "intake", o->intake },
				       { "person", o->person }, { "facility", o->facility } };
	unsigned n = 0;
	for (unsigned i = 0; i < 4; i++) {
		if (!all[i][1])
			continue;
		*kind = all[i][0];
		*value = all[i][1];
		n++;
	}
	return n == 1 && **value;
}

static enum cli_exit tell(const struct cli *c, const char *zh, const char *en, const char *id)
{
	struct buf b;
	buf_init(&b, 0);
	if (c->json)
		buf_addf(&b, "{\"hold\":%s}\n", id);
	else
		buf_addf(&b, "%s %s\n", c->english ? en : zh, id);
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit add_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct hold_opts *o = opt;
	const char *kind = "", *value = "";
	struct db db;
	struct err e = { 0 };
	(void)n, (void)arg;
	if (!pick(o, &kind, &value))
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "--alert、--intake、--person、--facility 写其中一个",
					  "one of --alert, --intake, --person, --facility"));
	enum cli_exit code = want(c, "--reason", o->reason);
	code = code == CLI_OK ? want(c, "--by", o->by) : code;
	code = code == CLI_OK ? cli_db_open(c, &o->db, false, &db) : code;
	if (code != CLI_OK)
		return code;
	const char *values[] = { kind, value, o->reason, o->by };
	PGresult *r = db_query(&db, "INSERT INTO fundwatch.hold (kind, value, reason, added_by) "
				    "VALUES ($1, $2, $3, $4) RETURNING hold_id", 4, values, &e);
	code = r ? tell(c, "已留存，编号", "held as", PQgetvalue(r, 0, 0)) : cli_err(c, &e);
	PQclear(r);
	db_close(&db);
	return code;
}

static enum cli_exit remove_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct hold_opts *o = opt;
	struct db db;
	struct err e = { 0 };
	int64_t id;
	(void)n;
	if (!dec_parse(str_of(arg[0]), 0, &id))
		return cli_error(c, CLI_USAGE, cli_text(c, "留存编号是一个整数，不是 %s",
						       "a hold is a number, not %s"), arg[0]);
	enum cli_exit code = want(c, "--by", o->by);
	code = code == CLI_OK ? cli_db_open(c, &o->db, false, &db) : code;
	if (code != CLI_OK)
		return code;
	const char *values[] = { arg[0], o->by };
	PGresult *r = db_query(&db, "UPDATE fundwatch.hold SET removed_at = now(), removed_by = $2 "
				    "WHERE hold_id = $1 AND removed_at IS NULL RETURNING hold_id",
			       2, values, &e);
	if (!r)
		code = cli_err(c, &e);
	else if (PQntuples(r) == 0)
		code = cli_error(c, CLI_WORLD, cli_text(c, "没有这条留存：%s", "there is no hold %s"),
				 arg[0]);
	else
		code = tell(c, "已解除留存", "no longer held:", arg[0]);
	PQclear(r);
	db_close(&db);
	return code;
}

static const char *const list_zh[] = { "编号", "种类", "对象", "理由", "谁", "何时", "解除" };
static const char *const list_en[] = { "hold", "kind", "of", "reason", "by", "at", "removed" };

static const struct row_list list = {
	.name = "holds",
	.sql = "SELECT hold_id AS hold, kind, value, reason, added_by AS by,"
	       " date_trunc('second', added_at) AS at, date_trunc('second', removed_at) AS removed"
	       " FROM fundwatch.hold WHERE $1::boolean OR removed_at IS NULL ORDER BY hold_id",
	.zh = list_zh,
	.en = list_en,
	.none_zh = "没有留存",
	.none_en = "nothing is on hold",
};

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct hold_opts *o = opt;
	const char *const values[] = { o->all ? "true" : "false" };
	(void)n, (void)arg;
	return rows_list(c, &o->db, &list, 1, values);
}

#define BY_OPT { "by", 0, OPT_TEXT, offsetof(struct hold_opts, by), "NAME", "是谁", "who" }

static const struct opt add_opt[] = {
	DB_OPTS(struct hold_opts),
	{ "alert", 0, OPT_TEXT, offsetof(struct hold_opts, alert), "ALERT",
	  "留存这条疑点的证据", "the evidence of this alert" },
	{ "intake", 0, OPT_TEXT, offsetof(struct hold_opts, intake), "N", "留存这一次收件",
	  "this input" },
	{ "person", 0, OPT_TEXT, offsetof(struct hold_opts, person), "NO",
	  "留存有这个人员记录的收件", "inputs with records of this person" },
	{ "facility", 0, OPT_TEXT, offsetof(struct hold_opts, facility), "CODE",
	  "留存有这家机构记录的收件", "inputs with records of this facility" },
	{ "reason", 0, OPT_TEXT, offsetof(struct hold_opts, reason), "TEXT", "为什么", "why" },
	BY_OPT,
	{ 0 },
};

static const struct opt remove_opt[] = { DB_OPTS(struct hold_opts), BY_OPT, { 0 } };

static const struct opt list_opt[] = {
	DB_OPTS(struct hold_opts),
	{ "all", 'a', OPT_FLAG, offsetof(struct hold_opts, all), NULL, "已解除的也列出",
	  "those that were removed, too" },
	{ 0 },
};

const struct command cmd_hold_add = {
	.name = "hold add",
	.args = "",
	.zh = "留存：清理时不得清除",
	.en = "hold something: a purge leaves it alone",
	.opt = add_opt,
	.opt_size = sizeof(struct hold_opts),
	.exec = add_exec,
};

const struct command cmd_hold_remove = {
	.name = "hold remove",
	.args = "HOLD",
	.zh = "解除一条留存",
	.en = "end a hold",
	.opt = remove_opt,
	.opt_size = sizeof(struct hold_opts),
	.min_args = 1,
	.max_args = 1,
	.exec = remove_exec,
};

const struct command cmd_hold_list = {
	.name = "hold list",
	.args = "",
	.zh = "列出留存",
	.en = "list what is held",
	.opt = list_opt,
	.opt_size = sizeof(struct hold_opts),
	.exec = list_exec,
};
