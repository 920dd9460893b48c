/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * opt.h - command lines by option tables: values into the command's own struct.
 * getopt_long does the walking; this adds lists, numbers, choices and near names.
 */
#pragma once

#include "daemon/cli/cli.h"

/* Values of the common options. */
struct common {
	const char *lang;
	bool json, help;
};

/* Where the values go, and what stays behind. */
struct parsed {
	void *opt; /* command's struct, zeroed, xfree'd by opt_fini */
	struct common common;
	int n_arg;
	char **arg; /* positional, in argv */
	const struct command *command;
};

/* argv[0] is the command's name. False with a sentence on a wrong command line. */
bool opt_parse(struct parsed *p, const struct command *cmd, const struct cli *c, int argc,
	       char **argv, struct err *e);
void opt_fini(struct parsed *p);

/* i-th option of a command, common ones last; NULL past the end. */
const struct opt *opt_at(const struct command *cmd, unsigned i);

/* Whether `word` is one of "a|b|c". */
bool opt_is_choice(const char *choices, const char *word);
