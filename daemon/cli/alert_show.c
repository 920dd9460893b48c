/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alert_show.c - `fundwatch alerts show`: one alert, understood in ten seconds: the sentence,
 * the money, the rule's basis, every record with its role and share, and what happened since.
 */
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/rows.h"
#include "daemon/cli/words.h"
#include "lib/base/dec.h"

#define RECORDS_SHOWN 50

struct show_opts {
	struct db_opts db;
	struct number limit;
};

enum {
	SHOW_ID,
	SHOW_RULE,
	SHOW_TITLE,
	SHOW_BASIS,
	SHOW_NATURE,
	SHOW_SEVERITY,
	SHOW_STATE,
	SHOW_SENTENCE,
	SHOW_AMOUNT,
	SHOW_FUND,
	SHOW_OBSERVED,
	SHOW_LIMIT,
	SHOW_PERSON,
	SHOW_FACILITY,
	SHOW_BEGIN,
	SHOW_END,
	SHOW_REVISION,
	SHOW_FIRST,
	SHOW_CHANGED,
	SHOW_DIGEST,
	SHOW_TRIAL,
	SHOW_FINDING,
	SHOW_EXCEPTED,
	SHOW_EXCEPT_OWNER,
	SHOW_EXCEPT_REASON,
	SHOW_HANDLED,
	SHOW_HANDLED_BY,
	SHOW_HANDLED_AT,
	SHOW_CHANGED_SINCE,
	SHOW_DECIDED_AMOUNT,
	SHOW_DECIDED,
	SHOW_MERGED_INTO
};

static const char alert_sql[] =
	"SELECT a.alert_id, a.rule_id, coalesce(r.title, ''), coalesce(r.basis, ''), a.nature, "
	"a.severity, a.state,"
	" a.sentence, a.violation_amount, a.fund_amount, a.observed, a.threshold, a.psn_no, "
	"a.fixmedins_code,"
	" a.event_begin, a.event_end, a.revision, date_trunc('second', a.first_found_at),"
	" date_trunc('second', a.changed_at), a.rule_digest, a.trial, a.finding,"
	" a.excepted, a.except_owner, a.except_reason,"
	" a.handled, a.handled_by, date_trunc('second', a.handled_at), a.data_changed,"
	" t.violation_amount, t.finding, CASE WHEN a.state = 'withdrawn' THEN (SELECT other"
	" FROM fundwatch.alert_event v WHERE v.alert_id = a.alert_id AND v.revision = a.revision)"
	" END"
	" FROM fundwatch.alert a LEFT JOIN fundwatch.alert_act t ON t.act_id = a.handled_act"
	" LEFT JOIN fundwatch.rule_release_rule r"
	" ON r.release = a.rule_set AND r.rule_id = a.rule_id WHERE a.alert_id = $1::bigint";

/* What a record is, from its latest version: a fee line's item and count, a stay's dates and
 * diagnosis. */
static const char record_sql[] =
	"SELECT ar.role, ar.stream, ar.fixmedins_code, ar.mdtrt_id, ar.record_id,"
	" coalesce(f.at, s.at, e.at) AS time, coalesce(f.what, s.what, e.what, '') AS what,"
	" coalesce(f.total, s.total)::numeric(18,2) AS total, ar.amount AS share"
	" FROM fundwatch.alert_record ar"
	" LEFT JOIN LATERAL (SELECT fee_ocur_time AS at, det_item_fee_sumamt AS total,"
	"  concat_ws(' ', coalesce(medins_list_name, hilist_name, med_list_codg), '×' || "
	"trim_scale(cnt)) AS what"
	"  FROM fundwatch.fee WHERE ar.stream = 'fee' AND mdtrt_id = ar.mdtrt_id"
	"  AND fixmedins_code = ar.fixmedins_code AND coalesce(feedetl_sn, bkkp_sn) = ar.record_id"
	"  ORDER BY revision DESC NULLS LAST LIMIT 1) f ON true"
	" LEFT JOIN LATERAL (SELECT setl_time AS at, medfee_sumamt AS total, setl_id AS what"
	"  FROM fundwatch.settlement WHERE ar.stream = 'settlement' AND mdtrt_id = ar.mdtrt_id"
	"  AND fixmedins_code = ar.fixmedins_code AND setl_id = ar.record_id"
	"  ORDER BY revision DESC NULLS LAST LIMIT 1) s ON true"
	" LEFT JOIN LATERAL (SELECT begntime AS at,"
	"  concat_ws(' ', '→ ' || endtime::date, dscg_maindiag_name, dscg_maindiag_code) AS what"
	"  FROM fundwatch.encounter WHERE ar.stream IN ('stay', 'visit', 'encounter')"
	"  AND mdtrt_id = ar.mdtrt_id AND fixmedins_code = ar.fixmedins_code"
	"  ORDER BY revision DESC NULLS LAST LIMIT 1) e ON true"
	" WHERE ar.alert_id = $1::bigint ORDER BY ar.seq";
