/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * translate.c - `fundwatch translate`: the same rules in the words of the other language.
 *
 * All files of the project are compiled, for a word means what its declaration says; those
 * asked for are written anew, and the whole is compiled again: unless every rule has the
 * digest it had, nothing is shown or written.
 */
#include "daemon/cli/commands.h"
#include "daemon/work/files.h"
#include "lib/base/mem.h"
#include "lib/rule/marks.h"
#include "lib/rule/translate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct translate_opts {
	const char *to, *project;
	bool write;
};

struct translation {
	const struct cli *c;
	const struct translate_opts *o;
	struct path_list wanted, project;
	struct diag_list diag;
	struct marks marks;
	struct ruleset *set;
	struct overlay *over;  /* the new texts, malloc'd */
	uint32_t n_over;
};

static bool same_file(const char *a, const char *b)
{
	char x[PATH_MAX], y[PATH_MAX];

	return realpath(a, x) && realpath(b, y) && strcmp(x, y) == 0;
}

static bool is_wanted(const struct translation *t, const char *path)
{
	for (uint32_t i = 0; i < t->wanted.n; i++)
		if (same_file(t->wanted.path[i], path))
			return true;
	return false;
}

static enum cli_exit refuse(const struct translation *t)
{
	struct diag_list *d = (struct diag_list *)&t->diag;
	struct buf b;

	buf_init(&b, 0);
	diag_sort(d);
	diag_print(d, &b);
	cli_note(&b);
	buf_fini(&b);
	return cli_error(t->c, CLI_FAILED,
			 cli_text(t->c, "规则有 %u 个错误，先改对再翻译",
				  "the rules have %u errors; mend them first"),
			 t->diag.errors);
}

static enum cli_exit load(struct translation *t, int n, char *const *arg)
{
	struct err e = { 0 };
	bool ok = true;

	for (int i = 0; ok && i < n; i++)
		ok = rule_files_find(arg[i], &t->wanted, &e);
	if (n == 0)
		ok = rule_files_find("rules", &t->wanted, &e);
	for (int i = 0; i < n && !t->o->project; i++)
		path_list_add(&t->project, arg[i]);
	if (t->o->project || n == 0)
		path_list_add(&t->project, t->o->project ? t->o->project : "rules");
	if (!ok)
		return cli_err(t->c, &e);
	t->diag.marks = &t->marks;
	t->set = rules_load(&t->project, NULL, &t->diag, &e);
	if (!t->set)
		return e.code != ERR_NONE ? cli_err(t->c, &e) : refuse(t);
	marks_sort(&t->marks);
	return CLI_OK;
}

static enum cli_exit one(struct translation *t, uint32_t file)
{
	const char *path = t->diag.file[file].name;
	struct buf b;
	size_t n;

	buf_init(&b, 0);
	if (!translate_source(&t->diag, file, strcmp(t->o->to, "en") == 0, &b)) {
		buf_fini(&b);
		return cli_error(t->c, CLI_FAILED,
				 cli_text(t->c, "%s：译文读不懂，没有写出", "%s: the translation does not parse"),
				 path);
	}
	n = b.n;
	t->over[t->n_over].path = path;
	t->over[t->n_over++].text = str_make(buf_take(&b, NULL), n);
	return CLI_OK;
}

/* Whether the translated set has every rule and every digest of the original. */
static bool same_meaning(const struct translation *t)
{
	struct diag_list d;
	struct err e = { 0 };
	struct ruleset *again;
	bool same;

	diag_init(&d, t->c->english);
	again = rules_load_over(&t->project, t->over, t->n_over, NULL, &d, &e);
	same = again && strcmp(again->digest, t->set->digest) == 0 &&
	       again->n_rule == t->set->n_rule && again->n_indicator == t->set->n_indicator;
	for (uint32_t i = 0; same && i < again->n_rule; i++)
		same = strcmp(again->rule[i].digest, t->set->rule[i].digest) == 0;
	ruleset_free(again);
	diag_fini(&d);
	return same;
}

