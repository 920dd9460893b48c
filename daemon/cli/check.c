/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.c - `fundwatch check`: all diagnostics of all files, and what there is when it is right.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/ruleload.h"

struct check_opts {
	bool strict;
	const char *today;
};

static void summary(const struct cli *c, const struct loaded *l, struct buf *b)
{
	if (l->set)
		buf_addf(b,
			 cli_text(c,
				  "规则 %u 条，指标 %u 个，名单和表 %u 个；错误 %u，警告 "
				  "%u；规则集 %s\n",
				  "%u rules, %u indicators, %u lists and tables; %u errors, %u "
				  "warnings; rule set %s\n"),
			 l->set->n_rule, l->set->n_indicator, l->set->n_knowledge, l->diag.errors,
			 l->diag.warnings, l->set->digest);
	else
		buf_addf(b,
			 cli_text(c, "没有通过：错误 %u，警告 %u\n",
				  "not passed: %u errors, %u warnings\n"),
			 l->diag.errors, l->diag.warnings);
}

static void check_json(const struct loaded *l, struct buf *b)
{
	buf_addf(b, "{\"errors\":%u,\"warnings\":%u", l->diag.errors, l->diag.warnings);
	if (l->set)
		buf_addf(b, ",\"rules\":%u,\"indicators\":%u,\"knowledge\":%u,\"digest\":\"%s\"",
			 l->set->n_rule, l->set->n_indicator, l->set->n_knowledge, l->set->digest);
	buf_adds(b, ",\"diagnostics\":");
	diag_json(&l->diag, b);
	buf_adds(b, "}\n");
}

static enum cli_exit report(const struct cli *c, struct loaded *l, bool strict)
{
	struct buf b;
	bool failed = !l->set || (strict && l->diag.warnings > 0);
	buf_init(&b, 0);
	diag_sort(&l->diag);
	if (c->json) {
		check_json(l, &b);
	} else {
		diag_print(&l->diag, &b);
		summary(c, l, &b);
	}
	enum cli_exit code = cli_out(c, &b, failed ? CLI_FAILED : CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit check_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct check_opts *o = opt;
	struct loaded l;
	enum cli_exit code = rules_compile_on(c, &l, n, arg, NULL, o->today);
	if (code == CLI_OK)
		code = report(c, &l, o->strict);
	loaded_fini(&l);
	return code;
}

static const struct opt check_opt[] = {
	{ "strict", 0, OPT_FLAG, offsetof(struct check_opts, strict), NULL, "有警告也算没有通过",
	  "warnings fail the check too" },
	{ "today", 0, OPT_TEXT, offsetof(struct check_opts, today), "DATE",
	  "按这一天看例外和表是否到期，默认今天",
	  "the day that dates of exceptions and tables are seen from, today by default" },
	{ 0 },
};

const struct command cmd_check = {
	.name = "check",
	.args = "[PATH...]",
	.zh = "检查规则文件，一次列出全部错误和警告",
	.en = "check rule files and list every error and warning at once",
	.more_zh = "PATH 是规则文件，或含 *.rules 的目录（含子目录）；不写就是 rules。\n"
		   "没有通过时退出码为 1。单个错误代码的解释：fundwatch explain 代码。",
	.more_en = "PATH is a rule file or a folder with *.rules in it or below; \"rules\" when "
		   "left out.\n"
		   "Exit code 1 when the check fails. What a code means: fundwatch explain CODE.",
	.opt = check_opt,
	.opt_size = sizeof(struct check_opts),
	.max_args = -1,
	.exec = check_exec,
};
