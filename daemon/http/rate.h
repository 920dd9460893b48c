/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rate.h - how often each caller may come: so many a minute, a tenth of them at once.
 *
 * One number per caller, the time at which it has made up for what it did (GCRA). Memory is
 * bounded: past 65,536 callers those that have made up are forgotten.
 */
#pragma once

#include "lib/base/map.h"
#include "lib/base/str.h"

struct rate {
	struct map64 due;       /* hash of the caller -> microseconds */
	int64_t step, slack;    /* microseconds a request costs, and how many may be owed */
};

void rate_init(struct rate *r, int64_t per_minute);
void rate_fini(struct rate *r);

/* 0 when the caller may, else after how many seconds again. `now` in microseconds, monotonic. */
unsigned rate_ask(struct rate *r, struct str caller, int64_t now);
