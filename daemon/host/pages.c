/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pages.c - what lib/base/mem.h tells of large memory goes on to the system.
 */
#include "daemon/host/pages.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/mem.h"

enum { PAGE = 4096, APART = MEM_APART, AHEAD = 256 << 20 };

/* Advice only: where it is refused everything goes on with small pages. The first page and the last
 * too, though others may have a part of them: pages of two kinds cannot be moved together, and what
 * grows would be copied instead. */
static void ask(void *p, size_t size)
{
	uintptr_t begin = (uintptr_t)p & ~(uintptr_t)(PAGE - 1);
	uintptr_t end = ((uintptr_t)p + size + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
	(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

void pages_large(void)
{
	mem_on_large(ask);
}

/* With a heap a thread what one has freed the others cannot have, and their heaps grow by small
 * steps, in small pages. */
void pages_one_heap(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, APART);
	mallopt(M_TRIM_THRESHOLD, 4 * AHEAD - 1);
	mallopt(M_TOP_PAD, AHEAD);
	char *last = malloc(APART - PAGE); /* has the heap grow; nothing of it is touched */
	char *end = sbrk(0);
	if (last && last < end)
		ask(last, (size_t)(end - last));
	free(last);
}
