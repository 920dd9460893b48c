/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.c - `fundwatch account`: the books. What became of every record read, and what each
 * rule said, by day, feed, facility or stream.
 */
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/rows.h"
#include "lib/base/civil.h"

#define BY "day|feed|facility|stream|rule"

struct account_opts {
	struct db_opts db;
	const char *by, *since, *until;
};

#define PERIOD "($1::date IS NULL OR day >= $1::date) AND ($2::date IS NULL OR day <= $2::date)"
#define BOOKS(column)                                                                        \
	"SELECT " column ", sum(read)::bigint AS read, sum(rejects)::bigint AS rejects,"     \
	" sum(resent)::bigint AS resent, sum(superseded)::bigint AS superseded,"             \
	" sum(retracted)::bigint AS retracted, sum(reversed)::bigint AS reversed,"           \
	" sum(live)::bigint AS live, count(*) OVER () AS total FROM fundwatch.account_day"   \
	" WHERE " PERIOD " GROUP BY 1 ORDER BY 1"

#define ZH_REST "读入", "被拒", "重发", "被取代", "声明无效", "冲销", "有效"
#define EN_REST "read", "rejects", "re-sent", "superseded", "retracted", "reversed", "live"

static const char *const day_zh[] = { "日期", ZH_REST }, *const day_en[] = { "day", EN_REST };
static const char *const feed_zh[] = { "数据源", ZH_REST }, *const feed_en[] = { "feed", EN_REST };
static const char *const facility_zh[] = { "机构", ZH_REST };
static const char *const facility_en[] = { "facility", EN_REST };
static const char *const stream_zh[] = { "记录", ZH_REST };
static const char *const stream_en[] = { "stream", EN_REST };
static const char *const rule_zh[] = { "规则", "判定", "范围外", "命中", "除外", "无法判断",
				       "未命中" };
static const char *const rule_en[] = { "rule", "judged", "out of scope", "hit", "excepted",
				       "cannot judge", "no hit" };

#define NONE .none_zh = "这段时间没有账目", .none_en = "nothing was booked in that time"

/* In the order of BY. */
static const struct {
	const char *word;
	struct row_list list;
} lists[] = {
	{ "day", { "books", BOOKS("day"), day_zh, day_en, NONE } },
	{ "feed", { "books", BOOKS("feed"), feed_zh, feed_en, NONE } },
	{ "facility", { "books", BOOKS("facility"), facility_zh, facility_en, NONE } },
	{ "stream", { "books", BOOKS("stream"), stream_zh, stream_en, NONE } },
	{ "rule",
	  { "books",
	    "SELECT rule_id AS rule, sum(scope_out + hit + excepted + unknown + no_hit)::bigint"
	    " AS judged, sum(scope_out)::bigint AS scope_out, sum(hit)::bigint AS hit,"
	    " sum(excepted)::bigint AS excepted, sum(unknown)::bigint AS unknown,"
	    " sum(no_hit)::bigint AS no_hit, count(*) OVER () AS total"
	    " FROM fundwatch.account_rule WHERE " PERIOD " GROUP BY 1 ORDER BY 1",
	    rule_zh, rule_en, NONE } },
};

static const char *bad_day(const struct account_opts *o)
{
	int32_t day;
	if (o->since && !civil_parse_date(str_of(o->since), &day))
		return o->since;
	return o->until && !civil_parse_date(str_of(o->until), &day) ? o->until : NULL;
}

static enum cli_exit account_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct account_opts *o = opt;
	const char *const value[] = { o->since, o->until };
	const char *wrong = bad_day(o);
	(void)n, (void)arg;
	if (wrong)
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "要一个日期，如 2026-03-01，不是 %s",
					  "a date like 2026-03-01 was expected, not %s"), wrong);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (strcmp(o->by ? o->by : "day", lists[i].word) == 0)
			return rows_list(c, &o->db, &lists[i].list, 2, value);
	return cli_error(c, CLI_USAGE, cli_text(c, "--by 只能是 %s", "--by is one of %s"), BY);
}

static const struct opt account_opt[] = {
	DB_OPTS(struct account_opts),
	{ "by", 0, OPT_TEXT, offsetof(struct account_opts, by), BY,
	  "按日期（默认）、数据源、机构、记录种类汇总，或看各规则的判定",
	  "by day (default), feed, facility, stream; or what each rule judged" },
	{ "since", 's', OPT_TEXT, offsetof(struct account_opts, since), "DATE", "这天及以后",
	  "of this day or later" },
	{ "until", 0, OPT_TEXT, offsetof(struct account_opts, until), "DATE", "这天及以前",
	  "of this day or earlier" },
	{ 0 },
};

const struct command cmd_account = {
	.name = "account",
	.args = "",
	.zh = "账目：读入的每条记录去了哪里，各规则判定了多少",
	.en = "the books: what became of every record read, and what the rules judged",
	.more_zh = "读入 = 被拒 + 重发 + 被取代 + 声明无效 + 冲销 + 有效；\n"
		   "判定 = 范围外 + 命中 + 除外 + 无法判断 + 未命中。\n"
		   "记在入库那一天；后来才冲销的，记在冲销到来的那一天，\n"
		   "所以一天的数可能为负，逐日相加是现在的情形。\n"
		   "数据源为空的行：建账之前收到的，在建账后第一次启动那天补记。",
	.more_en = "Read = rejects + re-sent + superseded + retracted + reversed + live;\n"
		   "judged = out of scope + hit + excepted + cannot judge + no hit. Booked on the\n"
		   "day of the commit; a reversal on the day it came, so that a day's numbers may\n"
		   "be negative: the sums over all days say how things stand. Lines of no feed:\n"
		   "what came before there were books, entered on the day of the first start with\n"
		   "them.",
	.opt = account_opt,
	.opt_size = sizeof(struct account_opts),
	.exec = account_exec,
};
