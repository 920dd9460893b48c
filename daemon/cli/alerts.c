/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alerts.c - `fundwatch alerts list`: the alerts that stand, costliest first.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/opt.h"
#include "daemon/cli/words.h"
#include "lib/base/civil.h"
#include "lib/base/dec.h"

#define LIMIT_DEFAULT 20
#define STATES "live|all|raised|amended|withdrawn|open|checking|confirmed|dismissed|changed"

struct list_opts {
	struct db_opts db;
	struct text_list rule;
	const char *facility, *person, *since, *state, *sort;
	struct number limit;
	bool trial, suppressed;
};

/* Columns of the query, in its order. */
enum {
	ALERT_ID,
	ALERT_RULE,
	ALERT_STATE,
	ALERT_AMOUNT,
	ALERT_FUND,
	ALERT_DATE,
	ALERT_FACILITY,
	ALERT_PERSON,
	ALERT_RECORDS,
	ALERT_REVISION,
	ALERT_SENTENCE,
	ALERT_FINDING,
	ALERT_COUNT,
	ALERT_SUM,
	ALERT_FUND_SUM,
	ALERT_HANDLED,
	ALERT_CHANGED,
	ALERT_REASON,
	ALERT_OWNER
};

/* Every filter is a parameter; NULL asks for nothing. %s is the order, one of two texts below. */
#define LIST_SQL(order)                                                                    \
	"SELECT alert_id, rule_id, state, violation_amount, fund_amount, event_end::date," \
	" fixmedins_code, psn_no, n_records, revision, sentence, finding,"                 \
	" count(*) OVER (), sum(violation_amount) OVER (), sum(fund_amount) OVER (),"      \
	" handled, data_changed, except_reason, except_owner"                              \
	" FROM fundwatch.alert"                                                            \
	" WHERE ($1::text IS NULL OR rule_id = ANY (string_to_array($1, ',')))"            \
	" AND ($2::text IS NULL OR fixmedins_code = $2)"                                   \
	" AND ($3::text IS NULL OR psn_no = $3)"                                           \
	" AND ($4::date IS NULL OR event_end >= $4::date)"                                 \
	" AND ($5 = 'all' OR state = $5 OR ($5 = 'live' AND"                               \
	" (state <> 'withdrawn' OR data_changed)) OR ($5 = 'changed' AND data_changed)"    \
	" OR ($5 = 'open' AND handled IS NULL AND state <> 'withdrawn') OR handled = $5)"  \
	" AND trial = $6::boolean AND excepted = $8::boolean"                              \
	" ORDER BY " order " LIMIT $7::bigint"

static const char by_amount[] = LIST_SQL("violation_amount DESC NULLS LAST, rule_id, alert_id");
static const char by_date[] = LIST_SQL("event_end DESC NULLS LAST, rule_id, alert_id");

static PGresult *ask(struct db *db, const struct list_opts *o, struct err *e)
{
	struct buf rules;
	char limit[24];
	buf_init(&rules, 0);
	for (unsigned i = 0; i < o->rule.n; i++)
		buf_addf(&rules, "%s%s", i ? "," : "", o->rule.v[i]);
	snprintf(limit, sizeof limit, "%lld", o->limit.given ? o->limit.v : LIMIT_DEFAULT);
	const char *value[] = {
		o->rule.n ? buf_cstr(&rules) : NULL,
		o->facility,
		o->person,
		o->since,
		o->state ? word_english(o->state) : "live",
		o->trial ? "true" : "false",
		o->limit.given && o->limit.v == 0 ? NULL : limit,
		o->suppressed ? "true" : "false",
	};
	const char *sql = o->sort && strcmp(o->sort, "date") == 0 ? by_date : by_amount;
	PGresult *r = db_query(db, sql, 8, value, e);
	buf_fini(&rules);
	return r;
}

static const char *at(const PGresult *r, int row, int col)
{
	return PQgetvalue(r, row, col);
}

/* "12345.60" with grouping; nothing for nothing. */
static void money_cell(struct grid *g, const char *text)
{
	struct buf b;
	int64_t fen;
	buf_init(&b, 0);
	if (*text && dec_parse(str_of(text), 2, &fen))
		grid_money(&b, fen);
	grid_cell(g, buf_str(&b));
	buf_fini(&b);
}

