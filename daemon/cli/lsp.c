/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lsp.c - `fundwatch lsp`: rules in an editor, over standard input and output.
 */
#include "daemon/cli/commands.h"
#include "daemon/lsp/server.h"

static enum cli_exit lsp_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	(void)opt;
	(void)n;
	(void)arg;
	return server_run(stdin, stdout, c->english) == 0 ? CLI_OK : CLI_FAILED;
}

const struct command cmd_lsp = {
	.name = "lsp",
	.args = "",
	.zh = "给编辑器用的语言服务（LSP，标准输入输出）",
	.en = "language server for editors (LSP over standard input and output)",
	.more_zh = "诊断、补全、悬停说明、转到声明、排版和快速修复，与 check、fmt、fix 用同一套代码。\n"
		   "编辑器的设置见 conf/editor/README.md。",
	.more_en = "Diagnostics, completion, hover, definitions, formatting and quick fixes by "
			   "the code\n"
		   "of check, fmt and fix. How to set an editor up: conf/editor/README.md.",
	.exec = lsp_exec,
};
