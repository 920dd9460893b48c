/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ruleload.h - rule files for a command: compiled, or their diagnostics told. */
#pragma once

#include "daemon/cli/cli.h"
#include "lib/rule/diag.h"
#include "lib/rule/ruleset.h"

struct loaded {
	struct diag_list diag;
	struct ruleset *set; /* NULL when there are errors */
};

/* Compiles the paths ("rules" when n is 0). CLI_OK also when rules are wrong: then l->set is NULL
 * and l->diag says why; anything else was told already. `year` is "MM-DD" or NULL. loaded_fini
 * releases it in every case. */
enum cli_exit rules_compile(const struct cli *c, struct loaded *l, int n, char *const *path,
			    const char *year);

/* The same for commands that need a set: errors of rules are told on standard error too. */
enum cli_exit rules_need(const struct cli *c, struct loaded *l, int n, char *const *path,
			 const char *year);

/* The same as seen on a day (YYYY-MM-DD; NULL: today), for what has run out. */
enum cli_exit rules_compile_on(const struct cli *c, struct loaded *l, int n, char *const *path,
			       const char *year, const char *today);
enum cli_exit rules_need_on(const struct cli *c, struct loaded *l, int n, char *const *path,
			    const char *year, const char *today);
void loaded_fini(struct loaded *l);

/* The rule of this id, or NULL after telling near names. */
const struct rule *rule_need(const struct cli *c, const struct ruleset *rs, const char *id);

/* Name and line of a place: "rules/dup.rules:12". */
void place_add(const struct diag_list *d, struct span at, struct buf *out);
