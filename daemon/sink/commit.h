/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commit.h - one epoch, one transaction: all of it is in the database, or none.
 *
 * An epoch that is already there (the connection broke between the server's commit and its
 * answer) is recognised by its number and counts as written.
 */
#pragma once

#include "daemon/sink/rows.h"

/* What a connection remembers between commits. All zero for a new one. */
struct commit_state {
	struct months months;
	bool staged;           /* the temporary tables are there */
};

/* False: nothing of it was written, or (connection lost in COMMIT) perhaps all; try again. */
bool commit_epoch(struct db *db, struct commit_state *cs, const struct epoch *ep,
		  struct err *e) MUST_CHECK;
