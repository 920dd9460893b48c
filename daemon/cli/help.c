/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * help.c - `fundwatch help`: the command table as text, JSON, roff and completion words.
 */
#include "daemon/cli/help.h"

#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/grammar.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/opt.h"

static void usage(struct buf *b, const struct command *cmd)
{
	buf_addf(b, "fundwatch %s", cmd->name);
	for (const struct opt *o = cmd->opt; o && o->name; o++) {
		buf_addf(b, " [--%s", o->name);
		if (o->arg)
			buf_addf(b, " %s", o->arg);
		buf_adds(b, o->kind == OPT_LIST ? "]..." : "]");
	}
	if (cmd->args[0])
		buf_addf(b, " %s", cmd->args);
}

void help_usage(const struct cli *c, const struct command *cmd)
{
	struct buf b;
	buf_init(&b, 0);
	buf_adds(&b, cli_text(c, "用法：", "usage: "));
	usage(&b, cmd);
	buf_addc(&b, '\n');
	cli_note(&b);
	buf_fini(&b);
}

static void option_words(struct buf *b, const struct opt *o)
{
	if (o->letter)
		buf_addf(b, "-%c, ", o->letter);
	buf_addf(b, "--%s", o->name);
	if (o->arg)
		buf_addf(b, " %s", o->arg);
}

static void options_text(const struct cli *c, const struct command *cmd, struct buf *out)
{
	const struct opt *o;
	struct grid g;
	struct buf words;
	buf_init(&words, 0);
	grid_init(&g, 2);
	g.indent = 2;
	for (unsigned i = 0; (o = opt_at(cmd, i)); i++) {
		buf_reset(&words);
		option_words(&words, o);
		grid_cell(&g, buf_str(&words));
		grid_cell(&g, str_of(cli_text(c, o->zh, o->en)));
	}
	grid_print(&g, out, 0);
	grid_fini(&g);
	buf_fini(&words);
}

static void command_text(const struct cli *c, const struct command *cmd, struct buf *b)
{
	const char *more = cli_text(c, cmd->more_zh, cmd->more_en);
	buf_addf(b, "fundwatch %s - %s\n\n%s", cmd->name, cli_text(c, cmd->zh, cmd->en),
		 cli_text(c, "用法：", "usage: "));
	usage(b, cmd);
	buf_adds(b, "\n\n");
	options_text(c, cmd, b);
	if (more)
		buf_addf(b, "\n%s\n", more);
}

