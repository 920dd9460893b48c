/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rulefiles.h - rule files one by one, for commands that rewrite them. */
#pragma once

#include "daemon/cli/cli.h"
#include "daemon/work/files.h"

/* Calls `one` with each rule file of the paths ("rules" when n is 0) until it returns false.
 * Anything that keeps a file from being read is told. */
enum cli_exit rulefiles_each(const struct cli *c, int n, char *const *path,
			     bool (*one)(void *ctx, const char *path, struct str text), void *ctx);

/* Lines that differ, as `diff -u` shows them, without context. */
void rulefile_diff(struct buf *out, const char *path, struct str before, struct str after);
