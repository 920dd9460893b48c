/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.c - `fundwatch check`: all diagnostics of all files, and what there is when it is right.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/except_used.h"
#include "daemon/cli/ruleload.h"
#include "daemon/cli/words.h"
#include "daemon/work/files.h"
#include "lib/base/mem.h"
#include "lib/finding/witness.h"
#include "lib/rule/base_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct check_opts {
	struct db_opts db;
	bool strict, accept;
	const char *today;
};

static void summary(const struct cli *c, const struct loaded *l, struct buf *b)
{
	size_t from = b->n;
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
	words_singular(c, b, from);
}

static void overlaps_json(const struct loaded *l, const struct overlaps *v, struct buf *b)
{
	buf_adds(b, ",\"overlaps\":[");
	for (uint32_t i = 0; i < v->n; i++) {
		const struct overlap *o = &v->item[i];
		buf_adds(b, i ? ",{\"rule\":" : "{\"rule\":");
		buf_json(b, l->set->rule[o->rule].id);
		buf_adds(b, ",\"by\":");
		buf_json(b, l->set->rule[o->by].id);
		buf_addf(b, ",\"identical\":%s,\"example_of\":", o->identical ? "true" : "false");
		buf_json(b, o->from ? o->from->id : (struct str){ NULL, 0 });
		buf_adds(b, ",\"witness\":");
		buf_json(b, str_of(o->witness));
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

static void check_json(const struct loaded *l, const struct overlaps *v, struct buf *b)
{
	buf_addf(b, "{\"errors\":%u,\"warnings\":%u", l->diag.errors, l->diag.warnings);
	if (l->set)
		buf_addf(b, ",\"rules\":%u,\"indicators\":%u,\"knowledge\":%u,\"digest\":\"%s\"",
			 l->set->n_rule, l->set->n_indicator, l->set->n_knowledge, l->set->digest);
	overlaps_json(l, v, b);
	buf_adds(b, ",\"diagnostics\":");
	diag_json(&l->diag, b);
	buf_adds(b, "}\n");
}

static enum cli_exit report(const struct cli *c, struct loaded *l, const struct overlaps *v,
			    bool strict)
{
	struct buf b;
	if (l->set) {
		doubts_try(l->set, &l->diag);
		overlaps_tell(l->set, v, &l->diag);
	}
	diag_sort(&l->diag);
	bool failed = !l->set || (strict && l->diag.warnings > 0);
	buf_init(&b, 0);
	if (c->json) {
		check_json(l, v, &b);
	} else {
		diag_print(&l->diag, &b);
		summary(c, l, &b);
	}
	enum cli_exit code = cli_out(c, &b, failed ? CLI_FAILED : CLI_OK);
	buf_fini(&b);
	return code;
}

/* Rules that report what others report; only a set without errors can be tried. */
static enum cli_exit compare(const struct cli *c, struct loaded *l, bool strict)
{
	struct overlaps v = { .n = 0 };
	struct arena a;
	struct err e = { 0 };
	arena_init(&a);
	bool ok = !l->set || rules_overlap(l->set, &a, &v, &e);
	enum cli_exit code = ok ? report(c, l, &v, strict) : cli_err(c, &e);
	arena_fini(&a);
	return code;
}

/* ---- what overridden rules say now, kept ---- */

struct keeping {
	uint32_t kept, missing;
	bool write;
};

static bool keep(void *ctx, const char *path, struct str text, struct err *e)
{
	struct keeping *k = ctx;
	char folder[4096];
	if (!k->write) {
		k->missing += access(path, F_OK) != 0;
		return true;
	}
	(void)snprintf(folder, sizeof folder, "%.*s", (int)(path_base(path) - path), path);
	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return err_set(e, ERR_WORLD, "%s: %s", folder, strerror(errno));
	k->kept++;
	return file_write(path, text, e);
}

static bool all_texts(const struct loaded *l, struct keeping *k, struct err *e)
{
	struct rule_text *text = xcalloc(l->diag.n_files + 1u, sizeof *text);
	uint32_t n = 0;
	for (uint32_t i = 0; i < l->diag.n_files; i++) {
		const struct source_file *f = &l->diag.file[i];
		if (str_ends(str_of(f->name), STR(".rules")))
			text[n++] = (struct rule_text){ f->name, f->text };
	}
	bool ok = base_texts(text, n, keep, k, e);
	xfree(text);
	return ok;
}

/* Keeps the texts when asked to; else says of how many overrides there is none. */
static enum cli_exit keep_bases(const struct cli *c, const struct loaded *l, bool accept)
{
	struct keeping k = { .write = accept };
	struct err e = { 0 };
	struct buf b;
	if (!all_texts(l, &k, &e))
		return cli_err(c, &e);
	buf_init(&b, 0);
	if (k.kept)
		buf_addf(&b, cli_text(c, "记下了 %u 条被覆盖的规则现在的样子\n",
				      "overridden rules kept as they are now: %u\n"), k.kept);
	if (k.missing)
		buf_addf(&b, cli_text(c, "有 %u 个覆盖没有记下规则当时的样子："
				      "fundwatch check --accept 记下，升级之后就能说出改了哪几行\n",
				      "overrides whose rule was never kept: %u; "
				      "fundwatch check --accept keeps it, to tell what an "
				      "upgrade changed\n"), k.missing);
	cli_note(&b);
	buf_fini(&b);
	return CLI_OK;
}

static enum cli_exit check_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct check_opts *o = opt;
	struct loaded l;
	enum cli_exit code = rules_compile_on(c, &l, n, arg, NULL, o->today);
	if (code == CLI_OK && l.set)
		code = keep_bases(c, &l, o->accept);
	if (code == CLI_OK && l.set && (o->db.db || o->db.conf))
		code = exceptions_tell_unused(c, &o->db, &l);
	if (code == CLI_OK)
		code = compare(c, &l, o->strict);
	loaded_fini(&l);
	return code;
}

static const struct opt check_opt[] = {
	DB_OPTS(struct check_opts),
	{ "strict", 0, OPT_FLAG, offsetof(struct check_opts, strict), NULL, "有警告也算没有通过",
	  "warnings fail the check too" },
	{ "accept", 0, OPT_FLAG, offsetof(struct check_opts, accept), NULL,
	  "记下被覆盖的规则现在的样子，升级之后告诉改了哪几行",
	  "keep what overridden rules say now, to tell what an upgrade changes" },
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
		   "没有通过时退出码为 1。给出 --db 或 --conf 时，也说台账里从未用到的例外。\n"
		   "单个错误代码的解释：fundwatch explain 代码。",
	.more_en = "PATH is a rule file or a folder with *.rules in it or below; \"rules\" when "
		   "left out.\n"
		   "Exit code 1 when the check fails. With --db or --conf, exceptions never used\n"
		   "are told too. What a code means: fundwatch explain CODE.",
	.opt = check_opt,
	.opt_size = sizeof(struct check_opts),
	.max_args = -1,
	.exec = check_exec,
};
