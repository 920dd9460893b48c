/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rule_text.h - one rule told to a person, or to a program as JSON. */
#pragma once

#include "daemon/cli/cli.h"
#include "lib/rule/diag.h"
#include "lib/rule/ruleset.h"

void rule_text(const struct cli *c, const struct diag_list *d, const struct ruleset *rs,
	       const struct rule *r, struct buf *b);
void rule_json(const struct diag_list *d, const struct ruleset *rs, const struct rule *r,
	       struct buf *b);

/* `fundwatch rules show`, also behind explain. path and year may be NULL. */
enum cli_exit rule_show(const struct cli *c, const char *path, const char *year, const char *id);

/* How far a rule looks back, and what it makes the timelines keep (lib/rule/horizon.h). */
void horizon_text(const struct cli *c, const struct rule *r, struct buf *b);
void memory_text(const struct cli *c, const struct rule *r, struct buf *b);
