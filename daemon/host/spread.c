/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spread.c - to a processor by affinity, which is given back at once. */
#include "daemon/host/spread.h"

#include <sched.h>
#include <string.h>

/* The i-th of the set, which has more. */
static unsigned nth(const cpu_set_t *set, uint32_t i)
{
	unsigned cpu = 0;
	for (; !CPU_ISSET(cpu, set) || i-- > 0; cpu++)
		;
	return cpu;
}

void spread_thread(uint32_t i, uint32_t of)
{
	cpu_set_t all, one;
	if (of < 2 || sched_getaffinity(0, sizeof all, &all) != 0)
		return; /* it fails with more processors than a set holds */
	uint32_t n = (uint32_t)CPU_COUNT(&all);
	if (n < 2 || of < n)
		return;
	unsigned cpu = nth(&all, i % n);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_getcpu() == (int)cpu || sched_setaffinity(0, sizeof one, &one) != 0)
		return;
	if (sched_setaffinity(0, sizeof all, &all) != 0) { /* narrowed from outside meanwhile */
		memset(&all, 0xff, sizeof all);
		(void)sched_setaffinity(0, sizeof all, &all);
	}
}
