/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test.c - `fundwatch test`: run the examples written beside the rules.
 *
 * Examples of switched-off rules run too: a rule is tried before it is switched on. No
 * example at all is a failure, since it proves nothing.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/coverage.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/ruleload.h"
#include "daemon/cli/words.h"
#include "daemon/work/files.h"
#include "lib/finding/example.h"

struct test_opts {
	struct text_list rule;
	const char *junit;
	bool verbose, coverage;
};

/* One example's verdict, as told; texts in the run's arena. */
struct verdict_line {
	const struct rule *rule;
	const struct example *example;
	bool passed;
	const char *expected, *found, *place;
};

struct run {
	const struct cli *c;
	struct loaded loaded;
	struct arena arena;
	struct verdict_line *line;
	uint32_t n, cap, failed, rules, rules_without;
};

static bool rule_wanted(const struct text_list *only, const struct rule *r)
{
	bool wanted = only->n == 0;
	for (unsigned i = 0; i < only->n; i++)
		wanted = wanted || str_eq(r->id, str_of(only->v[i]));
	return wanted;
}

static void run_one(struct run *t, const struct plan *p, const struct rule *r,
		    const struct example *x)
{
	struct example_result result = { 0 };
	struct verdict_line *v;
	struct err e = { 0 };
	struct buf place;
	GROW(t->line, t->cap, t->n + 1);
	v = &t->line[t->n++];
	*v = (struct verdict_line){ .rule = r, .example = x, .expected = "", .found = "" };
	uint32_t index = (uint32_t)(r - t->loaded.set->rule);
	if (example_run(p, index, x, t->c->english, &t->arena, &result, &e)) {
		v->passed = result.passed;
		v->expected = result.expected ? result.expected : "";
		v->found = result.found ? result.found : "";
		findings_fini(&result.findings);
	} else {
		v->found = arena_strdup(&t->arena, e.text);
	}
	t->failed += !v->passed;
	buf_init(&place, 0);
	place_add(&t->loaded.diag, x->at, &place);
	v->place = arena_strdup(&t->arena, buf_cstr(&place));
	buf_fini(&place);
}

static void run_all(struct run *t, const struct text_list *only)
{
	struct ruleset *rs = t->loaded.set;
	for (uint32_t i = 0; i < rs->n_rule; i++)
		rs->rule[i].state = STATE_ON;
	ruleset_keep_own_exceptions(rs);
	struct plan *p = plan_new(rs);
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		const struct rule *r = &rs->rule[i];
		if (!rule_wanted(only, r))
			continue;
		t->rules++;
		t->rules_without += r->n_example == 0;
		for (uint32_t k = 0; k < r->n_example; k++)
			run_one(t, p, r, &r->example[k]);
	}
	plan_free(p);
}

/* Expected and found beside each other. */
static void show_failure(const struct cli *c, const struct verdict_line *v, struct buf *b)
{
	struct grid g;
	buf_addf(b,
		 cli_text(c, "失败  " STR_FMT "「" STR_FMT "」  %s\n",
			  "FAILED  " STR_FMT "「" STR_FMT "」  %s\n"),
		 STR_ARG(v->rule->id), STR_ARG(v->example->name), v->place);
	grid_init(&g, 2);
	g.indent = 6;
	grid_cell(&g, str_of(cli_text(c, "应为", "expected")));
	grid_cell(&g, str_of(cli_text(c, "实为", "found")));
	grid_rule(&g);
	grid_cell(&g, str_of(v->expected));
	grid_cell(&g, str_of(v->found));
	grid_print(&g, b, 0);
	grid_fini(&g);
}

static void show_text(const struct run *t, bool verbose, struct buf *b)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct verdict_line *v = &t->line[i];
		if (!v->passed)
			show_failure(t->c, v, b);
		else if (verbose)
			buf_addf(b,
				 cli_text(t->c, "通过  " STR_FMT "「" STR_FMT "」\n",
					  "passed  " STR_FMT "「" STR_FMT "」\n"),
				 STR_ARG(v->rule->id), STR_ARG(v->example->name));
	}
	if (t->n == 0)
		buf_adds(b, cli_text(t->c, "没有任何试例，等于没有检验\n",
				     "there is no example at all: nothing was proved\n"));
	size_t from = b->n;
	buf_addf(b,
		 cli_text(t->c, "规则 %u 条（%u 条没有试例），试例 %u 个，失败 %u 个\n",
			  "%u rules (%u without examples), %u examples, %u failed\n"),
		 t->rules, t->rules_without, t->n, t->failed);
	words_singular(t->c, b, from);
}

static void show_json(const struct run *t, struct buf *b)
{
	buf_addf(b, "{\"rules\":%u,\"rules_without\":%u,\"run\":%u,\"failed\":%u,\"examples\":[",
		 t->rules, t->rules_without, t->n, t->failed);
	for (uint32_t i = 0; i < t->n; i++) {
		const struct verdict_line *v = &t->line[i];
		buf_adds(b, i ? ",{\"rule\":" : "{\"rule\":");
		buf_json(b, v->rule->id);
		buf_adds(b, ",\"example\":");
		buf_json(b, v->example->name);
		buf_adds(b, ",\"place\":");
		buf_json(b, str_of(v->place));
		buf_addf(b, ",\"passed\":%s,\"expected\":", v->passed ? "true" : "false");
		buf_json(b, str_of(v->expected));
		buf_adds(b, ",\"found\":");
		buf_json(b, str_of(v->found));
		buf_addc(b, '}');
	}
	buf_adds(b, "]}\n");
}