enum {
	REC_ROLE,
	REC_STREAM,
	REC_FACILITY,
	REC_VISIT,
	REC_ID,
	REC_TIME,
	REC_WHAT,
	REC_TOTAL,
	REC_SHARE
};

static const char event_sql[] =
	"SELECT date_trunc('second', at) AS at, kind, why, amount_from, amount_to, who, other"
	" FROM fundwatch.alert_event WHERE alert_id = $1::bigint ORDER BY event_id";

enum { EVENT_AT, EVENT_KIND, EVENT_WHY, EVENT_FROM, EVENT_TO, EVENT_WHO, EVENT_OTHER };

/* Others that stand on the same records: what two say is worth the money once. */
static const char also_sql[] =
	"SELECT o.alert_id AS alert, o.rule_id AS rule, coalesce(r.title, '') AS title,"
	" count(*) AS records, sum(least(x.amount, y.amount)) AS share"
	" FROM fundwatch.alert_record x JOIN fundwatch.alert_record y USING"
	" (stream, fixmedins_code, mdtrt_id, record_id)"
	" JOIN fundwatch.alert_live o ON o.alert_id = y.alert_id AND NOT o.trial AND NOT o.excepted"
	" LEFT JOIN fundwatch.rule_release_rule r"
	" ON r.release = o.rule_set AND r.rule_id = o.rule_id"
	" WHERE x.alert_id = $1::bigint AND y.alert_id <> x.alert_id AND x.amount <> 0"
	" AND y.amount <> 0 GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1";
enum { ALSO_ALERT, ALSO_RULE, ALSO_TITLE, ALSO_RECORDS, ALSO_SHARE };

static const char act_sql[] =
	"SELECT act_id AS act, date_trunc('second', at) AS at, kind, state, violation_amount, who,"
	" note, revision, other FROM fundwatch.alert_act WHERE alert_id = $1::bigint"
	" ORDER BY act_id";
enum {
	ACT_ID,
	ACT_AT,
	ACT_KIND,
	ACT_STATE,
	ACT_AMOUNT,
	ACT_WHO,
	ACT_NOTE,
	ACT_REVISION,
	ACT_OTHER
};

struct shown {
	PGresult *alert, *record, *event, *act, *also;
};

static bool ask(struct db *db, const char *id, struct shown *s, struct err *e)
{
	const char *value[] = { id };
	*s = (struct shown){ 0 };
	s->alert = db_query(db, alert_sql, 1, value, e);
	s->record = s->alert ? db_query(db, record_sql, 1, value, e) : NULL;
	s->event = s->record ? db_query(db, event_sql, 1, value, e) : NULL;
	s->act = s->event ? db_query(db, act_sql, 1, value, e) : NULL;
	s->also = s->act ? db_query(db, also_sql, 1, value, e) : NULL;
	return s->also;
}

static void shown_fini(struct shown *s)
{
	PQclear(s->alert);
	PQclear(s->record);
	PQclear(s->event);
	PQclear(s->act);
	PQclear(s->also);
}

static const char *at(const PGresult *r, int row, int col)
{
	return PQgetvalue(r, row, col);
}

static void money_add(struct buf *b, const char *text)
{
	int64_t fen;
	if (*text && dec_parse(str_of(text), 2, &fen))
		grid_money(b, fen);
	else
		buf_adds(b, "-");
}

/* "2026-03-01 09:00:00+08": the zone is always China's. */
static int second(const char *text)
{
	size_t n = strlen(text);
	return (int)(n > 19 ? 19 : n);
}

static void money_cell(struct grid *g, const char *text)
{
	struct buf b;
	buf_init(&b, 0);
	if (*text)
		money_add(&b, text);
	grid_cell(g, buf_str(&b));
	buf_fini(&b);
}

