/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ruletext.h - rule texts compiled in a test, with CSV files that lie in memory.
 */
#pragma once

#include "lib/rule/ruleset.h"

struct memory_file {
	const char *path, *text;
};

struct compiled {
	struct diag_list d;
	struct ruleset *rs;      /* NULL when there were errors */
	struct buf words, shown; /* of the diagnostics */
};

/* A set of one file "t.rules"; `file` ends with a NULL path and may be NULL. */
void compiled_open(struct compiled *c, const char *text, const struct memory_file *file);
void compiled_open_all(struct compiled *c, const struct rule_text *text, uint32_t n,
		       const struct memory_file *file, const struct rule_settings *settings);
void compiled_close(struct compiled *c);

/* Words of all diagnostics in order, joined by blanks; warnings only when asked. */
const char *compiled_words(struct compiled *c, bool warnings);

/* Everything as printed; for the message of a failed assertion. */
const char *compiled_shown(struct compiled *c);

/* A whole rule around a few clauses: header, then the lines given, each indented by two. */
char *ruletext_rule(const char *id, const char *clauses); /* xfree */
