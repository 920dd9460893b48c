/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fmt.c - `fundwatch fmt`: rule files in one layout, or which are not.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/rulefiles.h"
#include "daemon/cli/words.h"
#include "lib/rule/format.h"

struct fmt_opts {
	bool check, diff;
};

struct fmt {
	const struct cli *c;
	const struct fmt_opts *o;
	struct diag_list diag;
	struct buf out;
	uint32_t files, changed, broken;
	enum cli_exit code;
};

static void changed(struct fmt *t, const char *path, struct str before, struct str after)
{
	struct err e = { 0 };

	t->changed++;
	if (t->o->diff)
		rulefile_diff(&t->out, path, before, after);
	else
		buf_addf(&t->out, "%s\n", path);
	if (!t->o->check && !t->o->diff && !file_write(path, after, &e))
		t->code = cli_err(t->c, &e);
}

static bool one(void *ctx, const char *path, struct str text)
{
	struct fmt *t = ctx;
	struct buf after;

	buf_init(&after, 0);
	t->files++;
	if (!format_source(&t->diag, diag_source(&t->diag, path, text), &after))
		t->broken++;
	else if (!str_eq(text, buf_str(&after)))
		changed(t, path, text, buf_str(&after));
	buf_fini(&after);
	return t->code == CLI_OK;
}

static void summary(struct fmt *t, struct buf *b)
{
	const struct cli *c = t->c;
	size_t from = b->n;

	if (t->broken > 0)
		buf_addf(b, cli_text(c, "%u 个文件读不懂，没有动它\n", "%u files do not parse and were left alone\n"),
			 t->broken);
	buf_addf(b,
		 t->o->check || t->o->diff
			 ? cli_text(c, "%u 个文件，%u 个会改动\n", "%u files, %u would change\n")
			 : cli_text(c, "%u 个文件，改动 %u 个\n", "%u files, %u changed\n"),
		 t->files, t->changed);
	words_singular(c, b, from);
}

static enum cli_exit report(struct fmt *t)
{
	struct buf note;
	bool wrong = t->broken > 0 || ((t->o->check || t->o->diff) && t->changed > 0);
	enum cli_exit code;

	buf_init(&note, 0);
	diag_sort(&t->diag);
	diag_print(&t->diag, &note);
	summary(t, &note);
	code = cli_out(t->c, &t->out, wrong ? CLI_FAILED : CLI_OK);
	cli_note(&note);
	buf_fini(&note);
	return code;
}

static enum cli_exit fmt_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	struct fmt t = { .c = c, .o = opt, .code = CLI_OK };
	enum cli_exit code;

	diag_init(&t.diag, c->english);
	buf_init(&t.out, 0);
	code = rulefiles_each(c, n, arg, one, &t);
	code = code == CLI_OK ? t.code : code;
	if (code == CLI_OK)
		code = report(&t);
	buf_fini(&t.out);
	diag_fini(&t.diag);
	return code;
}

static const struct opt fmt_opt[] = {
	{ "check", 0, OPT_FLAG, offsetof(struct fmt_opts, check), NULL,
	  "只列出会改动的文件，有就退出 1", "list files that would change; exit 1 when there are any" },
	{ "diff", 0, OPT_FLAG, offsetof(struct fmt_opts, diff), NULL,
	  "显示会怎样改动，不写文件", "show what would change, write nothing" },
	{ 0 },
};

const struct command cmd_fmt = {
	.name = "fmt",
	.args = "[PATH...]",
	.zh = "把规则文件排成统一的版式",
	.en = "lay rule files out in one way",
	.more_zh = "每行一个子句，正文对齐，试例的表格按显示宽度对齐，符号统一写法；注释、子句内的换行和\n"
		   "文件所用的语言不变，含义不变。读不懂的文件不动，并说明原因，退出码为 1。",
	.more_en = "One clause a line, bodies and tables aligned by display width, signs in one "
			   "spelling;\n"
		   "comments, line breaks inside a clause, the language and the meaning stay. A "
		   "file\n"
		   "that does not parse is left alone, with the reasons, and the exit code is 1.",
	.opt = fmt_opt,
	.opt_size = sizeof(struct fmt_opts),
	.max_args = -1,
	.exec = fmt_exec,
};
