/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * period.c - `fundwatch period close | reopen | list`: say that a month is over, and see
 * which are.
 *
 * Closing is asked of the running daemon, since it judges at that moment; the list is read
 * from the database.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/rows.h"
#include "daemon/cli/talk.h"

#define ANSWER_MAX (1u << 16)

struct change_opts {
	const char *conf, *socket, *region, *stream, *month, *who;
	bool no_wait;
};

/* ---- close, reopen ---- */

static const char *name_of_user(void)
{
	const char *name = getlogin();
	return name && *name ? name : "uid";
}

/* Words travel in one line: no blanks inside but in the name at its end. */
static bool add_word(struct buf *line, const char *word, struct err *e)
{
	if (!*word || strpbrk(word, " \t\r\n"))
		return err_set(e, ERR_CONF, "`%s` is no region, stream or month", word);
	buf_addf(line, " %s", word);
	return true;
}

static bool make_line(const struct change_opts *o, const char *verb, struct buf *line,
		      struct err *e)
{
	buf_addf(line, "period %s", verb);
	if (!o->month)
		return err_set(e, ERR_CONF, "--month YYYY-MM says which month");
	if (!add_word(line, o->region ? o->region : "*", e) ||
	    !add_word(line, o->stream ? o->stream : "all", e) || !add_word(line, o->month, e))
		return false;
	const char *who = o->who ? o->who : name_of_user();
	if (!*who || strlen(who) > 64 || strpbrk(who, "\r\n"))
		return err_set(e, ERR_CONF, "--who is a name of at most 64 bytes");
	buf_addf(line, " %s", who);
	if (!o->who && strcmp(who, "uid") == 0)
		buf_addf(line, "%lu", (unsigned long)getuid());
	buf_addc(line, '\n');
	return true;
}

/* Durable, but nothing is heard of it yet. */
static enum cli_exit tell_kept(const struct cli *c, const char *item)
{
	struct buf b;
	buf_init(&b, 0);
	if (c->json)
		buf_addf(&b, "{\"done\":false,\"kept\":%s}\n", item);
	else
		buf_addf(&b, cli_text(c, "已记入日志（第 %s 项），数据库就绪后按序执行\n",
				      "kept as item %s of the journal: it will be done in its "
				      "turn, once the database is there\n"), item);
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static const char *next_line(const char *text)
{
	const char *end = strchr(text, '\n');
	return end ? end + 1 : text + strlen(text);
}

/* "kept ITEM", once it cannot be lost; then "done -\nTEXT" or "refused -\nTEXT". */
static enum cli_exit tell(const struct cli *c, const struct buf *answer)
{
	struct buf b;
	char item[24] = "";
	const char *text = buf_cstr(answer);
	if (sscanf(text, "kept %23[0-9]", item) == 1)
		text = next_line(text);
	if (*item && !*text)
		return tell_kept(c, item);
	bool done = strncmp(text, "done ", 5) == 0;
	text = next_line(text);
	buf_init(&b, 0);
	if (c->json) {
		buf_addf(&b, "{\"done\":%s,\"said\":", done ? "true" : "false");
		buf_json(&b, str_of(text));
		buf_adds(&b, "}\n");
	} else {
		buf_adds(&b, done ? cli_text(c, "已记账：", "recorded: ")
				  : cli_text(c, "没有执行：", "not done: "));
		buf_adds(&b, text);
		if (b.n && b.p[b.n - 1] != '\n')
			buf_addc(&b, '\n');
	}
	enum cli_exit code = cli_out(c, &b, done ? CLI_OK : CLI_FAILED);
	buf_fini(&b);
	return code;
}

static enum cli_exit change(const struct cli *c, const struct change_opts *o, const char *verb)
{
	struct buf answer, line;
	struct err e = { 0 };
	buf_init(&answer, ANSWER_MAX);
	buf_init(&line, 0);
	bool ok = make_line(o, verb, &line, &e) &&
		  cli_talk_until(o->conf, o->socket, buf_cstr(&line),
				 o->no_wait ? "kept " : NULL, &answer, &e);
	enum cli_exit code = ok ? tell(c, &answer) : cli_err(c, &e);
	buf_fini(&line);
	buf_fini(&answer);
	return code;
}

static enum cli_exit close_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	(void)n, (void)arg;
	return change(c, opt, "close");
}

static enum cli_exit reopen_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	(void)n, (void)arg;
	return change(c, opt, "reopen");
}

