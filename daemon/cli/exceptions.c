/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exceptions.c - `fundwatch exceptions list` and `ledger`: which exceptions there are, and
 * what they keep from being reported.
 *
 * The rows come from the rules' files, the findings from the database. A row that took
 * nothing is told as never used.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/except_used.h"
#include "daemon/cli/excepted.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/ruleload.h"
#include "daemon/cli/words.h"
#include "lib/base/civil.h"
#include "lib/base/dec.h"

#define SOON_DAYS 30

/* ---- rows of the rules' files ---- */

static struct str day_text(struct arena *a, int32_t day)
{
	struct buf b;
	buf_init(&b, 32);
	if (day != MISSING_I32)
		civil_add_date(&b, day);
	struct str s = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

static struct excepted_row row_of(struct arena *a, const struct rule *r, const struct exception *x)
{
	struct buf cells;
	buf_init(&cells, 0);
	for (uint32_t i = 0; i < r->n_except; i++)
		buf_addf(&cells, "%s" STR_FMT, i ? "," : "", STR_ARG(x->cell[i]));
	struct excepted_row row = { .rule = r->id,
				    .owner = x->owner,
				    .reason = x->reason,
				    .cells = arena_str(a, buf_str(&cells)),
				    .from = day_text(a, x->from),
				    .until = day_text(a, x->until) };
	buf_fini(&cells);
	return row;
}

static void state_text(const struct cli *c, const struct exception *x, int32_t today,
		       struct buf *b)
{
	if (x->until != MISSING_I32 && x->until < today)
		buf_adds(b, cli_text(c, "已到期", "ended"));
	else if (x->from != MISSING_I32 && x->from > today)
		buf_adds(b, cli_text(c, "尚未开始", "not begun"));
	else if (x->until != MISSING_I32 && x->until - today <= SOON_DAYS)
		buf_addf(b, cli_text(c, "%d 天后到期", "ends in %d days"), x->until - today);
	else
		buf_adds(b, cli_text(c, "有效", "in force"));
}

static void list_head(const struct cli *c, struct grid *g)
{
	static const char *const zh[] = { "规则", "例外", "负责人", "自", "至", "状态", "理由" };
	static const char *const en[] = { "rule",  "exception", "owner", "from",
					  "until", "state",     "reason" };
	for (unsigned i = 0; i < g->columns; i++)
		grid_cell(g, str_of(c->english ? en[i] : zh[i]));
	grid_rule(g);
}

static void list_row(const struct cli *c, struct grid *g, const struct excepted_row *row,
		     struct str state)
{
	(void)c;
	const struct str cell[] = { row->rule,  row->cells, row->owner, row->from,
				    row->until, state,      row->reason };
	for (unsigned i = 0; i < g->columns; i++)
		grid_cell(g, cell[i]);
}

/* ---- the ledger as it is kept ---- */

enum { L_RULE, L_OWNER, L_REASON, L_CELLS, L_FROM, L_UNTIL, L_COUNT, L_AMOUNT };

static const char ledger_sql[] =
	"SELECT rule_id, owner, reason, cells, coalesce(valid_from::text, ''),"
	" coalesce(valid_until::text, ''), count(*), coalesce(sum(violation_amount), 0)::text"
	" FROM fundwatch.exception_ledger"
	" WHERE gone_at IS NULL AND NOT trial AND ($1::date IS NULL OR"
	" (event_end >= $1::date AND event_end < $1::date + interval '1 month'))"
	" GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 8 DESC, 2, 3, 4, 5, 6";

static struct excepted_row ledger_row(const PGresult *r, int i)
{
	struct excepted_row row = {
		.rule = str_of(PQgetvalue(r, i, L_RULE)),
		.owner = str_of(PQgetvalue(r, i, L_OWNER)),
		.reason = str_of(PQgetvalue(r, i, L_REASON)),
		.cells = str_of(PQgetvalue(r, i, L_CELLS)),
		.from = str_of(PQgetvalue(r, i, L_FROM)),
		.until = str_of(PQgetvalue(r, i, L_UNTIL)),
		.findings = strtoull(PQgetvalue(r, i, L_COUNT), NULL, 10),
	};
	if (!dec_parse(str_of(PQgetvalue(r, i, L_AMOUNT)), 2, &row.amount))
		row.amount = 0; /* numeric(18,2) always parses */
	return row;
}

static bool same_row(const struct excepted_row *a, const struct excepted_row *b)
{
	return str_eq(a->rule, b->rule) && str_eq(a->owner, b->owner) &&
	       str_eq(a->reason, b->reason) && str_eq(a->cells, b->cells) &&
	       str_eq(a->from, b->from) && str_eq(a->until, b->until);
}

/* Whether the ledger has a finding that the row took. */
static bool is_used(const PGresult *found, const struct excepted_row *row)
{
	for (int j = 0; j < PQntuples(found); j++) {
		struct excepted_row have = ledger_row(found, j);
		if (same_row(&have, row))
			return true;
	}
	return false;
}

/* All of the ledger, of one month when `day` is its first; NULL when told. */
static PGresult *ask_ledger(const struct cli *c, const struct db_opts *o, const char *day,
			    enum cli_exit *code)
{
	struct db db;
	struct err e = { 0 };
	const char *value[] = { day };
	PGresult *r;
	*code = cli_db_open(c, o, false, &db);
	if (*code != CLI_OK)
		return NULL;
	r = db_query(&db, ledger_sql, 1, value, &e);
	if (!r)
		*code = cli_err(c, &e);
	db_close(&db);
	return r;
}

enum cli_exit exceptions_tell_unused(const struct cli *c, const struct db_opts *o, struct loaded *l)
{
	struct arena a;
	enum cli_exit code;
	PGresult *found = ask_ledger(c, o, NULL, &code);
	arena_init(&a);
	for (uint32_t i = 0; found && i < l->set->n_rule; i++) {
		const struct rule *r = &l->set->rule[i];
		for (uint32_t k = 0; k < r->n_exception; k++) {
			struct excepted_row row = row_of(&a, r, &r->exception[k]);
			if (!is_used(found, &row))
				diag_add(&l->diag, r->exception[k].at, DIAG_EXCEPT_UNUSED);
		}
	}
	arena_fini(&a);
	PQclear(found);
	return code;
}

/* ---- the rows as they are written ---- */

static void list_all(const struct cli *c, const struct loaded *l, const PGresult *found,
		     struct buf *b)
{
	struct grid g;
	struct arena a;
	struct buf state;
	uint32_t n = 0;
	arena_init(&a);
	buf_init(&state, 0);
	grid_init(&g, 7);
	list_head(c, &g);
	for (uint32_t i = 0; i < l->set->n_rule; i++) {
		const struct rule *r = &l->set->rule[i];
		for (uint32_t k = 0; k < r->n_exception; k++) {
			struct excepted_row row = row_of(&a, r, &r->exception[k]);
			buf_reset(&state);
			state_text(c, &r->exception[k], l->diag.today, &state);
			if (found && !is_used(found, &row))
				buf_adds(&state, cli_text(c, "，从未用到", ", never used"));
			if (c->json)
				buf_adds(b, n ? "," : "");
			if (c->json)
				excepted_json(&row, b);
			else
				list_row(c, &g, &row, buf_str(&state));
			n++;
		}
	}
	if (!c->json && n)
		grid_print(&g, b, cli_columns(c));
	if (!c->json) {
		size_t from = b->n;
		buf_addf(b, cli_text(c, "例外 %u 条\n", "%u exceptions\n"), n);
		words_singular(c, b, from);
	}
	grid_fini(&g);
	buf_fini(&state);
	arena_fini(&a);
}

struct list_opts {
	struct db_opts db;
	const char *today;
};

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct list_opts *o = opt;
	struct loaded l;
	struct buf b;
	PGresult *found = NULL;
	enum cli_exit code = rules_need_on(c, &l, n, arg, NULL, o->today);
	buf_init(&b, 0);
	if (code == CLI_OK && (o->db.db || o->db.conf))
		found = ask_ledger(c, &o->db, NULL, &code);
	if (code == CLI_OK) {
		if (c->json)
			buf_adds(&b, "{\"exceptions\":[");
		list_all(c, &l, found, &b);
		if (c->json)
			buf_adds(&b, "]}\n");
		code = cli_out(c, &b, CLI_OK);
	}
	PQclear(found);
	buf_fini(&b);
	loaded_fini(&l);
	return code;
}