static void summary_text(const struct cli *c, const PGresult *r, struct buf *b)
{
	buf_addf(b, "%s\n\n", at(r, 0, SHOW_SENTENCE));
	buf_adds(b, cli_text(c, "违规金额 ", "amount "));
	money_add(b, at(r, 0, SHOW_AMOUNT));
	buf_adds(b, cli_text(c, " 元，其中基金 ", " yuan, of the fund "));
	money_add(b, at(r, 0, SHOW_FUND));
	buf_adds(b, cli_text(c, " 元", " yuan"));
	if (*at(r, 0, SHOW_OBSERVED) && *at(r, 0, SHOW_LIMIT))
		buf_addf(b, cli_text(c, "；实际 %s，上限 %s", "; observed %s, limit %s"),
			 at(r, 0, SHOW_OBSERVED), at(r, 0, SHOW_LIMIT));
	buf_addf(b,
		 cli_text(c, "\n规则     %s「%s」（%s，级别%s%s）\n依据     %s\n",
			  "\nrule     %s「%s」 (%s, %s%s)\nbasis    %s\n"),
		 at(r, 0, SHOW_RULE), at(r, 0, SHOW_TITLE), word_show(c, at(r, 0, SHOW_NATURE)),
		 word_show(c, at(r, 0, SHOW_SEVERITY)),
		 at(r, 0, SHOW_TRIAL)[0] == 't' ? cli_text(c, "，试行", ", on trial") : "",
		 at(r, 0, SHOW_BASIS));
	buf_addf(b,
		 cli_text(c, "对象     人员 %s，机构 %s，%s 至 %s\n",
			  "about    person %s, facility %s, %s to %s\n"),
		 *at(r, 0, SHOW_PERSON) ? at(r, 0, SHOW_PERSON) : "-",
		 *at(r, 0, SHOW_FACILITY) ? at(r, 0, SHOW_FACILITY) : "-", at(r, 0, SHOW_BEGIN),
		 at(r, 0, SHOW_END));
	buf_addf(b,
		 cli_text(c, "疑点     %s，%s，第 %s 版，首次发现 %.*s\n",
			  "alert    %s, %s, revision %s, first found %.*s\n"),
		 at(r, 0, SHOW_ID), word_show(c, at(r, 0, SHOW_STATE)), at(r, 0, SHOW_REVISION),
		 second(at(r, 0, SHOW_FIRST)), at(r, 0, SHOW_FIRST));
	if (*at(r, 0, SHOW_MERGED_INTO))
		buf_addf(b, cli_text(c, "并入     疑点 %s（记录现在都在那里）\n",
				     "merged   into alert %s, which has its records now\n"),
			 at(r, 0, SHOW_MERGED_INTO));
	if (at(r, 0, SHOW_EXCEPTED)[0] == 't' && !*at(r, 0, SHOW_EXCEPT_OWNER))
		buf_addf(b,
			 cli_text(c, "除外     没有报告，规则除外：%s\n",
				  "exempt   not reported because the rule exempts: %s\n"),
			 at(r, 0, SHOW_EXCEPT_REASON));
	else if (at(r, 0, SHOW_EXCEPTED)[0] == 't')
		buf_addf(b,
			 cli_text(c, "例外     没有报告，因为：%s（负责人 %s）\n",
				  "excepted not reported because of %s (owner %s)\n"),
			 at(r, 0, SHOW_EXCEPT_REASON), at(r, 0, SHOW_EXCEPT_OWNER));
}

/* The decision, and beside it what the data say by now. */
static void handled_text(const struct cli *c, const PGresult *r, struct buf *b)
{
	if (!*at(r, 0, SHOW_HANDLED))
		return;
	buf_addf(b, cli_text(c, "处理     %s，%s，%.*s；决定时违规金额 ",
			     "handled  %s by %s, %.*s; the amount then "),
		 word_show(c, at(r, 0, SHOW_HANDLED)), at(r, 0, SHOW_HANDLED_BY),
		 second(at(r, 0, SHOW_HANDLED_AT)), at(r, 0, SHOW_HANDLED_AT));
	money_add(b, at(r, 0, SHOW_DECIDED_AMOUNT));
	buf_addc(b, '\n');
	if (at(r, 0, SHOW_CHANGED_SINCE)[0] != 't')
		return;
	buf_adds(b, cli_text(c, "数据已变 决定之后数据有变化：现在", "changed  since then the data say: "));
	if (strcmp(at(r, 0, SHOW_STATE), "withdrawn") == 0) {
		buf_adds(b, cli_text(c, "已不成立\n", "it no longer holds\n"));
		return;
	}
	buf_adds(b, cli_text(c, "违规金额 ", "the amount is "));
	money_add(b, at(r, 0, SHOW_AMOUNT));
	buf_adds(b, "\n");
}

