/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coverage.h - `fundwatch test --coverage`: conditions no example decides each way. */
#pragma once

#include "daemon/cli/ruleload.h"

/* Judges the rules (all, or those in `only`) and tells: a table, or JSON with --json. */
enum cli_exit coverage_tell(const struct cli *c, const struct loaded *l,
			    const struct text_list *only);
