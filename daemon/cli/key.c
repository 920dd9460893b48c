/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * key.c - `fundwatch key add`, `key list`, `key revoke`: who may come in over HTTP.
 *
 * A key is shown once, when it is made; the database keeps only the digest of its secret.
 */
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/rows.h"
#include "daemon/http/keys.h"
#include "lib/base/civil.h"

/* ---- add ---- */

struct add_opts {
	struct db_opts db;
	const char *facility, *role, *until, *note;
	bool all;
};

static bool check_add(const struct add_opts *o, struct err *e)
{
	int32_t day;
	if (o->all == (o->facility != NULL))
		return err_set(e, ERR_CONF, "--facility CODE or --all, one of them");
	if (o->facility && !key_facility_valid(str_of(o->facility)))
		return err_set(e, ERR_CONF, "--facility %s: letters, digits, - and _, at most 64",
			       o->facility);
	if (!o->role)
		return err_set(e, ERR_CONF, "--role intake|operate|read");
	if (o->facility && strcmp(o->role, "intake") != 0)
		return err_set(e, ERR_CONF, "--role %s is not of one facility: --all", o->role);
	if (o->until && !civil_parse_date(str_of(o->until), &day))
		return err_set(e, ERR_CONF, "--until %s: a date like 2026-12-31", o->until);
	return true;
}

static bool insert(struct db *db, const struct add_opts *o, const struct key *k, struct err *e)
{
	char hash[2 * KEY_HASH + 3] = "\\x";
	static const char digit[] = "0123456789abcdef";
	for (unsigned i = 0; i < KEY_HASH; i++) {
		hash[2 + 2 * i] = digit[k->hash[i] >> 4];
		hash[3 + 2 * i] = digit[k->hash[i] & 15];
	}
	const char *const value[] = { k->id, hash, o->all ? "*" : o->facility, o->role, o->until,
				      o->note ? o->note : "" };
	return db_execp(db, "INSERT INTO fundwatch.api_key (key_id, hash, facility, role, until, "
			"note) VALUES ($1, $2::bytea, $3, $4, $5::date, $6)", 6, value, e);
}

static enum cli_exit tell_added(const struct cli *c, const struct key *k, const char *token)
{
	struct buf b;
	buf_init(&b, 0);
	if (c->json)
		buf_addf(&b, "{\"id\":\"%s\",\"key\":\"%s\"}\n", k->id, token);
	else
		buf_addf(&b, cli_text(c, "%s\n密钥 %s 只显示这一次，请交给使用者妥善保存。\n",
				      "%s\nKey %s is shown this once; hand it to whoever is to use "
				      "it.\n"), token, k->id);
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit add_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct add_opts *o = opt;
	struct db db;
	struct err e = { 0 };
	struct key k;
	char token[KEY_TOKEN];
	(void)n, (void)arg;
	if (!check_add(o, &e) || !key_make(&k, token, &e))
		return cli_err(c, &e);
	enum cli_exit code = cli_db_open(c, &o->db, false, &db);
	if (code != CLI_OK)
		return code;
	code = insert(&db, o, &k, &e) ? tell_added(c, &k, token) : cli_err(c, &e);
	db_close(&db);
	return code;
}

static const struct opt add_opt[] = {
	{ "facility", 0, OPT_TEXT, offsetof(struct add_opts, facility), "CODE",
	  "只限这个机构（fixmedins_code）的记录", "records of this facility (fixmedins_code) alone" },
	{ "all", 0, OPT_FLAG, offsetof(struct add_opts, all), NULL, "不限机构", "of any facility" },
	{ "role", 0, OPT_TEXT, offsetof(struct add_opts, role), "intake|operate|read",
	  "送记录、运维（含读取）或只读指标", "to send records, to operate (reading too), or to read" },
	{ "until", 0, OPT_TEXT, offsetof(struct add_opts, until), "DATE", "最后有效日",
	  "last day it holds" },
	{ "note", 0, OPT_TEXT, offsetof(struct add_opts, note), "TEXT", "给谁用，写给自己看",
	  "who it is for; for yourself" },
	DB_OPTS(struct add_opts),
	{ 0 },
};

