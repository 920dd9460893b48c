/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - named points where a test may end the process as if the power went, or make the
 * call that follows fail.
 *
 * FUNDWATCH_FAULT=sink_commit:3 kills the process (SIGKILL) when it reaches that point for
 * the third time, any:40 when it reaches any point for the fortieth time, and
 * archive_sync:1:EIO makes that call fail once with that error; clock_step takes BACK or FORTH
 * instead. Several are separated by commas. Points stand in fault.def; an unknown one is an
 * error at start. Compiled out of release builds.
 */
#pragma once

#include "lib/base/err.h"

enum fault {
#define FAULT(name, what) FAULT_##name,
#include "daemon/host/fault.def"
#undef FAULT
	FAULT_COUNT
};

#ifdef NDEBUG
#define FAULTS 0
#define fault_init(e) (true)
#define fault(point) ((void)0)
#define fault_fails(point) (false)
#define fault_way(point) (0)
#else
#define FAULTS 1
/* Reads the environment; false when it names no point. Call before threads start. */
bool fault_init(struct err *e) MUST_CHECK;
void fault_reach(enum fault point);
/* Like fault_reach(); true, with errno set, when the call that follows is to fail. */
bool fault_strike(enum fault point);
/* For a clock: -1 when it has jumped back, 1 when forth. */
int fault_turn(enum fault point);
#define fault_way(point) fault_turn(FAULT_##point)
#define fault(point) fault_reach(FAULT_##point)
#define fault_fails(point) fault_strike(FAULT_##point)
#endif
