/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * top.c - `fundwatch top`: how the running daemon stands, again and again.
 *
 * It asks for the metrics on the control socket, so it works with HTTP off, and shows rates as
 * the difference of two looks. With --once one look, no rates.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/talk.h"
#include "lib/base/mem.h"

#define ANSWER_MAX (16u << 20)
#define BAR_CELLS 20
#define PREFIX "fundwatch_"

struct top_opts {
	const char *conf, *socket;
	struct number every, rules;
	bool once;
};

/* One line of the metrics: name, labels as they stand, value. */
struct point {
	struct str name, labels;
	int64_t value;
};

struct look {
	struct buf text;
	struct point *point;
	unsigned n, cap;
	int64_t at;             /* milliseconds, monotonic */
};

/* ---- one look ---- */

static void look_fini(struct look *l)
{
	buf_fini(&l->text);
	xfree(l->point);
}

static void take_line(struct look *l, struct str line)
{
	int64_t brace = str_chr(line, '{'), blank = -1;
	for (uint32_t i = 0; i < line.n; i++)
		if (line.p[i] == ' ')
			blank = i;
	if (line.n == 0 || line.p[0] == '#' || blank < 0)
		return;
	struct point p = { .value = strtoll(line.p + blank + 1, NULL, 10) };
	struct str key = str_sub(line, 0, (size_t)blank);
	p.name = brace < 0 ? key : str_sub(key, 0, (size_t)brace);
	p.labels = brace < 0 ? (struct str){ 0 } : str_sub(key, (size_t)brace, key.n);
	if (str_starts(p.name, STR(PREFIX)))
		p.name = str_sub(p.name, sizeof PREFIX - 1, p.name.n);
	GROW(l->point, l->cap, l->n + 1);
	l->point[l->n++] = p;
}

static bool take_look(const struct top_opts *o, struct look *l, struct err *e)
{
	struct timespec ts;
	*l = (struct look){ .n = 0 };
	buf_init(&l->text, ANSWER_MAX);
	if (!cli_talk(o->conf, o->socket, "metrics\n", &l->text, e))
		return false;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	l->at = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	struct str rest = buf_str(&l->text);
	while (rest.n > 0) {
		int64_t end = str_chr(rest, '\n');
		take_line(l, end < 0 ? rest : str_sub(rest, 0, (size_t)end));
		rest = end < 0 ? (struct str){ 0 } : str_sub(rest, (size_t)end + 1, rest.n);
	}
	return l->n > 0 || err_set(e, ERR_WORLD, "fundwatchd answered without numbers");
}

static const struct point *find(const struct look *l, const char *name, struct str labels)
{
	for (unsigned i = 0; i < l->n; i++)
		if (str_eq(l->point[i].name, str_of(name)) && str_eq(l->point[i].labels, labels))
			return &l->point[i];
	return NULL;
}

static int64_t value(const struct look *l, const char *name)
{
	const struct point *p = find(l, name, (struct str){ 0 });
	return p ? p->value : 0;
}

/* All lines of one name added up. */
static int64_t sum(const struct look *l, const char *name)
{
	int64_t all = 0;
	for (unsigned i = 0; i < l->n; i++)
		if (str_eq(l->point[i].name, str_of(name)))
			all += l->point[i].value;
	return all;
}

/* The value of label `name` in {a="x",b="y"}; escapes are left as they are. */
static struct str label(struct str labels, const char *name)
{
	char open[48];
	(void)snprintf(open, sizeof open, "%s=\"", name);
	int64_t at = str_find(labels, str_of(open));
	if (at < 0)
		return (struct str){ 0 };
	struct str rest = str_sub(labels, (size_t)at + strlen(open), labels.n);
	int64_t end = str_chr(rest, '"');
	return end < 0 ? rest : str_sub(rest, 0, (size_t)end);
}

static struct str rule_set(const struct look *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (str_eq(l->point[i].name, STR("info")))
			return label(l->point[i].labels, "rule_set");
	return (struct str){ 0 };
}

/* ---- as JSON ---- */

static bool is_family(const struct point *p, const char *family)
{
	return str_eq(p->name, str_of(family));
}

static void rules_json(const struct look *l, struct buf *b)
{
	const char *comma = "";
	for (unsigned i = 0; i < l->n; i++) {
		const struct point *p = &l->point[i];
		if (!is_family(p, "rule_alerts"))
			continue;
		const struct point *judged = find(l, "rule_judged_total", p->labels);
		buf_addf(b, "%s{\"rule\":", comma);
		buf_json(b, label(p->labels, "rule"));
		buf_addf(b, ",\"alerts\":%" PRIi64 ",\"judged\":%" PRIi64 "}", p->value,
			 judged ? judged->value : 0);
		comma = ",";
	}
}

