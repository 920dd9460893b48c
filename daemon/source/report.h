/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - NAME.report.json: what became of one file, for whoever sent it.
 *
 * One JSON object: file, intake, state, reason, rows, records by stream, rejects by reason
 * with their first places, columns no field was found for, sums of money, seconds.
 * No raw lines and no persons in it. Knows tallies, not where the report goes.
 */
#pragma once

#include "daemon/work/tally.h"
#include "lib/base/buf.h"
#include "lib/record/decode.h"

struct report {
	const char *file, *feed;
	int64_t intake;            /* 0: none was made */
	bool good;
	const char *reason;        /* why it failed, or NULL */
	bool already;              /* the same input was taken in before; nothing was read again */
	uint64_t bytes, rows, records, rejects;
	uint64_t resumed_after;    /* rows that had been committed before a restart */
	double seconds;
	const struct decode_stats *stats; /* NULL when it was not read */
	const struct tally *tally;        /* NULL when it was not read */
	const char *(*unknown_column)(const void *ctx, unsigned i);
	const void *unknown_ctx;
};

void report_json(const struct report *r, struct buf *out);
