/* SPDX-License-Identifier: GPL-3.0-or-later */
/* except_used.h - exceptions that never held anything back, by the database's ledger. */
#pragma once

#include "daemon/cli/db.h"
#include "daemon/cli/ruleload.h"

/* A warning (exception-unused) for each row of the set's exceptions that the ledger has not. */
enum cli_exit exceptions_tell_unused(const struct cli *c, const struct db_opts *o,
				     struct loaded *l);
