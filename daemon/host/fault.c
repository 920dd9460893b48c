/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/host/fault.h"

#ifndef NDEBUG
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define FAULT(name, what) #name,
#include "daemon/host/fault.def"
#undef FAULT
	"any",
};

static const struct {
	const char *name;
	int code;
} errors[] = {
	{ "EIO", EIO },
	{ "ENOSPC", ENOSPC },
	{ "EMFILE", EMFILE },
	{ "ENOMEM", ENOMEM },
	{ "EACCES", EACCES },
	{ "EINTR", EINTR },
};

static _Atomic int left[FAULT_COUNT + 1]; /* passes until it strikes; 0 = never */
static int code_of[FAULT_COUNT + 1];      /* errno of the failing call; 0 = SIGKILL */

static int find_point(const char *name)
{
	for (int i = 0; i <= FAULT_COUNT; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

static int find_error(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].code;
	}
	return -1;
}

/* One wish, point[:passes[:error]]; its text is cut up. */
static bool arm(char *wish)
{
	char *save = NULL;
	const char *name = strtok_r(wish, ":", &save);
	const char *passes = strtok_r(NULL, ":", &save);
	const char *error = strtok_r(NULL, ":", &save);
	int point = name ? find_point(name) : -1;
	int n = passes ? atoi(passes) : 1;
	int code = error ? find_error(error) : 0;
	if (point < 0 || n <= 0 || code < 0)
		return false;
	left[point] = n;
	code_of[point] = code;
	return true;
}

bool fault_init(struct err *e)
{
	const char *wishes = getenv("FUNDWATCH_FAULT");
	if (!wishes || !*wishes)
		return true;
	char *copy = strdup(wishes), *save = NULL;
	bool ok = copy != NULL;
	for (char *w = copy ? strtok_r(copy, ",", &save) : NULL; w && ok;
	     w = strtok_r(NULL, ",", &save))
		ok = arm(w);
	free(copy);
	return ok || err_set(e, ERR_CONF,
			"FUNDWATCH_FAULT=%s: write point[:passes[:error]], see fault.def", wishes);
}

static bool strikes(int point)
{
	if (left[point] <= 0 || atomic_fetch_sub(&left[point], 1) != 1)
		return false;
	if (code_of[point] == 0)
		(void)raise(SIGKILL);
	(void)fprintf(stderr, "fault: %s fails: %s\n", names[point], strerror(code_of[point]));
	errno = code_of[point];
	return true;
}

bool fault_strike(enum fault point)
{
	bool named = strikes((int)point);
	return strikes(FAULT_COUNT) || named;
}

void fault_reach(enum fault point)
{
	(void)fault_strike(point);
}
#endif