/* XML text: the five special characters and nothing a reader may not hold. */
static void xml(struct buf *b, struct str s)
{
	for (uint32_t i = 0; i < s.n; i++) {
		char ch = s.p[i];
		switch (ch) {
		case '&': buf_adds(b, "&amp;"); break;
		case '<': buf_adds(b, "&lt;"); break;
		case '>': buf_adds(b, "&gt;"); break;
		case '"': buf_adds(b, "&quot;"); break;
		case '\n': buf_adds(b, "&#10;"); break;
		default: buf_addc(b, (unsigned char)ch < 0x20 ? ' ' : ch);
		}
	}
}

static bool write_junit(const struct run *t, const char *path, struct err *e)
{
	struct buf b;
	buf_init(&b, 0);
	buf_addf(&b,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<testsuite name=\"fundwatch rules\" tests=\"%u\" failures=\"%u\">\n",
		 t->n, t->failed);
	for (uint32_t i = 0; i < t->n; i++) {
		const struct verdict_line *v = &t->line[i];
		buf_adds(&b, "<testcase classname=\"");
		xml(&b, v->rule->id);
		buf_adds(&b, "\" name=\"");
		xml(&b, v->example->name);
		buf_adds(&b, v->passed ? "\"/>\n" : "\"><failure message=\"");
		if (v->passed)
			continue;
		xml(&b, str_of(v->place));
		buf_adds(&b, "\">");
		xml(&b, str_of(v->expected));
		buf_adds(&b, " / ");
		xml(&b, str_of(v->found));
		buf_adds(&b, "</failure></testcase>\n");
	}
	buf_adds(&b, "</testsuite>\n");
	bool ok = file_write(path, buf_str(&b), e);
	buf_fini(&b);
	return ok;
}

static enum cli_exit report(const struct run *t, const struct test_opts *o)
{
	struct buf b;
	struct err e;
	buf_init(&b, 0);
	if (t->c->json)
		show_json(t, &b);
	else
		show_text(t, o->verbose, &b);
	enum cli_exit code = cli_out(t->c, &b, t->failed || t->n == 0 ? CLI_FAILED : CLI_OK);
	buf_fini(&b);
	if (o->junit && !write_junit(t, o->junit, &e))
		return cli_err(t->c, &e);
	return code;
}

static enum cli_exit test_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct test_opts *o = opt;
	struct run t = { .c = c };
	enum cli_exit code = rules_need(c, &t.loaded, n, arg, NULL);
	arena_init(&t.arena);
	for (unsigned i = 0; code == CLI_OK && i < o->rule.n; i++)
		if (!rule_need(c, t.loaded.set, o->rule.v[i]))
			code = CLI_USAGE;
	if (code == CLI_OK && o->coverage) {
		code = coverage_tell(c, &t.loaded, &o->rule);
	} else if (code == CLI_OK) {
		run_all(&t, &o->rule);
		code = report(&t, o);
	}
	xfree(t.line);
	arena_fini(&t.arena);
	loaded_fini(&t.loaded);
	return code;
}

static const struct opt test_opt[] = {
	{ "rule", 'r', OPT_LIST, offsetof(struct test_opts, rule), "ID", "只运行这条规则的试例",
	  "run the examples of this rule only" },
	{ "junit", 0, OPT_TEXT, offsetof(struct test_opts, junit), "FILE", "另写一份 JUnit XML",
	  "also write JUnit XML to FILE" },
	{ "coverage", 0, OPT_FLAG, offsetof(struct test_opts, coverage), NULL,
	  "不报结果，改列试例从未使其成立或从未使其不成立的条件",
	  "instead list conditions that examples never made true, or never false" },
	{ "verbose", 'v', OPT_FLAG, offsetof(struct test_opts, verbose), NULL, "也列出通过的试例",
	  "list passed examples too" },
	{ 0 },
};

const struct command cmd_test = {
	.name = "test",
	.args = "[PATH...]",
	.zh = "运行规则里的试例",
	.en = "run the examples written in rules",
	.more_zh = "PATH 同 check。试例经过与真实数据相同的时间线和判定。停用的规则也试。\n"
		   "有失败，或者一个试例也没有，退出码为 1；--coverage 只是列出，退出码为 0。",
	.more_en = "PATH as for check. Examples go through the same timelines and judging as real "
		   "data, those of\n"
		   "switched-off rules too. Exit code 1 when one fails, or when there is none at "
		   "all; --coverage only lists, with exit code 0.",
	.opt = test_opt,
	.opt_size = sizeof(struct test_opts),
	.max_args = -1,
	.exec = test_exec,
};