/* ---- the ledger ---- */

struct ledger_opts {
	struct db_opts db;
	const char *rules, *month;
};

/* Everything that is told of the ledger. */
struct telling {
	const struct cli *c;
	const char *when; /* before "because" */
	struct buf *b;
	bool rows_known; /* the rules' files were given: what was never used can be told */
	uint32_t n, unused;
	uint64_t findings;
	int64_t amount;
};

static void tell(struct telling *t, const struct excepted_row *row)
{
	if (t->c->json) {
		buf_adds(t->b, t->n ? "," : "");
		excepted_json(row, t->b);
	} else {
		excepted_line(t->c, row, t->when, t->b);
	}
	t->n++;
	t->unused += row->findings == 0;
	t->findings += row->findings;
	t->amount += row->amount;
}

/* Rows of the rules' files that took nothing. */
static void tell_unused(struct telling *t, const struct ruleset *rs, const PGresult *found)
{
	struct arena a;
	arena_init(&a);
	for (uint32_t i = 0; i < rs->n_rule; i++)
		for (uint32_t k = 0; k < rs->rule[i].n_exception; k++) {
			struct excepted_row row = row_of(&a, &rs->rule[i],
							 &rs->rule[i].exception[k]);
			if (!is_used(found, &row))
				tell(t, &row);
		}
	arena_fini(&a);
}

