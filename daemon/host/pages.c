/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pages.c - what lib/base/mem.h tells of large memory goes on to the system.
 */
#include "daemon/host/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#include "lib/base/mem.h"

enum { PAGE = 4096 };

/* Advice only: where it is refused everything goes on with small pages. */
static void ask(void *p, size_t size)
{
	uintptr_t begin = ((uintptr_t)p + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
	uintptr_t end = ((uintptr_t)p + size) & ~(uintptr_t)(PAGE - 1);
	(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

void pages_large(void)
{
	mem_on_large(ask);
}