static enum cli_exit hand_out(struct translation *t)
{
	enum cli_exit code = CLI_OK;
	struct buf b;

	buf_init(&b, 0);
	for (uint32_t i = 0; code == CLI_OK && i < t->n_over; i++) {
		struct err e = { 0 };

		if (t->o->write) {
			buf_addf(&b, "%s\n", t->over[i].path);
			if (!file_write(t->over[i].path, t->over[i].text, &e))
				code = cli_err(t->c, &e);
			continue;
		}
		if (t->n_over > 1)
			buf_addf(&b, "%s# %s\n", i > 0 ? "\n" : "", t->over[i].path);
		buf_addstr(&b, t->over[i].text);
	}
	code = cli_out(t->c, &b, code);
	buf_fini(&b);
	return code;
}

static enum cli_exit translate(struct translation *t, int n, char *const *arg)
{
	enum cli_exit code = load(t, n, arg);
	uint32_t files = t->diag.n_files;

	if (code != CLI_OK)
		return code;
	t->over = xcalloc(files + (size_t)1, sizeof *t->over);
	for (uint32_t i = 0; code == CLI_OK && i < files; i++)
		if (is_wanted(t, t->diag.file[i].name))
			code = one(t, i);
	if (code != CLI_OK)
		return code;
	if (t->n_over == 0)
		return cli_error(t->c, CLI_USAGE, cli_text(t->c, "项目里没有这些文件",
							   "the project has none of these files"));
	if (!same_meaning(t))
		return cli_error(t->c, CLI_FAILED,
				 cli_text(t->c, "译文的含义会不同，没有写出；请把规则报告给开发者",
					  "the translation would mean something else and was "
					  "dropped; "
					  "please report these rules"));
	return hand_out(t);
}

static enum cli_exit translate_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	struct translation t = { .c = c, .o = opt };
	enum cli_exit code;

	if (!t.o->to)
		return cli_error(c, CLI_USAGE, cli_text(c, "要写明 --to zh 或 --to en",
							"say --to zh or --to en"));
	diag_init(&t.diag, c->english);
	marks_init(&t.marks);
	code = translate(&t, n, arg);
	for (uint32_t i = 0; i < t.n_over; i++)
		xfree((void *)t.over[i].text.p);
	xfree(t.over);
	ruleset_free(t.set);
	marks_fini(&t.marks);
	diag_fini(&t.diag);
	path_list_fini(&t.wanted);
	path_list_fini(&t.project);
	return code;
}

static const struct opt translate_opt[] = {
	{ "to", 0, OPT_TEXT, offsetof(struct translate_opts, to), "zh|en", "译成哪种语言",
	  "the language to write" },
	{ "project", 0, OPT_TEXT, offsetof(struct translate_opts, project), "PATH",
	  "一起读的规则目录，名单和表在那里声明；不写就是 PATH 自己",
	  "folder to read along, where lists and tables are declared; PATH itself when left out" },
	{ "write", 'w', OPT_FLAG, offsetof(struct translate_opts, write), NULL,
	  "写回文件；不写就输出到标准输出", "write the files; without it the text goes to standard output" },
	{ 0 },
};

const struct command cmd_translate = {
	.name = "translate",
	.args = "[PATH...]",
	.zh = "把规则译成另一种关键词语言，含义不变",
	.en = "write rules in the other language of keywords, with the same meaning",
	.more_zh = "关键词、字段、取值、函数、时间区间和单位都译；名称、说明、注释和自己起的名字不动。\n"
		   "英文用国标代码写字段、用编码写取值。译文重新编译，每条规则的含义摘要都相同才写出。",
	.more_en = "Keywords, fields, values, functions, periods and units change; names, "
			   "sentences,\n"
		   "comments and what the author named stay. English spells fields by national "
		   "code and\n"
		   "values by code. The result is compiled again: it is only written when every "
		   "rule has\n"
		   "the digest it had.",
	.opt = translate_opt,
	.opt_size = sizeof(struct translate_opts),
	.max_args = -1,
	.exec = translate_exec,
};
