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

#define BACK -1
#define FORTH -2

static const struct {
	const char *name;
	int code;
} errors[] = {
	{ "BACK", BACK },
	{ "FORTH", FORTH },
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

static bool find_error(const char *name, int *code)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name) == 0) {
			*code = errors[i].code;
			return true;
		}
	}
	return false;
}

static const char *error_text(int code)
{
	return code == BACK ? "the clock goes back" : code == FORTH ? "the clock leaps forward"
	       : strerror(code);
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
	int code = 0;
	if (point < 0 || n <= 0 || (error && !find_error(error, &code)) ||
	    (code < 0) != (error && point == FAULT_clock_step))
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
	(void)fprintf(stderr, "fault: %s fails: %s\n", names[point], error_text(code_of[point]));
	errno = code_of[point] > 0 ? code_of[point] : errno;
	return true;
}

bool fault_strike(enum fault point)
{
	bool named = strikes((int)point);
	return strikes(FAULT_COUNT) || named;
}

int fault_turn(enum fault point)
{
	if (!fault_strike(point) || code_of[point] >= 0)
		return 0;
	return code_of[point] == BACK ? -1 : 1;
}

void fault_reach(enum fault point)
{
	(void)fault_strike(point);
}
#endif