static void list_head(const struct cli *c, struct grid *g)
{
	static const char *const zh[] = { "疑点", "规则", "违规金额", "其中基金", "日期",
					  "机构", "人员", "记录",     "状态",     "说明" };
	static const char *const en[] = {
		"alert",    "rule",   "amount",  "of the fund", "date",
		"facility", "person", "records", "state",       "sentence"
	};
	for (unsigned i = 0; i < g->columns; i++)
		grid_cell(g, str_of(c->english ? en[i] : zh[i]));
	grid_rule(g);
}

static void list_row(const struct cli *c, const PGresult *r, int row, struct grid *g)
{
	grid_cell(g, str_of(at(r, row, ALERT_ID)));
	grid_cell(g, str_of(at(r, row, ALERT_RULE)));
	money_cell(g, at(r, row, ALERT_AMOUNT));
	money_cell(g, at(r, row, ALERT_FUND));
	grid_cell(g, str_of(at(r, row, ALERT_DATE)));
	grid_cell(g, str_of(at(r, row, ALERT_FACILITY)));
	grid_cell(g, str_of(at(r, row, ALERT_PERSON)));
	grid_cell(g, str_of(at(r, row, ALERT_RECORDS)));
	grid_cellf(g, "%s%s%s%s", word_show(c, at(r, row, ALERT_STATE)),
		   *at(r, row, ALERT_HANDLED) ? cli_text(c, "，", ", ") : "",
		   word_show(c, at(r, row, ALERT_HANDLED)),
		   at(r, row, ALERT_CHANGED)[0] == 't' ? cli_text(c, "，数据已变", ", data changed")
						       : "");
	grid_cellf(g, "%s%s%s%s", cli_text(c, *at(r, row, ALERT_REASON) ? "因为" : "",
					   *at(r, row, ALERT_REASON) ? "because of " : ""),
		   at(r, row, ALERT_REASON), *at(r, row, ALERT_REASON) ? "：" : "",
		   at(r, row, ALERT_SENTENCE));
}

static void money_text(struct buf *b, const char *text)
{
	int64_t fen;
	if (*text && dec_parse(str_of(text), 2, &fen))
		grid_money(b, fen);
	else
		buf_adds(b, "0.00");
}

static void list_text(const struct cli *c, const PGresult *r, struct buf *b)
{
	struct grid g;
	int n = PQntuples(r);
	if (n == 0) {
		buf_adds(b, cli_text(c, "没有符合条件的疑点\n", "no alert fits\n"));
		return;
	}
	grid_init(&g, 10);
	g.right[2] = g.right[3] = g.right[7] = true;
	list_head(c, &g);
	for (int i = 0; i < n; i++)
		list_row(c, r, i, &g);
	grid_print(&g, b, cli_columns(c));
	grid_fini(&g);
	buf_addf(b,
		 cli_text(c, "\n共 %s 条，列出 %d 条；违规金额合计 ",
			  "\n%s alerts, %d shown; amounts sum to "),
		 at(r, 0, ALERT_COUNT), n);
	money_text(b, at(r, 0, ALERT_SUM));
	buf_adds(b, cli_text(c, "，其中基金 ", ", of the fund "));
	money_text(b, at(r, 0, ALERT_FUND_SUM));
	buf_adds(b, cli_text(c,
			     "（同一笔被几条规则命中时各计一次）\n看一条：fundwatch alerts show "
			     "疑点编号\n",
			     " (a line hit by several rules counts for each)\nsee one: fundwatch "
			     "alerts show ALERT\n"));
}

static void money_json(struct buf *b, const char *text)
{
	if (*text)
		buf_json(b, str_of(text));
	else
		buf_adds(b, "null");
}

static void reason_json(const PGresult *r, int i, struct buf *b)
{
	buf_addf(b, ",\"suppressed\":{\"by\":\"%s\",\"reason\":",
		 *at(r, i, ALERT_OWNER) ? "exception" : "unless");
	buf_json(b, str_of(at(r, i, ALERT_REASON)));
	buf_adds(b, ",\"owner\":");
	buf_json(b, str_of(at(r, i, ALERT_OWNER)));
	buf_addc(b, '}');
}