static void show_json(const struct look *l, struct buf *b)
{
	const char *comma = "";
	buf_adds(b, "{\"rule_set\":");
	buf_json(b, rule_set(l));
	buf_adds(b, ",\"values\":{");
	for (unsigned i = 0; i < l->n; i++) {
		if (l->point[i].labels.n || is_family(&l->point[i], "http_request_seconds_sum"))
			continue;
		buf_addf(b, "%s\"" STR_FMT "\":%" PRIi64, comma, STR_ARG(l->point[i].name),
			 l->point[i].value);
		comma = ",";
	}
	buf_addf(b, ",\"http_requests_total\":%" PRIi64 "},\"rules\":[",
		 sum(l, "http_requests_total"));
	rules_json(l, b);
	buf_adds(b, "]}\n");
}

/* ---- for a terminal ---- */

static void rate(const struct look *l, const struct look *before, const char *name, struct buf *b)
{
	int64_t ms = before ? l->at - before->at : 0;
	if (ms <= 0) {
		buf_adds(b, "-");
		return;
	}
	int64_t tenths = (sum(l, name) - sum(before, name)) * 10000 / ms;
	buf_addf(b, "%" PRIi64 ".%" PRIi64, tenths / 10, tenths % 10);
}

static void flow(const struct cli *c, const struct look *l, const struct look *before,
		 struct buf *b)
{
	static const struct { const char *name, *zh, *en; } rows[] = {
		{ "rows_total", "读入行", "rows read" },
		{ "records_total", "接收记录", "records taken" },
		{ "rejects_total", "拒收", "rejects" },
		{ "epochs_total", "提交批", "commits" },
		{ "raised_total", "新增疑点", "alerts raised" },
		{ "amended_total", "变更疑点", "alerts amended" },
		{ "withdrawn_total", "撤回疑点", "alerts withdrawn" },
		{ "http_requests_total", "HTTP 请求", "HTTP requests" },
	};
	struct grid g;
	grid_init(&g, 3);
	g.right[1] = g.right[2] = true;
	grid_cell(&g, str_of(cli_text(c, "流量", "flow")));
	grid_cell(&g, str_of(cli_text(c, "累计", "in all")));
	grid_cell(&g, str_of(cli_text(c, "每秒", "a second")));
	grid_rule(&g);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf text;
		buf_init(&text, 0);
		grid_cell(&g, str_of(c->english ? rows[i].en : rows[i].zh));
		grid_count(&text, (uint64_t)sum(l, rows[i].name));
		grid_cell(&g, buf_str(&text));
		buf_reset(&text);
		rate(l, before, rows[i].name, &text);
		grid_cell(&g, buf_str(&text));
		buf_fini(&text);
	}
	grid_print(&g, b, cli_columns(c));
	grid_fini(&g);
}

static void bar(int64_t part, int64_t whole, struct buf *b)
{
	int64_t full = whole > 0 ? part * BAR_CELLS / whole : 0;
	buf_addc(b, '[');
	for (int64_t i = 0; i < BAR_CELLS; i++)
		buf_addc(b, i < full ? '#' : '.');
	buf_addf(b, "] %" PRIi64 " %%", whole > 0 ? part * 100 / whole : 0);
}

static void queues(const struct cli *c, const struct look *l, struct buf *b)
{
	int64_t bytes = value(l, "journal_bytes"), bound = value(l, "journal_bound_bytes");
	buf_adds(b, cli_text(c, "\n日志 ", "\njournal "));
	bar(bytes, bound, b);
	buf_addf(b, cli_text(c, "（%" PRIi64 " 份，%" PRIi64 " KiB）\n",
			     " (%" PRIi64 " inputs, %" PRIi64 " KiB)\n"),
		 value(l, "journal_items"), bytes / 1024);
	buf_addf(b, cli_text(c, "投放目录 %" PRIi64 " 个文件，待提交 %" PRIi64 " 批，HTTP 连接 %" PRIi64
			     "，在案疑点 %" PRIi64 "\n",
			     "spool %" PRIi64 " files, to commit %" PRIi64 " epochs, HTTP %" PRIi64
			     " connections, %" PRIi64 " alerts stand\n"),
		 value(l, "spool_waiting"), value(l, "sink_waiting"), value(l, "http_connections"),
		 value(l, "alerts_live"));
	buf_addf(b, cli_text(c, "时间线 %" PRIi64 " MiB，汇总 %" PRIi64 " MiB，磁盘 %" PRIi64 " MiB\n",
			     "timelines %" PRIi64 " MiB, cells %" PRIi64 " MiB, on disk %" PRIi64
			     " MiB\n"),
		 value(l, "timeline_bytes") >> 20, value(l, "cells_bytes") >> 20,
		 value(l, "timeline_disk_bytes") >> 20);
}

static int by_alerts(const void *a, const void *b)
{
	const struct point *const *x = a, *const *y = b;
	if ((*x)->value != (*y)->value)
		return (*x)->value < (*y)->value ? 1 : -1;
	return str_cmp((*x)->labels, (*y)->labels);
}

