/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ruleset.h - rule texts in, an immutable set of checked rules out, or every reason why not.
 *
 * Compiling reads rule files (*.rules) and the CSV files they name through the caller's
 * loader. All or nothing: with any error there is no rule set, and the diagnostics tell all
 * errors of all files in one go. The set is immutable and may be shared by threads.
 * Knows the language; no files, no data.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/rule/rule.h"

/* How compiling gets at texts. A path is the folder of the rule file that names it (up to the last
 * slash of its rule_text.name) with the path as written behind; `load` fills `out` or fails with
 * a sentence. */
struct loader {
	bool (*load)(void *ctx, const char *path, struct buf *out, struct err *e);
	void *ctx;
};

/* Settings that take part in the meaning (and in digests). */
struct rule_settings {
	int insurance_year_month, insurance_year_day;  /* start of 医保年度, default 1, 1 */
};

struct ruleset {
	struct arena arena;
	uint32_t n_rule, n_indicator, n_knowledge;
	struct rule *rule;              /* sorted by id */
	struct indicator *indicator;
	struct knowledge **knowledge;
	const struct knowledge *item_map; /* the site's own codes; NULL = none, see item_map.h */
	struct rule_settings settings;
	char digest[33];                /* over all rules' digests, and the set's states */
	uint8_t *wanted;                /* bitmap over enum field: everything any rule reads */
	void **regex;                   /* patterns of expressions, released with the set */
	uint32_t n_regex, cap_regex;
};

struct rule_text {
	const char *name;               /* path as shown and as base for relative paths */
	struct str text;
};

/* NULL when there are errors; diagnostics (errors and warnings) go to `d` either way. */
struct ruleset *ruleset_compile(const struct rule_text *text, uint32_t n,
				const struct loader *loader,
				const struct rule_settings *settings, struct diag_list *d);
void ruleset_free(struct ruleset *rs);

/* Hands a compiled pattern to the set, which releases it. For the checker. */
void ruleset_own_regex(struct ruleset *rs, void *take_regex);

/* Leaves each rule the exceptions its own file declares: its examples are told in that file, and
 * what a site excepts elsewhere must not turn them. Digests stay; plans made before see both. */
void ruleset_keep_own_exceptions(struct ruleset *rs);

/* Rule by id, NULL when there is none. */
const struct rule *ruleset_find(const struct ruleset *rs, struct str id);

/* Whether a rule takes part in judging (试行 and 启用). */
bool rule_active(const struct rule *r);

/* Fields (bitmap over enum field) a rule reads, its keys, examples' needs excluded. */
void rule_fields(const struct rule *r, uint8_t *wanted);
