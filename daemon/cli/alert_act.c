/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alert_act.c - `fundwatch alerts decide` and `note`: what a person says about an alert.
 *
 * An act is written with the alert as it stood, at the end of a chain of hashes. The data may
 * go on changing; then the alert is flagged, and what was decided on stays as it was.
 */
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/words.h"
#include "lib/base/dec.h"

#define WHO_MAX 64u
#define NOTE_MAX 4000u

struct act_opts {
	struct db_opts db;
	const char *state, *by, *note;
};

static enum cli_exit check(const struct cli *c, const struct act_opts *o, bool decide,
			   const char *id)
{
	int64_t number;
	if (!dec_parse(str_of(id), 0, &number))
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "疑点编号是一个整数，不是 %s",
					  "an alert's number is an integer, not %s"), id);
	if (!o->by || !*o->by || strlen(o->by) > WHO_MAX)
		return cli_error(c, CLI_USAGE, cli_text(c, "--by 写明是谁（不超过 64 字节）",
						       "--by says who (at most 64 bytes)"));
	if (o->note && strlen(o->note) > NOTE_MAX)
		return cli_error(c, CLI_USAGE, cli_text(c, "--note 不超过 4000 字节",
						       "--note has at most 4000 bytes"));
	if (decide ? !o->state : !o->note)
		return cli_error(c, CLI_USAGE,
				 decide ? cli_text(c, "--state 写明决定",
						   "--state says what is decided")
					: cli_text(c, "--note 写明要记的话",
						   "--note says what is to be noted"));
	return CLI_OK;
}

static enum cli_exit tell(const struct cli *c, const char *id, const char *act,
			  const struct act_opts *o)
{
	struct buf b;
	buf_init(&b, 0);
	if (c->json) {
		buf_addf(&b, "{\"alert\":\"%s\",\"act\":%s,\"state\":", id, act);
		if (o->state)
			buf_json(&b, str_of(o->state));
		else
			buf_adds(&b, "null");
		buf_adds(&b, "}\n");
	} else {
		buf_addf(&b, cli_text(c, "已记录：疑点 %s，第 %s 号处理", "alert %s: act %s"), id, act);
		if (o->state)
			buf_addf(&b, cli_text(c, "，%s", ", %s"), word_show(c, o->state));
		buf_addc(&b, '\n');
	}
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit act(struct cli *c, const struct act_opts *o, bool decide, const char *id)
{
	struct db db;
	struct err e = { 0 };
	enum cli_exit code = check(c, o, decide, id);
	if (code == CLI_OK)
		code = cli_db_open(c, &o->db, false, &db);
	if (code != CLI_OK)
		return code;
	const char *value[] = { id, decide ? "decided" : "noted", o->state, o->by,
				o->note ? o->note : "" };
	PGresult *r = db_query(&db, "SELECT fundwatch.alert_do($1, $2, $3, $4, $5)", 5, value, &e);
	if (!r)
		code = cli_err(c, &e);
	else if (PQgetisnull(r, 0, 0))
		code = cli_error(c, CLI_WORLD,
				 cli_text(c, "没有这个疑点：%s", "there is no alert %s"), id);
	else
		code = tell(c, id, PQgetvalue(r, 0, 0), o);
	PQclear(r);
	db_close(&db);
	return code;
}

static enum cli_exit decide_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	(void)n;
	return act(c, opt, true, arg[0]);
}

static enum cli_exit note_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	(void)n;
	return act(c, opt, false, arg[0]);
}

#define BY_OPT                                                                            \
	{ "by", 0, OPT_TEXT, offsetof(struct act_opts, by), "NAME", "是谁（必写）",      \
	  "who (must be told)" }
#define NOTE_OPT                                                                          \
	{ "note", 0, OPT_TEXT, offsetof(struct act_opts, note), "TEXT", "要记的话",      \
	  "what is to be remembered" }

static const struct opt decide_opt[] = {
	DB_OPTS(struct act_opts),
	{ "state", 0, OPT_TEXT, offsetof(struct act_opts, state),
	  "open|checking|confirmed|dismissed",
	  "open 待处理、checking 核查中、confirmed 属实、dismissed 不属实",
	  "open (nothing decided), checking, confirmed or dismissed" },
	BY_OPT,
	NOTE_OPT,
	{ 0 },
};

static const struct opt note_opt[] = {
	DB_OPTS(struct act_opts),
	BY_OPT,
	NOTE_OPT,
	{ 0 },
};

const struct command cmd_alerts_decide = {
	.name = "alerts decide",
	.args = "ALERT",
	.zh = "对一条疑点作出决定",
	.en = "decide on an alert",
	.more_zh = "决定与当时的疑点内容一起记入带散列链的处理记录。以后数据有变化，\n"
		   "疑点照样随数据更新，但标为“数据已变”，当时决定的内容不变；可以看了再决定一次。",
	.more_en = "The decision is kept in a chain of hashes together with the alert as it "
		   "stood.\n"
		   "When the data change later the alert follows them and is flagged as changed;\n"
		   "what was decided on stays as it was. Decide again when you have looked.",
	.opt = decide_opt,
	.opt_size = sizeof(struct act_opts),
	.min_args = 1,
	.max_args = 1,
	.exec = decide_exec,
};

const struct command cmd_alerts_note = {
	.name = "alerts note",
	.args = "ALERT",
	.zh = "给一条疑点记一笔",
	.en = "note something about an alert",
	.opt = note_opt,
	.opt_size = sizeof(struct act_opts),
	.min_args = 1,
	.max_args = 1,
	.exec = note_exec,
};
