/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h - every number of the process in Prometheus' text format.
 *
 * stats.def and gauges.def are the master lists; what they name is also in the log and in
 * `fundwatch top`. Pure: numbers in, text out.
 */
#pragma once

#include "daemon/http/route.h"
#include "daemon/work/mail.h"
#include "daemon/engine/numbers.h"

struct gauges {
#define GAUGE(name, what) int64_t name;
#include "daemon/http/gauges.def"
#undef GAUGE
};

#define TIMING_BOUNDS 8
#define STATUSES 24 /* distinct statuses that are counted */

/* What HTTP counts of itself. */
struct http_counts {
	uint64_t answered[ROUTE_COUNT + 1][STATUSES]; /* the last row: no route was found */
	unsigned status[STATUSES];                    /* of each column, 0: free */
	uint64_t within[TIMING_BOUNDS + 1];           /* requests answered within each bound */
	uint64_t micros, requests;                    /* of all of them */
	uint64_t bytes;                               /* of bodies taken */
	uint64_t turned_away;                         /* connections, for being too many */
};

void http_count(struct http_counts *c, unsigned route, unsigned status, int64_t micros);

struct metrics_in {
	const char *live;
	const struct stats *stats;
	const struct gauges *gauges;
	const struct numbers *numbers;   /* or NULL */
	const struct http_counts *http;  /* or NULL */
};
void metrics_write(const struct metrics_in *in, struct buf *out);
