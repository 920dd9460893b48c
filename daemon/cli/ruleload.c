/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ruleload.c - what check, test, rules, explain and scan do first.
 */
#include "daemon/cli/ruleload.h"

#include "daemon/work/files.h"
#include "lib/base/civil.h"
#include "lib/base/near.h"

/* "MM-DD" of any year. */
static bool parse_year(const char *text, struct rule_settings *s)
{
	struct buf b;
	int32_t day;
	int y;
	buf_init(&b, 64);
	buf_addf(&b, "2000-%s", text);
	bool ok = civil_parse_date(buf_str(&b), &day);
	buf_fini(&b);
	if (ok)
		civil_ymd(day, &y, &s->insurance_year_month, &s->insurance_year_day);
	return ok;
}

enum cli_exit rules_compile_on(const struct cli *c, struct loaded *l, int n, char *const *path,
			       const char *year, const char *today)
{
	struct rule_settings settings = { 1, 1 };
	struct path_list paths = { 0 };
	struct err e = { 0 };
	diag_init(&l->diag, c->english);
	l->set = NULL;
	if (year && !parse_year(year, &settings))
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "医保年度的第一天要写成 月-日，如 01-01，不是 %s",
					  "the insurance year begins on MM-DD, e.g. 01-01, not %s"),
				 year);
	if (today && !civil_parse_date(str_of(today), &l->diag.today))
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "--today 要一个日期，如 2026-03-01，不是 %s",
					  "--today takes a date like 2026-03-01, not %s"),
				 today);
	for (int i = 0; i < n; i++)
		path_list_add(&paths, path[i]);
	if (n == 0)
		path_list_add(&paths, "rules");
	l->set = rules_load(&paths, &settings, &l->diag, &e);
	path_list_fini(&paths);
	if (!l->set && e.code != ERR_NONE)
		return cli_err(c, &e);
	return CLI_OK;
}

enum cli_exit rules_compile(const struct cli *c, struct loaded *l, int n, char *const *path,
			    const char *year)
{
	return rules_compile_on(c, l, n, path, year, NULL);
}

enum cli_exit rules_need(const struct cli *c, struct loaded *l, int n, char *const *path,
			 const char *year)
{
	return rules_need_on(c, l, n, path, year, NULL);
}

enum cli_exit rules_need_on(const struct cli *c, struct loaded *l, int n, char *const *path,
			    const char *year, const char *today)
{
	struct buf b;
	enum cli_exit code = rules_compile_on(c, l, n, path, year, today);
	if (code != CLI_OK || l->set)
		return code;
	buf_init(&b, 0);
	diag_sort(&l->diag);
	diag_print(&l->diag, &b);
	cli_note(&b);
	buf_fini(&b);
	return cli_error(c, CLI_FAILED,
			 cli_text(c, "规则有 %u 个错误，没有可用的规则集",
				  "the rules have %u errors; there is no rule set"),
			 l->diag.errors);
}

void loaded_fini(struct loaded *l)
{
	if (l->set)
		ruleset_free(l->set);
	diag_fini(&l->diag);
}

const struct rule *rule_need(const struct cli *c, const struct ruleset *rs, const char *id)
{
	struct near n;
	const struct rule *r = ruleset_find(rs, str_of(id));
	if (r)
		return r;
	near_init(&n, str_of(id));
	for (uint32_t i = 0; i < rs->n_rule; i++)
		near_offer(&n, rs->rule[i].id);
	struct str best = near_best(&n);
	if (best.n > 0)
		cli_error(c, CLI_USAGE,
			  cli_text(c, "没有这条规则：%s；是不是 " STR_FMT "？",
				   "there is no rule %s; did you mean " STR_FMT "?"),
			  id, STR_ARG(best));
	else
		cli_error(c, CLI_USAGE, cli_text(c, "没有这条规则：%s", "there is no rule %s"), id);
	return NULL;
}

void place_add(const struct diag_list *d, struct span at, struct buf *out)
{
	uint32_t line = 0, col = 0;
	diag_place(d, at, &line, &col);
	buf_addf(out, "%s:%u", at.file < d->n_files ? d->file[at.file].name : "?", line);
}
