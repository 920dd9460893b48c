/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli.c - the table of commands, finding one, and what all of them share.
 */
#include "daemon/cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/help.h"
#include "daemon/cli/opt.h"
#include "daemon/host/pages.h"
#include "lib/base/near.h"

const struct command *const commands[] = {
	&cmd_check, &cmd_fmt, &cmd_fix, &cmd_translate, &cmd_lsp, &cmd_test, &cmd_explain,
	&cmd_rules_list, &cmd_rules_show, &cmd_knowledge_list, &cmd_knowledge_check,
	&cmd_knowledge_unmapped,
	&cmd_scan, &cmd_db_migrate, &cmd_db_status,
	&cmd_alerts_list, &cmd_alerts_show, &cmd_alerts_decide, &cmd_alerts_note,
	&cmd_exceptions_list, &cmd_exceptions_ledger,
	&cmd_record_show, &cmd_hold_add, &cmd_hold_remove, &cmd_hold_list, &cmd_purge,
	&cmd_journal_list, &cmd_journal_verify, &cmd_reload, &cmd_period_close,
	&cmd_period_reopen, &cmd_period_list, &cmd_late_list, &cmd_account,
	&cmd_key_add, &cmd_key_list,
	&cmd_key_revoke, &cmd_top, &cmd_help, NULL,
};

const char *cli_text(const struct cli *c, const char *zh, const char *en)
{
	return c->english ? en : zh;
}

static void print_error(const struct cli *c, const char *kind, const char *text)
{
	struct buf b;
	buf_init(&b, 0);
	if (c->json) {
		buf_adds(&b, "{\"error\":{\"kind\":");
		buf_json(&b, str_of(kind));
		buf_adds(&b, ",\"text\":");
		buf_json(&b, str_of(text));
		buf_adds(&b, "}}\n");
		cli_out(c, &b, CLI_OK);
	} else {
		buf_addf(&b, "fundwatch: %s\n", text);
		cli_note(&b);
	}
	buf_fini(&b);
}

enum cli_exit cli_error(const struct cli *c, enum cli_exit code, const char *fmt, ...)
{
	static const char *const kind[] = { "ok", "failed", "usage", "world" };
	struct buf text;
	va_list args;
	buf_init(&text, 0);
	va_start(args, fmt);
	buf_vaddf(&text, fmt, args);
	va_end(args);
	print_error(c, kind[code], buf_cstr(&text));
	buf_fini(&text);
	return code;
}

enum cli_exit cli_err(const struct cli *c, const struct err *e)
{
	print_error(c, err_name(e->code), e->text);
	switch (e->code) {
	case ERR_RULE:
	case ERR_OVERFLOW: return CLI_FAILED;
	case ERR_CONF: return CLI_USAGE;
	default: return CLI_WORLD;
	}
}

enum cli_exit cli_out(const struct cli *c, const struct buf *b, enum cli_exit code)
{
	(void)c;
	size_t done = b->n ? fwrite(b->p, 1, b->n, stdout) : 0;
	if (done == b->n && fflush(stdout) == 0 && !b->failed)
		return code;
	fputs("fundwatch: cannot write to standard output\n", stderr);
	return CLI_WORLD;
}

void cli_note(const struct buf *b)
{
	fwrite(buf_cstr(b), 1, b->n, stderr);
}

unsigned cli_columns(const struct cli *c)
{
	struct winsize w;
	if (!c->out_tty || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
		return 0;
	return w.ws_col;
}

/* By language variables in the order of POSIX; Chinese unless one says English. */
static bool environment_english(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		const char *v = getenv(names[i]);
		if (v && *v)
			return strncmp(v, "en", 2) == 0;
	}
	return false;
}

static bool set_language(struct cli *c, const char *word)
{
	c->english = strcmp(word, "en") == 0;
	return c->english || strcmp(word, "zh") == 0;
}

/* --lang and --json may stand before the command too. Returns how many words were taken, or 0
 * after telling that the language is none. */
