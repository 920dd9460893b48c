/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rules.c - `fundwatch rules list` and `rules show`: what rules there are and what one reads.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/rule_text.h"
#include "daemon/cli/ruleload.h"
#include "daemon/cli/words.h"
#include "lib/rule/cost.h"

struct rules_opts {
	const char *rules, *year;
};

static void head(const struct cli *c, struct grid *g)
{
	static const char *const zh[] = { "规则", "版本", "状态", "形式",
					  "主体", "级别", "试例", "回看", "内存", "毫秒", "名称" };
	static const char *const en[] = { "rule",    "version",  "state",    "form",
					  "subject", "severity",
					  "examples", "looks back", "memory", "ms", "title" };
	for (unsigned i = 0; i < g->columns; i++)
		grid_cell(g, str_of(c->english ? en[i] : zh[i]));
	grid_rule(g);
}

static void cell_by(const struct cli *c, struct grid *g, const struct rule *r,
		    void (*fn)(const struct cli *, const struct rule *, struct buf *))
{
	struct buf b;
	buf_init(&b, 0);
	fn(c, r, &b);
	grid_cell(g, buf_str(&b));
	buf_fini(&b);
}

static void list_text(const struct cli *c, const struct ruleset *rs, struct buf *b)
{
	struct grid g;
	grid_init(&g, 11);
	g.right[1] = g.right[6] = g.right[8] = g.right[9] = true;
	head(c, &g);
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		const struct rule *r = &rs->rule[i];
		grid_cell(&g, r->id);
		grid_cellf(&g, "%lld", (long long)r->version);
		grid_cell(&g, str_of(word_state(c, r->state)));
		grid_cell(&g, str_of(word_form(c, r->form)));
		grid_cell(&g, str_of(word_subject(c, r->subject)));
		grid_cell(&g, str_of(word_level(c, r->severity)));
		grid_cellf(&g, "%u", r->n_example);
		cell_by(c, &g, r, horizon_text);
		cell_by(c, &g, r, memory_text);
		grid_cellf(&g, "%llu", (unsigned long long)rule_cost(rs, r));
		grid_cell(&g, r->title);
	}
	grid_print(&g, b, cli_columns(c));
	grid_fini(&g);
	buf_addf(b, cli_text(c, "\n规则 %u 条；规则集 %s\n", "\n%u rules; rule set %s\n"),
		 rs->n_rule, rs->digest);
}

static void list_json(const struct loaded *l, struct buf *b)
{
	buf_addf(b, "{\"digest\":\"%s\",\"rules\":[", l->set->digest);
	for (uint32_t i = 0; i < l->set->n_rule; i++) {
		if (i)
			buf_addc(b, ',');
		rule_json(&l->diag, l->set, &l->set->rule[i], b);
	}
	buf_adds(b, "]}\n");
}

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct rules_opts *o = opt;
	struct loaded l;
	struct buf b;
	buf_init(&b, 0);
	enum cli_exit code = rules_need(c, &l, n, arg, o->year);
	if (code == CLI_OK) {
		if (c->json)
			list_json(&l, &b);
		else
			list_text(c, l.set, &b);
		code = cli_out(c, &b, CLI_OK);
	}
	buf_fini(&b);
	loaded_fini(&l);
	return code;
}

/* One rule from `--rules` (or "rules") as text or JSON. */
enum cli_exit rule_show(const struct cli *c, const char *path, const char *year, const char *id)
{
	struct loaded l;
	struct buf b;
	const struct rule *r = NULL;
	char *paths[] = { (char *)(path ? path : "rules") };
	buf_init(&b, 0);
	enum cli_exit code = rules_need(c, &l, 1, paths, year);
	if (code == CLI_OK && !(r = rule_need(c, l.set, id)))
		code = CLI_USAGE;
	if (r) {
		if (c->json)
			rule_json(&l.diag, l.set, r, &b);
		else
			rule_text(c, &l.diag, l.set, r, &b);
		if (c->json)
			buf_addc(&b, '\n');
		code = cli_out(c, &b, CLI_OK);
	}
	buf_fini(&b);
	loaded_fini(&l);
	return code;
}

static enum cli_exit show_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct rules_opts *o = opt;
	(void)n;
	return rule_show(c, o->rules, o->year, arg[0]);
}

#define YEAR_OPT                                                                                   \
	{                                                                                          \
		"insurance-year", 0, OPT_TEXT, offsetof(struct rules_opts, year), "MM-DD",         \
			"医保年度的第一天，默认 01-01（规则摘要随它变）",                          \
			"first day of the insurance year, 01-01 by default (digests depend on it)" \
	}

static const struct opt list_opt[] = { YEAR_OPT, { 0 } };

const struct command cmd_rules_list = {
	.name = "rules list",
	.args = "[PATH...]",
	.zh = "列出规则：版本、状态、形式、主体、级别、试例数、回看、内存、耗时",
	.en = "list rules: version, state, form, subject, severity, examples, memory, time",
	.more_zh = "PATH 同 check。回看是一条疑点里最早的记录可以比最新的早几天。内存是一百万人一年的记录中\n"
		   "它要时间线保留的字节：各流每人每年条数 ×（空行字节 + 4 × 字段数）之和；各规则共用字段。\n"
		   "毫秒是一百万条记录在一个核上的估计，按条件怎样计算、规则的形式来估，\n"
		   "假定每条都过条件；用来排序，不是承诺。\n"
		   "--json 给出每条规则读哪些字段、用哪些名单和表（行数）以及摘要。",
	.more_en = "PATH as for check. Looks back: how many days before its newest record a "
		   "finding's oldest may\n"
		   "lie. Memory: bytes the timelines keep for it of a year of a million "
		   "persons, summed over\n"
		   "streams: records per person and year x (empty row + 4 x fields); rules "
		   "share fields.\n"
		   "ms: an estimate of one core's time per million records, by how conditions\n"
		   "are computed and the form, as if every record passed: it ranks rules and\n"
		   "promises nothing.\n"
		   "--json tells for each rule the fields it reads, the lists "
		   "and tables it\n"
		   "uses with their rows, and its digest.",
	.opt = list_opt,
	.opt_size = sizeof(struct rules_opts),
	.max_args = -1,
	.exec = list_exec,
};

static const struct opt show_opt[] = {
	{ "rules", 0, OPT_TEXT, offsetof(struct rules_opts, rules), "DIR",
	  "规则目录或文件，默认 rules", "folder or file of rules, \"rules\" by default" },
	YEAR_OPT,
	{ 0 },
};

const struct command cmd_rules_show = {
	.name = "rules show",
	.args = "ID",
	.zh = "一条规则的全部：依据、对象、读的字段、用的名单和表、试例、摘要",
	.en = "everything about one rule: basis, subject, fields read, lists and tables, examples, "
	      "digest",
	.opt = show_opt,
	.opt_size = sizeof(struct rules_opts),
	.min_args = 1,
	.max_args = 1,
	.exec = show_exec,
};
