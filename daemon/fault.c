/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/fault.h"

#ifndef NDEBUG
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define FAULT(name, what) #name,
#include "daemon/fault.def"
#undef FAULT
};

static _Atomic int left[FAULT_COUNT]; /* passes until the end; 0 = never */

bool fault_init(struct err *e)
{
	const char *wish = getenv("FUNDWATCH_FAULT");
	const char *colon = wish ? strchr(wish, ':') : NULL;
	if (!wish || !*wish)
		return true;
	size_t n = colon ? (size_t)(colon - wish) : strlen(wish);
	int passes = colon ? atoi(colon + 1) : 1;
	for (int i = 0; i < FAULT_COUNT; i++) {
		if (strlen(names[i]) == n && memcmp(names[i], wish, n) == 0 && passes > 0) {
			left[i] = passes;
			return true;
		}
	}
	return err_set(e, ERR_CONF, "FUNDWATCH_FAULT=%s: write point:passes, see fault.def", wish);
}

void fault_reach(enum fault point)
{
	if (left[point] > 0 && atomic_fetch_sub(&left[point], 1) == 1)
		(void)raise(SIGKILL);
}
#endif
