/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli.h - what a command of `fundwatch` is, and what all of them share.
 *
 * A command is one file with one `const struct command`: name, arguments, help in both
 * languages, options, exec. The table of commands gives usage, help, the man page and
 * completion, so none of them can go stale. Standard output carries the result (text, or
 * JSON with --json), standard error what is said about it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/str.h"

/* Exit codes, the same for every command. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* what was checked is not right: rules, examples, sums */
	CLI_USAGE = 2,  /* the command line is wrong */
	CLI_WORLD = 3,  /* files, database or data could not be had */
};

struct cli {
	bool english; /* --lang en, or LC_ALL / LC_MESSAGES / LANG begins with "en" */
	bool json;    /* --json */
	bool out_tty, err_tty;
};

enum opt_kind {
	OPT_FLAG,   /* bool */
	OPT_TEXT,   /* const char * */
	OPT_LIST,   /* struct text_list, may be given several times */
	OPT_NUMBER, /* struct number, 0 or more */
};

struct text_list {
	const char **v;
	unsigned n;
};

struct number {
	bool given;
	long long v;
};

/* One option; the list of a command ends with name == NULL. */
struct opt {
	const char *name;
	char letter; /* 0 = none */
	enum opt_kind kind;
	size_t offset;   /* of its value in the command's own struct */
	const char *arg; /* "FILE"; "a|b|c" = one of these words; NULL for flags */
	const char *zh, *en;
};

struct command {
	const char *name;              /* "scan", "alerts list" */
	const char *args;              /* "[PATH...]" or "" */
	const char *zh, *en;           /* one line */
	const char *more_zh, *more_en; /* paragraphs for --help and the manual, may be NULL */
	const struct opt *opt;         /* NULL = only the common ones */
	size_t opt_size;               /* of the command's own struct */
	int min_args, max_args;        /* max -1 = any number */
	enum cli_exit (*exec)(struct cli *c, const void *opt, int n, char *const *arg);
};

/* All commands in the order of the manual, ended by NULL. */
extern const struct command *const commands[];

/* Options every command takes. */
extern const struct opt common_opts[];

/* The whole program; returns the exit code. */
int cli_main(int argc, char **argv);

/* The one of two texts in the user's language. */
const char *cli_text(const struct cli *c, const char *zh, const char *en)
	__attribute__((format_arg(2), format_arg(3)));

/* "fundwatch: ..." on standard error, or {"error": {...}} on standard output with --json.
 * Returns `code`, so that commands may `return cli_error(...)`. */
enum cli_exit cli_error(const struct cli *c, enum cli_exit code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The same for a failure the library explained; the exit code follows the kind of error. */
enum cli_exit cli_err(const struct cli *c, const struct err *e);

/* Writes the result to standard output; CLI_WORLD when that fails, else `code`. */
enum cli_exit cli_out(const struct cli *c, const struct buf *b, enum cli_exit code);

/* The same to standard error, for what is said beside the result. */
void cli_note(const struct buf *b);

/* Terminal columns of standard output, 0 when it is none. */
unsigned cli_columns(const struct cli *c);
