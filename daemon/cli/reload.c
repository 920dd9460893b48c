/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reload.c - `fundwatch reload`: ask the running daemon to read its rules again, and tell
 * what it answers: the rule set now live, or why the old one stays.
 */
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/talk.h"

#define ANSWER_MAX (4u << 20)

struct reload_opts {
	const char *conf, *socket;
	bool status;
};

/* "live DIGEST\nTEXT" in the answer's own bytes. */
static enum cli_exit tell(const struct cli *c, struct buf *answer, bool status)
{
	struct buf b;
	char *text = (char *)(uintptr_t)buf_cstr(answer), *word = strsep(&text, " ");
	char *digest = text ? strsep(&text, "\n") : NULL;
	bool live = strcmp(word, "live") == 0;
	text = text ? text : (char[]){ "" };
	digest = digest ? digest : text;
	buf_init(&b, 0);
	if (c->json) {
		buf_addf(&b, "{\"%s\":%s,\"live\":", status ? "answered" : "reloaded",
			 live ? "true" : "false");
		buf_json(&b, str_of(digest));
		buf_adds(&b, ",\"said\":");
		buf_json(&b, str_of(text));
		buf_adds(&b, "}\n");
	} else {
		buf_adds(&b, text);
		buf_addf(&b, live ? cli_text(c, "现行规则集 %s\n", "rule set %s is live\n")
				  : cli_text(c, "没有重新加载，现行规则集仍是 %s\n",
					     "not reloaded, rule set %s stays live\n"), digest);
	}
	enum cli_exit code = cli_out(c, &b, live ? CLI_OK : CLI_FAILED);
	buf_fini(&b);
	return code;
}

static enum cli_exit reload_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct reload_opts *o = opt;
	struct buf answer;
	struct err e = { 0 };
	(void)n, (void)arg;
	buf_init(&answer, ANSWER_MAX);
	const char *line = o->status ? "status\n" : "reload\n";
	enum cli_exit code = cli_talk(o->conf, o->socket, line, &answer, &e)
				     ? tell(c, &answer, o->status) : cli_err(c, &e);
	buf_fini(&answer);
	return code;
}

static const struct opt reload_opt[] = {
	{ "conf", 'c', OPT_TEXT, offsetof(struct reload_opts, conf), "FILE",
	  "守护进程的 fundwatch.yaml：取其中的 control.socket",
	  "the daemon's fundwatch.yaml, for its control.socket" },
	{ "socket", 0, OPT_TEXT, offsetof(struct reload_opts, socket), "PATH",
	  "直接给出控制套接字", "the control socket itself" },
	{ "status", 0, OPT_FLAG, offsetof(struct reload_opts, status), NULL,
	  "不重新加载，只问现在的规则集和统计",
	  "do not reload, only ask which rule set is live, and the counters" },
	{ 0 },
};

const struct command cmd_reload = {
	.name = "reload",
	.args = "",
	.zh = "让运行中的 fundwatchd 重新读规则，回答现行的规则集",
	.en = "make the running fundwatchd read its rules again; answers with the set now live",
	.more_zh = "新规则先编译好，在两批之间换上。有任何错误，旧的一套不动，列出错误，退出码为 1，\n"
		   "并在 fundwatch.alarm 表记一条警报。没有守护进程应答时退出码为 3。",
	.more_en = "The new rules are compiled beside the old ones and swapped in between two "
		   "epochs. On any\n"
		   "error the old set stays, the errors are listed, the exit code is 1 and a row "
		   "stands in\n"
		   "fundwatch.alarm. Exit code 3 when no daemon answers.",
	.opt = reload_opt,
	.opt_size = sizeof(struct reload_opts),
	.exec = reload_exec,
};