static void acts_text(const struct cli *c, const PGresult *r, struct buf *b)
{
	if (PQntuples(r) == 0)
		return;
	buf_adds(b, cli_text(c, "\n处理\n", "\nhandling\n"));
	for (int i = 0; i < PQntuples(r); i++) {
		buf_addf(b, "  %.*s  %s", second(at(r, i, ACT_AT)), at(r, i, ACT_AT),
			 word_show(c, at(r, i, ACT_KIND)));
		if (*at(r, i, ACT_OTHER))
			buf_addf(b, cli_text(c, "，来自疑点 %s", " from alert %s"),
				 at(r, i, ACT_OTHER));
		if (*at(r, i, ACT_STATE))
			buf_addf(b, " (%s)", word_show(c, at(r, i, ACT_STATE)));
		buf_adds(b, "  ");
		money_add(b, at(r, i, ACT_AMOUNT));
		buf_addf(b, "  %s  %s\n", at(r, i, ACT_WHO), at(r, i, ACT_NOTE));
	}
}

static void records_text(const struct cli *c, const PGresult *r, int limit, struct buf *b)
{
	static const char *const zh[] = { "作用", "记录", "机构", "就诊", "编号",
					  "时间", "金额", "计入", "内容" };
	static const char *const en[] = { "role", "record", "facility", "visit", "id",
					  "time", "amount", "share",    "what" };
	struct grid g;
	grid_init(&g, 9);
	g.right[6] = g.right[7] = true;
	g.indent = 2;
	for (unsigned i = 0; i < g.columns; i++)
		grid_cell(&g, str_of(c->english ? en[i] : zh[i]));
	grid_rule(&g);
	for (int i = 0; i < PQntuples(r) && (limit == 0 || i < limit); i++) {
		grid_cell(&g, str_of(word_show(c, at(r, i, REC_ROLE))));
		grid_cell(&g, str_of(word_stream(c, stream_find(str_of(at(r, i, REC_STREAM))))));
		grid_cell(&g, str_of(at(r, i, REC_FACILITY)));
		grid_cell(&g, str_of(at(r, i, REC_VISIT)));
		grid_cell(&g, str_of(at(r, i, REC_ID)));
		grid_cell(&g, str_of(at(r, i, REC_TIME)));
		money_cell(&g, at(r, i, REC_TOTAL));
		money_cell(&g, at(r, i, REC_SHARE));
		grid_cell(&g, str_of(at(r, i, REC_WHAT)));
	}
	buf_addf(b, cli_text(c, "\n记录 %d 条\n", "\n%d records\n"), PQntuples(r));
	grid_print(&g, b, cli_columns(c));
	grid_fini(&g);
	if (limit > 0 && PQntuples(r) > limit)
		buf_addf(b, cli_text(c, "  ……还有 %d 条，用 --limit 0 全部列出\n",
				     "  ... and %d more; --limit 0 lists all\n"),
			 PQntuples(r) - limit);
}

static void also_text(const struct cli *c, const PGresult *r, struct buf *b)
{
	if (PQntuples(r) == 0)
		return;
	buf_adds(b, cli_text(c, "\n同样的记录还在下列疑点中（钱只应追一次）\n",
			     "\nalerts on the same records (the money is due once)\n"));
	for (int i = 0; i < PQntuples(r); i++) {
		buf_addf(b, cli_text(c, "  %s  %s「%s」  记录 %s 条  重合 ",
				     "  %s  %s「%s」  records %s  shared "),
			 at(r, i, ALSO_ALERT), at(r, i, ALSO_RULE), at(r, i, ALSO_TITLE),
			 at(r, i, ALSO_RECORDS));
		money_add(b, at(r, i, ALSO_SHARE));
		buf_addc(b, '\n');
	}
}

/* Why an alert changed, in words; `other` is the alert it was merged into or split from. */
static void why_text(const struct cli *c, const PGresult *r, int i, struct buf *b)
{
	const char *why = at(r, i, EVENT_WHY), *other = at(r, i, EVENT_OTHER);
	bool gone = strcmp(at(r, i, EVENT_KIND), "withdrawn") == 0;
	if (gone && *other)
		buf_addf(b, cli_text(c, "并入疑点 %s", "merged into alert %s"), other);
	else if (gone && strcmp(why, "records") == 0)
		buf_adds(b, cli_text(c, "退费或更正后不再成立", "a refund or correction took it back"));
	else if (!*other || strcmp(why, "split") != 0)
		buf_adds(b, word_show(c, why));
	if (gone || !*other)
		return;
	buf_adds(b, strcmp(why, "split") == 0 ? "" : cli_text(c, "，", ", "));
	buf_addf(b, cli_text(c, "从疑点 %s 分出", "split from alert %s"), other);
}