static void sum_text(struct telling *t)
{
	size_t from = t->b->n;
	buf_addf(t->b, cli_text(t->c, "合计 %" PRIu64 " 条疑点，¥", "%" PRIu64
							     " findings in all, ¥"), t->findings);
	grid_money(t->b, t->amount);
	buf_adds(t->b, cli_text(t->c, "，没有报告", ", not reported"));
	if (t->rows_known)
		buf_addf(t->b, cli_text(t->c, "；%u 条例外没有用到", "; %u exceptions never used"),
			 t->unused);
	buf_addc(t->b, '\n');
	words_singular(t->c, t->b, from);
}

static enum cli_exit tell_ledger(const struct cli *c, const struct ledger_opts *o,
				 const struct ruleset *rs, const PGresult *found)
{
	struct buf b;
	buf_init(&b, 0);
	struct telling t = { .c = c, .b = &b, .rows_known = rs != NULL,
			     .when = o->month ? cli_text(c, "该月", "that month ") : "" };
	if (c->json)
		buf_adds(&b, "{\"exceptions\":[");
	for (int i = 0; i < PQntuples(found); i++) {
		struct excepted_row row = ledger_row(found, i);
		tell(&t, &row);
	}
	if (rs)
		tell_unused(&t, rs, found);
	if (c->json) {
		buf_addf(&b, "],\"findings\":%" PRIu64 ",\"amount\":\"", t.findings);
		dec_add(&b, t.amount, 2, 2);
		buf_adds(&b, "\"}\n");
	} else {
		sum_text(&t);
	}
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

/* "2026-03" as its first day; false when it is no month. */
static bool month_day(const char *month, struct buf *day)
{
	int32_t ignored;
	buf_addf(day, "%s-01", month);
	return strlen(month) == 7 && civil_parse_date(buf_str(day), &ignored);
}

static enum cli_exit ledger(const struct cli *c, const struct ledger_opts *o,
			    const struct ruleset *rs, const char *day)
{
	enum cli_exit code;
	PGresult *r = ask_ledger(c, &o->db, day, &code);
	if (r)
		code = tell_ledger(c, o, rs, r);
	PQclear(r);
	return code;
}

static enum cli_exit ledger_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct ledger_opts *o = opt;
	struct loaded l = { .set = NULL };
	struct buf day;
	char *paths[] = { (char *)o->rules };
	enum cli_exit code = CLI_OK;
	(void)n, (void)arg;
	buf_init(&day, 0);
	if (o->month && !month_day(o->month, &day))
		code = cli_error(c, CLI_USAGE,
				 cli_text(c, "--month 要一个月份，如 2026-03，不是 %s",
					  "--month takes a month like 2026-03, not %s"),
				 o->month);
	if (code == CLI_OK && o->rules)
		code = rules_need(c, &l, 1, paths, NULL);
	if (code == CLI_OK)
		code = ledger(c, o, l.set, o->month ? buf_cstr(&day) : NULL);
	if (o->rules)
		loaded_fini(&l);
	buf_fini(&day);
	return code;
}

static const struct opt list_opt[] = {
	DB_OPTS(struct list_opts),
	{ "today", 0, OPT_TEXT, offsetof(struct list_opts, today), "DATE",
	  "按这一天看是否到期，默认今天", "the day that dates are seen from, today by default" },
	{ 0 },
};

const struct command cmd_exceptions_list = {
	.name = "exceptions list",
	.args = "[PATH...]",
	.zh = "列出例外：规则、对象、负责人、理由、期限，是否到期",
	.en = "list exceptions: rule, what, owner, reason, dates, whether they have ended",
	.more_zh = "PATH 同 check。给出 --db 或 --conf 时，台账里从未用到的例外也说明。",
	.more_en = "PATH as for check. With --db or --conf, those the ledger never saw are told.",
	.opt = list_opt,
	.opt_size = sizeof(struct list_opts),
	.max_args = -1,
	.exec = list_exec,
};

static const struct opt ledger_opt[] = {
	DB_OPTS(struct ledger_opts),
	{ "month", 'm', OPT_TEXT, offsetof(struct ledger_opts, month), "MONTH",
	  "只看最后一笔发生在这个月的疑点，如 2026-03",
	  "findings whose last record is of this month only, e.g. 2026-03" },
	{ "rules", 0, OPT_TEXT, offsetof(struct ledger_opts, rules), "DIR",
	  "规则目录：另列从未用到的例外", "folder of rules: exceptions never used are listed too" },
	{ 0 },
};

const struct command cmd_exceptions_ledger = {
	.name = "exceptions ledger",
	.args = "",
	.zh = "例外台账：因为哪条例外，多少疑点、多少钱没有报告",
	.en = "what was not reported: findings and money by exception",
	.opt = ledger_opt,
	.opt_size = sizeof(struct ledger_opts),
	.exec = ledger_exec,
};