static int leading_options(struct cli *c, int argc, char **argv)
{
	int i = 1;
	for (; i < argc; i++) {
		const char *lang = NULL;
		if (strcmp(argv[i], "--json") == 0)
			c->json = true;
		else if (strncmp(argv[i], "--lang=", 7) == 0)
			lang = argv[i] + 7;
		else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
			lang = argv[++i];
		else
			break;
		if (lang && !set_language(c, lang)) {
			cli_error(c, CLI_USAGE,
				  cli_text(c, "--lang 只能是 zh|en，不是 %s",
					   "--lang is zh or en, not %s"),
				  lang);
			return 0;
		}
	}
	return i;
}

/* "alerts list" from two words, "scan" from one; *used says how many. */
static const struct command *find_command(int argc, char **argv, int *used)
{
	for (int i = 0; commands[i]; i++) {
		const char *name = commands[i]->name;
		const char *blank = strchr(name, ' ');
		size_t first = blank ? (size_t)(blank - name) : strlen(name);
		if (strlen(argv[0]) != first || strncmp(name, argv[0], first) != 0)
			continue;
		*used = blank ? 2 : 1;
		if (!blank || (argc > 1 && strcmp(blank + 1, argv[1]) == 0))
			return commands[i];
	}
	return NULL;
}

/* Commands that begin with this word ("alerts"), as a list; false when there are none. */
static bool family_of(const char *word, struct buf *out)
{
	size_t n = strlen(word);
	for (int i = 0; commands[i]; i++)
		if (strncmp(commands[i]->name, word, n) == 0 && commands[i]->name[n] == ' ')
			buf_addf(out, "%s%s", out->n ? ", " : "", commands[i]->name);
	return out->n > 0;
}

static enum cli_exit unknown_command(const struct cli *c, const char *word)
{
	struct buf family;
	struct near n;
	enum cli_exit code = CLI_USAGE;
	buf_init(&family, 0);
	near_init(&n, str_of(word));
	for (int i = 0; commands[i]; i++) {
		near_offer(&n, str_of(commands[i]->name));
		near_offer(&n, str_make(commands[i]->name, strcspn(commands[i]->name, " ")));
	}
	struct str best = near_best(&n);
	if (family_of(word, &family))
		cli_error(c, code,
			  cli_text(c, "%s 后面要说做什么：%s", "say what to do with %s: %s"), word,
			  buf_cstr(&family));
	else if (best.n > 0)
		cli_error(c, code,
			  cli_text(c, "没有这个命令：%s；是不是 " STR_FMT "？",
				   "there is no command %s; did you mean " STR_FMT "?"),
			  word, STR_ARG(best));
	else
		cli_error(c, code,
			  cli_text(c, "没有这个命令：%s；用 fundwatch help 看全部命令",
				   "there is no command %s; see fundwatch help"),
			  word);
	buf_fini(&family);
	return code;
}

/* argv[0] is the last word of the command's name. */
static enum cli_exit run(struct cli *c, const struct command *cmd, int argc, char **argv)
{
	struct parsed p;
	struct err e;
	enum cli_exit code;
	bool ok = opt_parse(&p, cmd, c, argc, argv, &e);
	if (p.common.lang)
		c->english = strcmp(p.common.lang, "en") == 0;
	c->json = c->json || p.common.json;
	if (!ok) {
		code = cli_error(c, CLI_USAGE, "%s", e.text);
		if (!c->json)
			help_usage(c, cmd);
	} else if (p.common.help) {
		code = help_command(c, cmd);
	} else {
		code = cmd->exec(c, p.opt, p.n_arg, p.arg);
	}
	opt_fini(&p);
	return code;
}

static bool is_word(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int cli_main(int argc, char **argv)
{
	struct cli c = { .english = environment_english(),
			 .out_tty = isatty(STDOUT_FILENO) == 1,
			 .err_tty = isatty(STDERR_FILENO) == 1 };
	int at = leading_options(&c, argc, argv), used = 0;
	pages_large();
	if (at == 0)
		return CLI_USAGE;
	if (at >= argc) {
		help_overview(&c, stderr);
		return CLI_USAGE;
	}
	if (is_word(argv[at], "--help", "-h"))
		return (int)help_overview(&c, stdout);
	if (is_word(argv[at], "--version", "-V"))
		return (int)help_version(&c);
	const struct command *cmd = find_command(argc - at, argv + at, &used);
	if (!cmd)
		return (int)unknown_command(&c, argv[at]);
	at += used - 1;
	return (int)run(&c, cmd, argc - at, argv + at);
}
