/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help.h - usage, help, version, manual page and completion words from the command table. */
#pragma once

#include <stdio.h>

#include "daemon/cli/cli.h"

/* The usage line of one command, to standard error. */
void help_usage(const struct cli *c, const struct command *cmd);

enum cli_exit help_command(const struct cli *c, const struct command *cmd);
enum cli_exit help_overview(const struct cli *c, FILE *to);
enum cli_exit help_version(const struct cli *c);

/* The manual page (roff) of the whole set. */
void help_man(struct buf *out);