static void rules(const struct cli *c, const struct look *l, unsigned most, struct buf *b)
{
	const struct point **all = xcalloc(l->n, sizeof *all);
	unsigned n = 0;
	struct grid g;
	for (unsigned i = 0; i < l->n; i++)
		if (is_family(&l->point[i], "rule_alerts") && l->point[i].value > 0)
			all[n++] = &l->point[i];
	qsort(all, n, sizeof *all, by_alerts);
	grid_init(&g, 2);
	g.right[1] = true;
	grid_cell(&g, str_of(cli_text(c, "规则", "rule")));
	grid_cell(&g, str_of(cli_text(c, "疑点", "alerts")));
	grid_rule(&g);
	for (unsigned i = 0; i < n && i < most; i++) {
		grid_cell(&g, label(all[i]->labels, "rule"));
		grid_cellf(&g, "%" PRIi64, all[i]->value);
	}
	buf_addc(b, '\n');
	grid_print(&g, b, cli_columns(c));
	if (n > most)
		buf_addf(b, cli_text(c, "……还有 %u 条规则\n", "... and %u more rules\n"), n - most);
	grid_fini(&g);
	xfree(all);
}

static void show(const struct cli *c, const struct top_opts *o, const struct look *l,
		 const struct look *before, struct buf *b)
{
	bool ready = value(l, "ready") > 0;
	buf_addf(b, cli_text(c, "规则集 " STR_FMT "，%s，数据库%s%s\n\n",
			     "rule set " STR_FMT ", %s, database %s%s\n\n"),
		 STR_ARG(rule_set(l)),
		 ready ? cli_text(c, "就绪", "ready") : cli_text(c, "未就绪", "not ready"),
		 value(l, "database_up") ? cli_text(c, "正常", "up") : cli_text(c, "中断", "away"),
		 value(l, "applying_rules") ? cli_text(c, "，正在应用新规则", ", applying new rules")
					    : "");
	if (value(l, "reading_history"))
		buf_addf(b, cli_text(c, "正在补读历史，已读 %" PRIi64 " 条；回看更远的规则还不完整\n\n",
				     "reading back history, %" PRIi64 " records so far; rules that "
				     "look farther are incomplete\n\n"),
			 value(l, "history_records"));
	flow(c, l, before, b);
	queues(c, l, b);
	rules(c, l, o->rules.given ? (unsigned)o->rules.v : 20, b);
}

/* ---- the command ---- */

static enum cli_exit look_once(struct cli *c, const struct top_opts *o, struct look *before,
			       bool again)
{
	struct look l;
	struct err e = { 0 };
	struct buf b;
	if (!take_look(o, &l, &e)) {
		look_fini(&l);
		return cli_err(c, &e);
	}
	buf_init(&b, 0);
	if (c->json)
		show_json(&l, &b);
	else
		show(c, o, &l, again ? before : NULL, &b);
	if (!c->json && !o->once && c->out_tty)
		fputs("\033[H\033[2J", stdout);
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	if (again)
		look_fini(before);
	*before = l;
	return code;
}

static enum cli_exit top_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct top_opts *o = opt;
	struct timespec pause = { .tv_sec = o->every.given && o->every.v > 0 ? o->every.v : 2 };
	struct look before;
	(void)n, (void)arg;
	enum cli_exit code = look_once(c, o, &before, false);
	if (code != CLI_OK)
		return code;
	while (code == CLI_OK && !o->once) {
		(void)nanosleep(&pause, NULL);
		code = look_once(c, o, &before, true);
	}
	look_fini(&before);
	return code;
}

static const struct opt top_opt[] = {
	{ "once", 0, OPT_FLAG, offsetof(struct top_opts, once), NULL, "只看一次", "one look only" },
	{ "every", 0, OPT_NUMBER, offsetof(struct top_opts, every), "SECONDS", "间隔秒数，默认 2",
	  "seconds between looks, 2 by default" },
	{ "rules", 0, OPT_NUMBER, offsetof(struct top_opts, rules), "N", "最多列出几条规则，默认 20",
	  "how many rules to list, 20 by default" },
	{ "conf", 'c', OPT_TEXT, offsetof(struct top_opts, conf), "FILE",
	  "守护进程的 fundwatch.yaml：取其中的 control.socket",
	  "the daemon's fundwatch.yaml, for its control.socket" },
	{ "socket", 0, OPT_TEXT, offsetof(struct top_opts, socket), "PATH",
	  "直接给出控制套接字", "the control socket itself" },
	{ 0 },
};

const struct command cmd_top = {
	.name = "top",
	.args = "",
	.zh = "看运行中的 fundwatchd：流量、积压、日志占用、各规则的疑点",
	.en = "watch the running fundwatchd: flow, what waits, the journal, alerts by rule",
	.more_zh = "不需要打开 HTTP；数字与 /metrics 相同。Ctrl-C 结束。",
	.more_en = "HTTP need not be on; the numbers are those of /metrics. Ctrl-C ends it.",
	.opt = top_opt,
	.opt_size = sizeof(struct top_opts),
	.exec = top_exec,
};
