/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rows.h - the records and rejects of chunks into their tables, by binary COPY.
 *
 * What PostgreSQL cannot hold is mended, never a reason to lose the epoch. Runs inside the
 * caller's transaction.
 */
#pragma once

#include "daemon/sink/db.h"
#include "daemon/sink/epoch.h"

#define MONTHS_MADE 360 /* 2010-01 .. 2039-12; rows of other months lie in the default partition */

/* Partitions known to be there, per stream. All zero at first. */
struct months {
	bool made[STREAM_STORED][MONTHS_MADE];
};

/* Makes the partitions an epoch's rows need; outside of any transaction. */
bool rows_prepare(struct db *db, struct months *m, const struct epoch *ep,
		  struct err *e) MUST_CHECK;

bool rows_write(struct db *db, const struct epoch *ep, struct err *e) MUST_CHECK;
bool rejects_write(struct db *db, const struct epoch *ep, struct err *e) MUST_CHECK;
