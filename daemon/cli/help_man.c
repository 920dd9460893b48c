/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * help_man.c - fundwatch(1) from the command table, in English with roff's man macros.
 * docs/fundwatch.1 is its output; a test fails when they differ.
 */
#include "daemon/cli/help.h"
#include "daemon/cli/opt.h"

/* Text with roff's own characters made harmless. */
static void roff(struct buf *b, const char *s)
{
	bool line_start = true;
	for (; *s; s++) {
		if (line_start && (*s == '.' || *s == '\''))
			buf_adds(b, "\\&");
		if (*s == '\\')
			buf_adds(b, "\\e");
		else if (*s == '-')
			buf_adds(b, "\\-");
		else
			buf_addc(b, *s);
		line_start = *s == '\n';
	}
}

static void option(struct buf *b, const struct opt *o)
{
	buf_adds(b, ".TP\n");
	if (o->letter)
		buf_addf(b, "\\fB\\-%c\\fR, ", o->letter);
	buf_adds(b, "\\fB\\-\\-");
	roff(b, o->name);
	buf_adds(b, "\\fR");
	if (o->arg) {
		buf_adds(b, " \\fI");
		roff(b, o->arg);
		buf_adds(b, "\\fR");
	}
	buf_addc(b, '\n');
	roff(b, o->en);
	buf_adds(b, o->kind == OPT_LIST ? " (may be repeated)\n" : "\n");
}

/* A blank line of the help text becomes a paragraph; single lines stay lines. */
static void paragraphs(struct buf *b, const char *text)
{
	struct buf one;
	buf_init(&one, 0);
	buf_adds(b, ".PP\n.nf\n");
	roff(&one, text);
	buf_addstr(b, buf_str(&one));
	buf_adds(b, "\n.fi\n");
	buf_fini(&one);
}

static void command(struct buf *b, const struct command *cmd)
{
	buf_adds(b, ".SS fundwatch ");
	roff(b, cmd->name);
	if (cmd->args[0]) {
		buf_addc(b, ' ');
		roff(b, cmd->args);
	}
	buf_addc(b, '\n');
	roff(b, cmd->en);
	buf_adds(b, ".\n");
	for (const struct opt *o = cmd->opt; o && o->name; o++)
		option(b, o);
	if (cmd->more_en)
		paragraphs(b, cmd->more_en);
}

void help_man(struct buf *out)
{
	buf_adds(out, ".\\\" made by: fundwatch help --man\n"
		      ".TH FUNDWATCH 1 \"\" \"fundwatch " FUNDWATCH_VERSION "\" \"Fundwatch\"\n"
		      ".SH NAME\nfundwatch \\- rule checks and suspicions over medical\\-insurance "
		      "settlements\n"
		      ".SH SYNOPSIS\n\\fBfundwatch\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] "
		      "[\\fIARGUMENTS\\fR]\n"
		      ".SH DESCRIPTION\nThe command of an inspector and of whoever writes rules: "
		      "checks and tests rule\n"
		      "files, scans settlement files without a database, and reads the alerts "
		      "that\n\\fBfundwatchd\\fR(8) keeps.\n"
		      ".SH COMMANDS\n");
	for (int i = 0; commands[i]; i++)
		command(out, commands[i]);
	buf_adds(out, ".SH COMMON OPTIONS\n");
	for (const struct opt *o = common_opts; o->name; o++)
		option(out, o);
	buf_adds(out, ".SH EXIT STATUS\n.TP\n0\nfine\n.TP\n1\na check failed: rules, examples or "
		      "sums are not right\n"
		      ".TP\n2\nthe command line is wrong\n.TP\n3\nfiles, data or the database "
		      "could not be had\n"
		      ".SH ENVIRONMENT\n.TP\nLC_ALL, LC_MESSAGES, LANG\nlanguage; Chinese unless "
		      "the first one set begins with en\n"
		      ".TP\nPGHOST, PGDATABASE, PGUSER, ...\nwhere the database is, as for every "
		      "libpq program\n"
		      ".SH SEE ALSO\n\\fBfundwatchd\\fR(8)\n");
}
