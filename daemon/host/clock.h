/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - the wall clock, in one place, so that a test may let it step.
 *
 * What it says goes into logs, reports and `at` columns; how long something took is asked of
 * the monotonic clock, and what records mean is never asked of either. Any thread.
 */
#pragma once

#include <stdint.h>

int64_t clock_wall(void);    /* microseconds UTC now */
int64_t clock_seconds(void); /* seconds UTC now */
int64_t clock_steady(void);  /* microseconds of a clock that only goes forward */