/* The finding's canonical line is JSON already: it goes in as it is. */
static void list_json(const PGresult *r, struct buf *b)
{
	int n = PQntuples(r);
	buf_addf(b, "{\"count\":%s,\"amount\":", n ? at(r, 0, ALERT_COUNT) : "0");
	money_json(b, n ? at(r, 0, ALERT_SUM) : "0.00");
	buf_adds(b, ",\"alerts\":[");
	for (int i = 0; i < n; i++) {
		buf_addf(b, "%s{\"alert\":\"%s\",\"state\":\"%s\",\"revision\":%s,"
			 "\"handled\":\"%s\",\"data_changed\":%s",
			 i ? "," : "", at(r, i, ALERT_ID), at(r, i, ALERT_STATE),
			 at(r, i, ALERT_REVISION), at(r, i, ALERT_HANDLED),
			 at(r, i, ALERT_CHANGED)[0] == 't' ? "true" : "false");
		if (*at(r, i, ALERT_REASON))
			reason_json(r, i, b);
		buf_addf(b, ",\"finding\":%s}", at(r, i, ALERT_FINDING));
	}
	buf_adds(b, "]}\n");
}

static bool check_filters(const struct cli *c, const struct list_opts *o)
{
	int32_t day;
	const char *state = o->state ? word_english(o->state) : "live";
	if (o->since && !civil_parse_date(str_of(o->since), &day)) {
		cli_error(c, CLI_USAGE,
			  cli_text(c, "--since 要一个日期，如 2026-03-01，不是 %s",
				   "--since takes a date like 2026-03-01, not %s"),
			  o->since);
		return false;
	}
	if (!opt_is_choice(STATES, state)) {
		cli_error(c, CLI_USAGE,
			  cli_text(c, "--state 只能是 %s，不是 %s", "--state is one of %s, not %s"),
			  STATES, o->state);
		return false;
	}
	return true;
}

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct list_opts *o = opt;
	struct db db;
	struct err e = { 0 };
	struct buf b;
	(void)n, (void)arg;
	if (!check_filters(c, o))
		return CLI_USAGE;
	enum cli_exit code = cli_db_open(c, &o->db, false, &db);
	if (code != CLI_OK)
		return code;
	buf_init(&b, 0);
	PGresult *r = ask(&db, o, &e);
	if (r && c->json)
		list_json(r, &b);
	else if (r)
		list_text(c, r, &b);
	code = r ? cli_out(c, &b, CLI_OK) : cli_err(c, &e);
	PQclear(r);
	buf_fini(&b);
	db_close(&db);
	return code;
}

static const struct opt list_opt[] = {
	DB_OPTS(struct list_opts),
	{ "rule", 'r', OPT_LIST, offsetof(struct list_opts, rule), "ID", "只看这条规则的",
	  "of this rule only" },
	{ "facility", 'f', OPT_TEXT, offsetof(struct list_opts, facility), "CODE", "只看这家机构的",
	  "of this facility only" },
	{ "person", 'p', OPT_TEXT, offsetof(struct list_opts, person), "NO", "只看这个人员的",
	  "of this person only" },
	{ "since", 's', OPT_TEXT, offsetof(struct list_opts, since), "DATE",
	  "最后一笔发生在这天或之后", "whose last record is of this day or later" },
	{ "state", 0, OPT_TEXT, offsetof(struct list_opts, state), "STATE",
	  "live（默认：未撤销的，和决定后数据有变的）、raised、amended、withdrawn、all；"
	  "open（待处理）、checking、confirmed、dismissed；changed（决定后数据有变的）",
	  "live (default: not withdrawn, or changed after a decision), raised, amended, "
	  "withdrawn, all; open (nothing decided), checking, confirmed, dismissed; changed "
	  "(after a decision)" },
	{ "sort", 0, OPT_TEXT, offsetof(struct list_opts, sort), "amount|date", "排序，默认按金额",
	  "order, amount by default" },
	{ "limit", 'n', OPT_NUMBER, offsetof(struct list_opts, limit), "N",
	  "最多列出几条，默认 20，0 为全部", "how many at most, 20 by default, 0 for all" },
	{ "trial", 0, OPT_FLAG, offsetof(struct list_opts, trial), NULL, "改看试行规则的疑点",
	  "those of rules on trial instead" },
	{ "suppressed", 0, OPT_FLAG, offsetof(struct list_opts, suppressed), NULL,
	  "改看没有报告的：被规则的除外或例外放过的，每条带原因",
	  "those not reported instead: what exclusions and exceptions held back, each with its "
	  "reason" },
	{ 0 },
};

const struct command cmd_alerts_list = {
	.name = "alerts list",
	.args = "",
	.zh = "列出疑点，金额大的在前",
	.en = "list alerts, costliest first",
	.opt = list_opt,
	.opt_size = sizeof(struct list_opts),
	.exec = list_exec,
};
