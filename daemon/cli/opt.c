/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * opt.c - the options table turned into getopt_long's, and its answers into values.
 */
#include "daemon/cli/opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/near.h"

#define OPT_MAX     48
#define FIRST_VALUE 1000

const struct opt common_opts[] = {
	{ "lang", 0, OPT_TEXT, offsetof(struct common, lang), "zh|en",
	  "语言，默认取环境变量 LANG（不是 en 开头就是中文）",
	  "language; by default LANG decides (Chinese unless it begins with en)" },
	{ "json", 0, OPT_FLAG, offsetof(struct common, json), NULL, "结果按 JSON 输出",
	  "write the result as JSON" },
	{ "help", 'h', OPT_FLAG, offsetof(struct common, help), NULL, "显示本命令的帮助",
	  "show help for this command" },
	{ 0 },
};

const struct opt *opt_at(const struct command *cmd, unsigned i)
{
	for (const struct opt *o = cmd->opt; o && o->name; o++)
		if (i-- == 0)
			return o;
	for (const struct opt *o = common_opts; o->name; o++)
		if (i-- == 0)
			return o;
	return NULL;
}

bool opt_is_choice(const char *choices, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = choices; n > 0 && (p = strstr(p, word)); p += n)
		if ((p == choices || p[-1] == '|') && (p[n] == '\0' || p[n] == '|'))
			return true;
	return false;
}

/* getopt's two tables, made from ours; an option's value is FIRST_VALUE + its number. */
struct tables {
	struct option longs[OPT_MAX + 1];
	char shorts[2 * OPT_MAX + 3];
};

static void make_tables(struct tables *t, const struct command *cmd)
{
	const struct opt *o;
	size_t at = 0;
	memset(t, 0, sizeof *t);
	t->shorts[at++] = ':'; /* missing arguments are told apart from unknown options */
	for (unsigned i = 0; i < OPT_MAX && (o = opt_at(cmd, i)); i++) {
		int takes = o->kind == OPT_FLAG ? no_argument : required_argument;
		t->longs[i] = (struct option){ o->name, takes, NULL, FIRST_VALUE + (int)i };
		if (o->letter) {
			t->shorts[at++] = o->letter;
			if (takes)
				t->shorts[at++] = ':';
		}
	}
}

static const struct opt *option_of(const struct command *cmd, int got)
{
	const struct opt *o;
	if (got >= FIRST_VALUE)
		return opt_at(cmd, (unsigned)(got - FIRST_VALUE));
	for (unsigned i = 0; (o = opt_at(cmd, i)); i++)
		if (o->letter == got)
			return o;
	return NULL;
}

static bool is_common(const struct opt *o)
{
	for (const struct opt *c = common_opts; c->name; c++)
		if (c == o)
			return true;
	return false;
}

static bool set_number(struct number *out, const struct opt *o, const char *text,
		       const struct cli *c, struct err *e)
{
	char *end;
	errno = 0;
	out->v = strtoll(text, &end, 10);
	out->given = true;
	if (errno == 0 && end != text && *end == '\0' && out->v >= 0)
		return true;
	return err_set(e, ERR_CONF,
		       cli_text(c, "--%s 要一个不小于 0 的整数，不是 %s",
				"--%s takes a whole number >= 0, not %s"),
		       o->name, text);
}

static bool set_value(struct parsed *p, const struct opt *o, const char *text, const struct cli *c,
		      struct err *e)
{
	char *base = is_common(o) ? (char *)&p->common : p->opt;
	void *at = base + o->offset;
	if (o->arg && strchr(o->arg, '|') && !opt_is_choice(o->arg, text))
		return err_set(e, ERR_CONF,
			       cli_text(c, "--%s 只能是 %s，不是 %s", "--%s is one of %s, not %s"),
			       o->name, o->arg, text);
	switch (o->kind) {
	case OPT_FLAG: *(bool *)at = true; return true;
	case OPT_TEXT: *(const char **)at = text; return true;
	case OPT_NUMBER: return set_number(at, o, text, c, e);
	case OPT_LIST: {
		struct text_list *l = at;
		l->v = xreallocarray(l->v, l->n + 1u, sizeof *l->v);
		l->v[l->n++] = text;
		return true;
	}
	}
	return true;
}

static bool unknown_option(const struct command *cmd, const struct cli *c, const char *word,
			   struct err *e)
{
	struct near n;
	const struct opt *o;
	const char *name = word + strspn(word, "-");
	near_init(&n, str_make(name, strcspn(name, "=")));
	for (unsigned i = 0; (o = opt_at(cmd, i)); i++)
		near_offer(&n, str_of(o->name));
	struct str best = near_best(&n);
	if (best.n > 0)
		return err_set(e, ERR_CONF,
			       cli_text(c, "没有这个选项：%s；是不是 --" STR_FMT "？",
					"there is no option %s; did you mean --" STR_FMT "?"),
			       word, STR_ARG(best));
	return err_set(e, ERR_CONF, cli_text(c, "没有这个选项：%s", "there is no option %s"), word);
}

static bool check_count(const struct command *cmd, const struct cli *c, int n, struct err *e)
{
	if (n < cmd->min_args)
		return err_set(e, ERR_CONF,
			       cli_text(c, "%s 还缺参数：%s", "%s needs more arguments: %s"),
			       cmd->name, cmd->args);
	if (cmd->max_args >= 0 && n > cmd->max_args)
		return err_set(e, ERR_CONF,
			       cli_text(c, "%s 的参数太多：%s", "%s takes fewer arguments: %s"),
			       cmd->name, cmd->args[0] ? cmd->args : "-");
	return true;
}

bool opt_parse(struct parsed *p, const struct command *cmd, const struct cli *c, int argc,
	       char **argv, struct err *e)
{
	struct tables t;
	int got;
	make_tables(&t, cmd);
	*p = (struct parsed){ .opt = xcalloc(1, cmd->opt_size + 1), .command = cmd };
	opterr = 0;
	optind = 0;
	while ((got = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		const char *word = argv[optind - 1];
		const char letter[3] = { '-', (char)optopt, '\0' };
		bool is_short = optopt > 0 && optopt < FIRST_VALUE;
		if (got == '?')
			return unknown_option(cmd, c, is_short ? letter : word, e);
		if (got == ':')
			return err_set(e, ERR_CONF,
				       cli_text(c, "%s 后面要写它的值", "%s needs a value"), word);
		if (!set_value(p, option_of(cmd, got), optarg, c, e))
			return false;
	}
	p->arg = argv + optind;
	p->n_arg = argc - optind;
	return p->common.help || check_count(cmd, c, p->n_arg, e);
}

void opt_fini(struct parsed *p)
{
	for (const struct opt *o = p->command ? p->command->opt : NULL; o && o->name; o++)
		if (o->kind == OPT_LIST)
			xfree(((struct text_list *)((char *)p->opt + o->offset))->v);
	xfree(p->opt);
}
