/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_pages.c - large memory that grows is moved by the system, not copied into fresh pages.
 */
#include "daemon/host/pages.h"

#include <string.h>
#include <sys/resource.h>

#include "lib/base/mem.h"
#include "tests/check.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 1 /* of the sanitizer, which copies */
#else
#define OWN_MALLOC 0
#endif

static long faults(void)
{
	struct rusage use;
	CHECK_INT(getrusage(RUSAGE_SELF, &use), 0);
	return use.ru_minflt;
}

static void growing_is_moving(void **state)
{
	enum { MANY = 16 << 20, FEW_FAULTS = 4 };
	(void)state;
	pages_large();
	char *p = xmalloc(MANY);
	memset(p, 7, MANY);
	long before = faults();
	p = xrealloc(p, (size_t)2 * MANY);
	long made = faults() - before;
	CHECK(OWN_MALLOC || made < FEW_FAULTS);
	for (size_t at = 0; at < MANY; at += 1024)
		CHECK_INT(p[at], 7);
	xfree(p);
	mem_on_large(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_is_moving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