static const struct opt change_opt[] = {
	{ "conf", 'c', OPT_TEXT, offsetof(struct change_opts, conf), "FILE",
	  "守护进程的 fundwatch.yaml：取其中的 control.socket",
	  "the daemon's fundwatch.yaml, for its control.socket" },
	{ "socket", 0, OPT_TEXT, offsetof(struct change_opts, socket), "PATH",
	  "直接给出控制套接字", "the control socket itself" },
	{ "month", 'm', OPT_TEXT, offsetof(struct change_opts, month), "YYYY-MM",
	  "哪个月", "which month" },
	{ "region", 'r', OPT_TEXT, offsetof(struct change_opts, region), "CODE",
	  "医保区划代码（省、市、县，含其下各级）；默认 * 为全部",
	  "division code (with all below it); default * is all" },
	{ "stream", 's', OPT_TEXT, offsetof(struct change_opts, stream), "STREAM",
	  "哪种记录：encounter、settlement、fee 等；默认 all",
	  "which records: encounter, settlement, fee, ...; default all" },
	{ "no-wait", 0, OPT_FLAG, offsetof(struct change_opts, no_wait), NULL,
	  "记入日志即返回，不等执行（数据库不在时有用）",
	  "return as soon as it is in the journal, as when the database is away" },
	{ "who", 0, OPT_TEXT, offsetof(struct change_opts, who), "NAME",
	  "谁决定的；默认当前用户", "who decides so; default: the user" },
	{ 0 },
};

const struct command cmd_period_close = {
	.name = "period close",
	.args = "",
	.zh = "关账：某地某月的数据已经到齐，可以同类比较",
	.en = "close a month: its data are there, facilities may be compared",
	.more_zh = "需要 periods.close 为 by-hand。关账时按现有数据评估该月的机构规则和同类比较；"
		   "以后再来的数据\n不改变结果，直到再次关账。关账与文件一样先记入日志，按到达顺序执行"
		   "一次；数据库不在也不会丢失。\n退出码 1 表示没有执行。",
	.more_en = "Needs periods.close by-hand. The month's rules over facilities and peers are "
		   "judged from the\ndata of that moment; what comes later changes nothing until "
		   "the month is closed again.\nA close goes through the journal like a file: in "
		   "its turn, once, and not lost while the database\nis away. Exit code 1 when it "
		   "was not done.",
	.opt = change_opt,
	.opt_size = sizeof(struct change_opts),
	.exec = close_exec,
};

const struct command cmd_period_reopen = {
	.name = "period reopen",
	.args = "",
	.zh = "撤销关账：该月的疑点保留原样，等再次关账时更新",
	.en = "open a month again: its alerts stay as they are until it is closed again",
	.opt = change_opt,
	.opt_size = sizeof(struct change_opts),
	.exec = reopen_exec,
};

/* ---- list ---- */

enum { P_REGION, P_CLOSED = 3 };

static const char *cell_text(const struct cli *c, const PGresult *r, int row, int col)
{
	const char *v = PQgetvalue(r, row, col);
	if (col == P_REGION && !*v)
		return cli_text(c, "全部", "all");
	if (col == P_CLOSED)
		return *v == 't' ? cli_text(c, "已关账", "closed")
				 : cli_text(c, "已撤销", "open again");
	return v;
}

static const char *const list_zh[] = { "区划", "记录", "月份", "状态", "关账次数", "时间", "何人" };
static const char *const list_en[] = { "region", "stream", "month", "state", "closes", "at",
				       "who" };

static const struct row_list list = {
	.name = "periods",
	.sql = "SELECT region, stream, to_char(month, 'YYYY-MM') AS month, closed, closes,"
	       " to_char(changed_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS') AS at,"
	       " changed_by AS who FROM fundwatch.period ORDER BY month, region, stream",
	.zh = list_zh,
	.en = list_en,
	.none_zh = "没有关过账的月份",
	.none_en = "no month was ever closed",
	.shown = cell_text,
};

struct list_opts {
	struct db_opts db;
};

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct list_opts *o = opt;
	(void)n, (void)arg;
	return rows_list(c, &o->db, &list, 0, NULL);
}

static const struct opt list_opt[] = { DB_OPTS(struct list_opts), { 0 } };

const struct command cmd_period_list = {
	.name = "period list",
	.args = "",
	.zh = "哪些月份关了账，何时，何人",
	.en = "which months are closed, since when and by whom",
	.opt = list_opt,
	.opt_size = sizeof(struct list_opts),
	.exec = list_exec,
};
