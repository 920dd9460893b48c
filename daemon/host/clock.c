/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/host/clock.h"

#include <stdatomic.h>
#include <time.h>

#include "daemon/host/fault.h"

#define MICRO 1000000

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * MICRO + ts.tv_nsec / 1000;
}

#if FAULTS
#define STEP (INT64_C(400) * 86400 * MICRO) /* more than a year: no date stays what it was */

/* How far it was put off by steps so far. */
static int64_t stepped(void)
{
	static _Atomic int64_t off;
	int way = fault_way(clock_step);
	if (way)
		off += way * STEP;
	return off;
}
#else
static int64_t stepped(void)
{
	return 0;
}
#endif

int64_t clock_wall(void)
{
	return read_clock(CLOCK_REALTIME) + stepped();
}

int64_t clock_seconds(void)
{
	return clock_wall() / MICRO;
}

int64_t clock_steady(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