const struct command cmd_key_add = {
	.name = "key add",
	.args = "",
	.zh = "发一个 HTTP 密钥；密钥只显示一次",
	.en = "make a key for HTTP; it is shown once",
	.more_zh = "一个机构的密钥只能送本机构的记录。运行中的 fundwatchd 马上认得新密钥。",
	.more_en = "A facility's key can send that facility's records only. A running fundwatchd "
		   "knows a new\nkey at once.",
	.opt = add_opt,
	.opt_size = sizeof(struct add_opts),
	.exec = add_exec,
};

/* ---- list ---- */

struct list_opts {
	struct db_opts db;
	bool all;
};

static const char *const list_zh[] = { "编号", "机构", "角色", "有效至", "发放", "状态", "备注" };
static const char *const list_en[] = { "id", "facility", "role", "until", "made", "state", "note" };

static const struct row_list list = {
	.name = "keys",
	.sql = "SELECT key_id AS id, facility, role, coalesce(until::text, '') AS until,"
	       " to_char(created_at, 'YYYY-MM-DD') AS created_at,"
	       " CASE WHEN revoked_at IS NOT NULL THEN 'revoked'"
	       " WHEN until < current_date THEN 'ended' ELSE 'valid' END AS state, note"
	       " FROM fundwatch.api_key WHERE $1 = '1' OR revoked_at IS NULL"
	       " ORDER BY facility, role, key_id",
	.zh = list_zh,
	.en = list_en,
	.none_zh = "没有密钥",
	.none_en = "there are no keys",
};

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct list_opts *o = opt;
	const char *const all[] = { o->all ? "1" : "0" };
	(void)n, (void)arg;
	return rows_list(c, &o->db, &list, 1, all);
}

static const struct opt list_opt[] = {
	{ "all", 0, OPT_FLAG, offsetof(struct list_opts, all), NULL, "连同已撤销的",
	  "revoked ones too" },
	DB_OPTS(struct list_opts),
	{ 0 },
};

const struct command cmd_key_list = {
	.name = "key list",
	.args = "",
	.zh = "列出 HTTP 密钥",
	.en = "list the keys for HTTP",
	.opt = list_opt,
	.opt_size = sizeof(struct list_opts),
	.exec = list_exec,
};

/* ---- revoke ---- */

struct revoke_opts {
	struct db_opts db;
};

static enum cli_exit tell_revoked(const struct cli *c, const char *id)
{
	struct buf b;
	buf_init(&b, 0);
	if (c->json)
		buf_addf(&b, "{\"revoked\":\"%s\"}\n", id);
	else
		buf_addf(&b, cli_text(c, "密钥 %s 已撤销\n", "key %s is revoked\n"), id);
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit revoke_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct revoke_opts *o = opt;
	struct db db;
	struct err e = { 0 };
	(void)n;
	enum cli_exit code = cli_db_open(c, &o->db, false, &db);
	if (code != CLI_OK)
		return code;
	const char *const id[] = { arg[0] };
	PGresult *rows = db_query(&db, "UPDATE fundwatch.api_key SET revoked_at = now(), "
				  "revoked_by = current_user WHERE key_id = $1 AND revoked_at IS "
				  "NULL RETURNING key_id", 1, id, &e);
	if (!rows)
		code = cli_err(c, &e);
	else if (PQntuples(rows) == 0)
		code = cli_error(c, CLI_FAILED, cli_text(c, "没有可撤销的密钥 %s",
							 "there is no key %s to revoke"), id[0]);
	else
		code = tell_revoked(c, id[0]);
	PQclear(rows);
	db_close(&db);
	return code;
}

static const struct opt revoke_opt[] = { DB_OPTS(struct revoke_opts), { 0 } };

const struct command cmd_key_revoke = {
	.name = "key revoke",
	.args = "ID",
	.zh = "撤销一个 HTTP 密钥，立即生效",
	.en = "revoke a key for HTTP; it opens nothing from now on",
	.more_zh = "数据库联不上的守护进程在恢复后才得知撤销。",
	.more_en = "A daemon that cannot reach the database learns of it when it can again.",
	.opt = revoke_opt,
	.opt_size = sizeof(struct revoke_opts),
	.min_args = 1,
	.max_args = 1,
	.exec = revoke_exec,
};