static void events_text(const struct cli *c, const PGresult *r, struct buf *b)
{
	buf_adds(b, cli_text(c, "\n经过\n", "\nhistory\n"));
	for (int i = 0; i < PQntuples(r); i++) {
		buf_addf(b, cli_text(c, "  %.*s  %s（", "  %.*s  %s ("), second(at(r, i, EVENT_AT)),
			 at(r, i, EVENT_AT), word_show(c, at(r, i, EVENT_KIND)));
		why_text(c, r, i, b);
		buf_adds(b, cli_text(c, "）  ", ")  "));
		money_add(b, at(r, i, EVENT_FROM));
		buf_adds(b, " → ");
		money_add(b, at(r, i, EVENT_TO));
		buf_addf(b, "  %s\n", at(r, i, EVENT_WHO));
	}
}

static void list_json(struct buf *b, const char *name, const PGresult *r)
{
	buf_addf(b, ",\"%s\":[", name);
	rows_json(b, r);
	buf_addc(b, ']');
}

static void show_json(const struct shown *s, struct buf *b)
{
	buf_addf(b, "{\"alert\":\"%s\",\"state\":\"%s\",\"revision\":%s,\"title\":",
		 at(s->alert, 0, SHOW_ID), at(s->alert, 0, SHOW_STATE),
		 at(s->alert, 0, SHOW_REVISION));
	buf_json(b, str_of(at(s->alert, 0, SHOW_TITLE)));
	buf_adds(b, ",\"basis\":");
	buf_json(b, str_of(at(s->alert, 0, SHOW_BASIS)));
	buf_addf(b, ",\"finding\":%s", at(s->alert, 0, SHOW_FINDING));
	list_json(b, "records", s->record);
	list_json(b, "history", s->event);
	buf_addf(b, ",\"handled\":\"%s\",\"data_changed\":%s,\"decided_on\":%s",
		 at(s->alert, 0, SHOW_HANDLED),
		 at(s->alert, 0, SHOW_CHANGED_SINCE)[0] == 't' ? "true" : "false",
		 *at(s->alert, 0, SHOW_DECIDED) ? at(s->alert, 0, SHOW_DECIDED) : "null");
	list_json(b, "handling", s->act);
	list_json(b, "also", s->also);
	buf_adds(b, "}\n");
}

static enum cli_exit show(const struct cli *c, const struct show_opts *o, const struct shown *s,
			  const char *id)
{
	struct buf b;
	if (PQntuples(s->alert) == 0)
		return cli_error(c, CLI_WORLD,
				 cli_text(c, "没有这个疑点：%s", "there is no alert %s"), id);
	buf_init(&b, 0);
	if (c->json) {
		show_json(s, &b);
	} else {
		summary_text(c, s->alert, &b);
		handled_text(c, s->alert, &b);
		records_text(c, s->record, o->limit.given ? (int)o->limit.v : RECORDS_SHOWN, &b);
		also_text(c, s->also, &b);
		events_text(c, s->event, &b);
		acts_text(c, s->act, &b);
	}
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit show_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct show_opts *o = opt;
	struct db db;
	struct shown s;
	struct err e = { 0 };
	int64_t id;
	(void)n;
	if (!dec_parse(str_of(arg[0]), 0, &id))
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "疑点编号是一个整数，不是 %s",
					  "an alert's number is an integer, not %s"),
				 arg[0]);
	enum cli_exit code = cli_db_open(c, &o->db, false, &db);
	if (code != CLI_OK)
		return code;
	code = ask(&db, arg[0], &s, &e) ? show(c, o, &s, arg[0]) : cli_err(c, &e);
	shown_fini(&s);
	db_close(&db);
	return code;
}

static const struct opt show_opt[] = {
	DB_OPTS(struct show_opts),
	{ "limit", 'n', OPT_NUMBER, offsetof(struct show_opts, limit), "N",
	  "最多列出几条记录，默认 50，0 为全部", "how many records at most, 50 by default, 0 for all" },
	{ 0 },
};

const struct command cmd_alerts_show = {
	.name = "alerts show",
	.args = "ALERT",
	.zh = "一条疑点的全部说明：金额、依据、每条记录的作用和计入金额、经过",
	.en = "one alert explained: money, basis, every record's role and share, history",
	.opt = show_opt,
	.opt_size = sizeof(struct show_opts),
	.min_args = 1,
	.max_args = 1,
	.exec = show_exec,
};
