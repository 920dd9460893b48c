/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain.c - `fundwatch explain`: what a diagnostic's or reject's code means, or a rule.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/rule_text.h"
#include "lib/base/near.h"
#include "lib/record/reject.h"
#include "lib/rule/diag.h"

struct explain_opts {
	const char *rules;
};

static void tell_one(const struct cli *c, struct buf *b, const char *word, const char *kind_zh,
		     const char *kind_en, const char *text)
{
	if (c->json) {
		buf_addf(b, "%s{\"code\":\"%s\",\"kind\":\"%s\",\"text\":", b->n ? "," : "", word,
			 kind_en);
		buf_json(b, str_of(text));
		buf_addc(b, '}');
	} else {
		buf_addf(b, "%s%s (%s)\n\n%s\n", b->n ? "\n" : "", word,
			 cli_text(c, kind_zh, kind_en), text);
	}
}

/* A word may be both: bad-date in a rule's table, and in a settlement file. */
static enum cli_exit tell(const struct cli *c, const char *word, enum diag_code d,
			  enum reject_reason r)
{
	struct buf b, out;
	buf_init(&b, 0);
	buf_init(&out, 0);
	if (d != DIAG_COUNT)
		tell_one(c, &b, word, "规则检查", "rule check", diag_explain(d, c->english));
	if (r != REJECT_NONE)
		tell_one(c, &b, word, "数据拒收", "rejected data", reject_sentence(r, c->english));
	if (c->json)
		buf_addf(&out, "[%s]\n", buf_cstr(&b));
	else
		buf_addstr(&out, buf_str(&b));
	enum cli_exit code = cli_out(c, &out, CLI_OK);
	buf_fini(&b);
	buf_fini(&out);
	return code;
}

/* A code that is near, when the word is neither a code nor looks like a rule's id ("dup.pair"). */
static struct str near_code(const char *word)
{
	struct near n;
	near_init(&n, str_of(word));
	for (int i = 0; i < DIAG_COUNT; i++)
		near_offer(&n, str_of(diag_word((enum diag_code)i)));
	for (int i = 1; i < REJECT_COUNT; i++)
		near_offer(&n, str_of(reject_word((enum reject_reason)i)));
	return near_best(&n);
}

static enum cli_exit explain_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct explain_opts *o = opt;
	const char *word = arg[0];
	enum diag_code d = diag_find(str_of(word));
	enum reject_reason r = reject_find(str_of(word));
	(void)n;
	if (d != DIAG_COUNT || r != REJECT_NONE)
		return tell(c, word, d, r);
	struct str best = near_code(word);
	if (str_chr(str_of(word), '.') < 0 && best.n > 0)
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "没有这个代码：%s；是不是 " STR_FMT "？",
					  "there is no code %s; did you mean " STR_FMT "?"),
				 word, STR_ARG(best));
	return rule_show(c, o->rules, NULL, word);
}

static const struct opt explain_opt[] = {
	{ "rules", 0, OPT_TEXT, offsetof(struct explain_opts, rules), "DIR",
	  "规则目录或文件，默认 rules", "folder or file of rules, \"rules\" by default" },
	{ 0 },
};

const struct command cmd_explain = {
	.name = "explain",
	.args = "CODE|RULE",
	.zh = "解释一个错误代码、拒收原因或一条规则",
	.en = "explain the code of a diagnostic or reject, or a rule",
	.opt = explain_opt,
	.opt_size = sizeof(struct explain_opts),
	.min_args = 1,
	.max_args = 1,
	.exec = explain_exec,
};
