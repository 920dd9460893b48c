/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db.c - `fundwatch db migrate` and `db status`, and connecting for all who need it.
 */
#include "daemon/cli/db.h"

#include "daemon/cli/commands.h"
#include "daemon/host/conf.h"
#include "daemon/sink/migrate.h"

struct only_db {
	struct db_opts db;
};

static bool connect_by(const struct db_opts *o, struct db *db, struct err *e)
{
	struct conf conf;
	if (o->db)
		return db_open(db, o->db, NULL, e);
	if (!o->conf)
		return db_open(db, "", NULL, e);
	if (!conf_load(&conf, o->conf, e))
		return false;
	bool ok = db_open(db, conf.database_conninfo, NULL, e);
	conf_fini(&conf);
	return ok;
}

enum cli_exit cli_db_open(const struct cli *c, const struct db_opts *o, bool any_schema,
			  struct db *db)
{
	struct err e = { 0 };
	if (!connect_by(o, db, &e))
		return cli_err(c, &e);
	if (any_schema || db_ready(db, &e))
		return CLI_OK;
	db_close(db);
	cli_err(c, &e);
	return CLI_WORLD;
}

static enum cli_exit tell_state(const struct cli *c, const struct migrate_state *s, unsigned done)
{
	struct buf b;
	bool current = s->applied == s->wanted;
	buf_init(&b, 0);
	if (c->json)
		buf_addf(&b, "{\"applied\":%d,\"wanted\":%d,\"current\":%s,\"applied_now\":%u}\n",
			 s->applied, s->wanted, current ? "true" : "false", done);
	else if (current)
		buf_addf(&b,
			 cli_text(c, "数据库结构是最新的：第 %d 版（这次执行了 %u 步）\n",
				  "the schema is current: version %d (%u steps now)\n"),
			 s->applied, done);
	else
		buf_addf(&b,
			 cli_text(c,
				  "数据库结构是第 %d 版，程序需要第 %d 版：运行 fundwatch db "
				  "migrate\n",
				  "the schema is version %d, this program wants %d: run fundwatch "
				  "db migrate\n"),
			 s->applied, s->wanted);
	enum cli_exit code = cli_out(c, &b, current ? CLI_OK : CLI_FAILED);
	buf_fini(&b);
	return code;
}

static enum cli_exit status_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct only_db *o = opt;
	struct db db;
	struct migrate_state s;
	struct err e = { 0 };
	(void)n, (void)arg;
	enum cli_exit code = cli_db_open(c, &o->db, true, &db);
	if (code != CLI_OK)
		return code;
	code = db_state(&db, &s, &e) ? tell_state(c, &s, 0) : cli_err(c, &e);
	db_close(&db);
	return code;
}

static enum cli_exit migrate_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct only_db *o = opt;
	struct db db;
	struct migrate_state before, after;
	struct err e = { 0 };
	(void)n, (void)arg;
	enum cli_exit code = cli_db_open(c, &o->db, true, &db);
	if (code != CLI_OK)
		return code;
	if (db_state(&db, &before, &e) && db_migrate(&db, NULL, &e) && db_state(&db, &after, &e))
		code = tell_state(c, &after, (unsigned)(after.applied - before.applied));
	else
		code = cli_err(c, &e);
	db_close(&db);
	return code;
}

static const struct opt db_opt[] = { DB_OPTS(struct only_db), { 0 } };

const struct command cmd_db_migrate = {
	.name = "db migrate",
	.args = "",
	.zh = "把数据库结构升级到本程序的版本（可重复执行）",
	.en = "bring the database's schema to this program's (may be repeated)",
	.opt = db_opt,
	.opt_size = sizeof(struct only_db),
	.exec = migrate_exec,
};

const struct command cmd_db_status = {
	.name = "db status",
	.args = "",
	.zh = "数据库结构是哪一版，程序需要哪一版",
	.en = "which schema the database has and which this program wants",
	.more_zh = "不一致时退出码为 1。",
	.more_en = "Exit code 1 when they differ.",
	.opt = db_opt,
	.opt_size = sizeof(struct only_db),
	.exec = status_exec,
};
