/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mem.c - allocation that ends the process instead of failing.
 *
 * The one file of the library that writes to stderr, and only on its way out.
 */
#include "lib/base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t n, size_t size)
{
	fprintf(stderr, "fundwatch: out of memory (%zu x %zu bytes)\n", n, size);
	abort();
}

_Noreturn void mem_give_up(const char *why)
{
	fprintf(stderr, "fundwatch: %s\n", why);
	abort();
}

/* Up to SMALL bytes libc gives from what a thread has put by, without the lock that all threads
 * share; but its calloc and realloc take that lock whatever the size. */
enum { PAGE = 4096, SMALL = 1024 };

static mem_large_fn *on_large;

void mem_on_large(mem_large_fn *fn)
{
	on_large = fn;
}

static void *taken(void *p, size_t size)
{
	if (size >= MEM_LARGE && on_large)
		on_large(p, size);
	return p;
}

/* Fresh memory that is read first is the system's one page of zeros; the first write changes the
 * page under the readers, which costs a fault more and an interrupt of every other processor. */
static void touch(void *p, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		((volatile char *)p)[at] = 0;
}

/* malloc(0) may be NULL, which would look like a failure. */
static size_t at_least_one(size_t size)
{
	return size ? size : 1;
}

void *xmalloc(size_t size)
{
	void *p = malloc(at_least_one(size));

	if (!p)
		out_of_memory(1, size);
	return taken(p, size);
}

void *xcalloc(size_t n, size_t size)
{
	size_t bytes;

	if (!__builtin_mul_overflow(n, size, &bytes) && bytes <= SMALL)
		return memset(xmalloc(bytes), 0, at_least_one(bytes));
	void *p = calloc(n, size);
	if (!p)
		out_of_memory(n, size);
	taken(p, n * size);
	touch(p, n * size);
	return p;
}

void *xrealloc(void *p, size_t size)
{
	p = size > PTRDIFF_MAX ? NULL : realloc(p, at_least_one(size));
	if (!p)
		out_of_memory(1, size);
	return taken(p, size);
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory(n, size);
	return xrealloc(p, bytes);
}

/* What libc has got from the system by itself begins two words behind the edge of a page. Anything
 * else seldom does, and if so, only time is lost. */
static bool lies_apart(const void *p)
{
	return ((uintptr_t)p & (PAGE - 1)) == 2 * sizeof(size_t);
}

/* Of what does not lie apart realloc copies with the lock held, others would wait; and into pages
 * that nobody has been told of, small ones. */
void *xgrow(void *p, size_t had, size_t n, size_t size)
{
	size_t bytes;

	if (had == 0 || __builtin_mul_overflow(n, size, &bytes) ||
	    (had > MEM_APART / size && lies_apart(p)))
		return xreallocarray(p, n, size);
	void *to = xmalloc(bytes);
	memcpy(to, p, had * size);
	free(p);
	return to;
}

char *xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

void *xmemdup(const void *p, size_t n)
{
	void *copy = xmalloc(n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

void xfree(void *p)
{
	free(p);
}

size_t grow_capacity(size_t cap, size_t need, size_t max)
{
	if (need > max)
		out_of_memory(need, 1);
	if (cap < 8)
		cap = 8;
	while (cap < need && cap <= max / 2)
		cap *= 2;
	if (cap < need || cap > max)
		cap = max;
	return cap;
}