static void options_json(const struct command *cmd, struct buf *b)
{
	const struct opt *o;
	buf_addc(b, '[');
	for (unsigned i = 0; (o = opt_at(cmd, i)); i++) {
		buf_addf(b, "%s{\"name\":\"%s\",\"argument\":", i ? "," : "", o->name);
		buf_json(b, str_of(o->arg));
		buf_addf(b, ",\"repeated\":%s,\"zh\":", o->kind == OPT_LIST ? "true" : "false");
		buf_json(b, str_of(o->zh));
		buf_adds(b, ",\"en\":");
		buf_json(b, str_of(o->en));
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

static void command_json(const struct command *cmd, struct buf *b)
{
	buf_addf(b, "{\"command\":\"%s\",\"arguments\":", cmd->name);
	buf_json(b, str_of(cmd->args));
	buf_adds(b, ",\"zh\":");
	buf_json(b, str_of(cmd->zh));
	buf_adds(b, ",\"en\":");
	buf_json(b, str_of(cmd->en));
	buf_adds(b, ",\"options\":");
	options_json(cmd, b);
	buf_addc(b, '}');
}

enum cli_exit help_command(const struct cli *c, const struct command *cmd)
{
	struct buf b;
	buf_init(&b, 0);
	if (c->json) {
		command_json(cmd, &b);
		buf_addc(&b, '\n');
	} else {
		command_text(c, cmd, &b);
	}
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static void overview_text(const struct cli *c, struct buf *b)
{
	struct grid g;
	buf_adds(b, cli_text(c,
			     "fundwatch - "
			     "基金哨兵：医保基金使用的规则检查与疑点\n\n用法：fundwatch 命令 "
			     "[选项] [参数]\n\n",
			     "fundwatch - rule checks and suspicions over medical-insurance "
			     "settlements\n\n"
			     "usage: fundwatch COMMAND [OPTIONS] [ARGUMENTS]\n\n"));
	grid_init(&g, 2);
	g.indent = 2;
	for (int i = 0; commands[i]; i++) {
		grid_cell(&g, str_of(commands[i]->name));
		grid_cell(&g, str_of(cli_text(c, commands[i]->zh, commands[i]->en)));
	}
	grid_print(&g, b, 0);
	grid_fini(&g);
	buf_adds(b, cli_text(c,
			     "\n每个命令都有 --help、--json、--lang zh|en。\n"
			     "退出码：0 正常，1 检查没有通过，2 命令写错，3 "
			     "文件、数据或数据库出错。\n",
			     "\nEvery command takes --help, --json and --lang zh|en.\n"
			     "Exit codes: 0 fine, 1 a check failed, 2 wrong command line, "
			     "3 files, data or database.\n"));
}

static void overview_json(struct buf *b)
{
	buf_adds(b, "{\"commands\":[");
	for (int i = 0; commands[i]; i++) {
		if (i)
			buf_addc(b, ',');
		command_json(commands[i], b);
	}
	buf_adds(b, "]}\n");
}

enum cli_exit help_overview(const struct cli *c, FILE *to)
{
	struct buf b;
	enum cli_exit code = CLI_OK;
	buf_init(&b, 0);
	if (c->json)
		overview_json(&b);
	else
		overview_text(c, &b);
	if (to == stdout)
		code = cli_out(c, &b, CLI_OK);
	else
		cli_note(&b);
	buf_fini(&b);
	return code;
}

enum cli_exit help_version(const struct cli *c)
{
	struct buf b;
	buf_init(&b, 0);
	buf_addf(&b,
		 c->json ? "{\"program\":\"fundwatch\",\"version\":\"%s\"}\n" : "fundwatch %s\n",
		 FUNDWATCH_VERSION);
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

/* Words that may follow for completion: commands, or a command's options. */
static enum cli_exit words(const struct cli *c, const struct command *cmd)
{
	struct buf b;
	const struct opt *o;
	buf_init(&b, 0);
	for (int i = 0; !cmd && commands[i]; i++)
		buf_addf(&b, "%s\n", commands[i]->name);
	for (unsigned i = 0; cmd && (o = opt_at(cmd, i)); i++)
		buf_addf(&b, "--%s%s%s\n", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

struct help_opts {
	bool man, words, grammar;
};

static const struct command *named(int n, char *const *arg)
{
	for (int i = 0; commands[i]; i++) {
		const char *name = commands[i]->name;
		const char *blank = strchr(name, ' ');
		size_t first = blank ? (size_t)(blank - name) : strlen(name);
		if (n != (blank ? 2 : 1) && strcmp(arg[0], name) != 0)
			continue;
		if (strcmp(arg[0], name) == 0 ||
		    (blank && strlen(arg[0]) == first && strncmp(arg[0], name, first) == 0 &&
		     strcmp(arg[1], blank + 1) == 0))
			return commands[i];
	}
	return NULL;
}

static enum cli_exit man_page(const struct cli *c)
{
	struct buf b;
	buf_init(&b, 0);
	help_man(&b);
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit grammar(const struct cli *c)
{
	struct buf b;
	buf_init(&b, 0);
	grammar_write(&b);
	enum cli_exit code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit help_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct help_opts *o = opt;
	const struct command *cmd = n > 0 ? named(n, arg) : NULL;
	if (n > 0 && !cmd)
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "没有这个命令：%s %s", "there is no command %s %s"),
				 arg[0], n > 1 ? arg[1] : "");
	if (o->man)
		return man_page(c);
	if (o->grammar)
		return grammar(c);
	if (o->words)
		return words(c, cmd);
	return cmd ? help_command(c, cmd) : help_overview(c, stdout);
}

static const struct opt help_opt[] = {
	{ "man", 0, OPT_FLAG, offsetof(struct help_opts, man), NULL,
	  "输出手册页 fundwatch(1)（roff）", "write the manual page fundwatch(1) as roff" },
	{ "words", 0, OPT_FLAG, offsetof(struct help_opts, words), NULL,
	  "每行一个可接的词，供命令行补全使用",
	  "write the words that may follow, one a line, for shell completion" },
	{ "grammar", 0, OPT_FLAG, offsetof(struct help_opts, grammar), NULL,
	  "输出编辑器着色用的 TextMate 语法", "write the TextMate grammar for editors" },
	{ 0 },
};

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.zh = "显示全部命令，或一个命令的帮助",
	.en = "show all commands, or help for one",
	.opt = help_opt,
	.opt_size = sizeof(struct help_opts),
	.max_args = 2,
	.exec = help_exec,
};
