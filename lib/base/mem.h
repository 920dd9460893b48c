/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mem.h - memory that is there or the program is not.
 *
 * Running out of memory ends the process with one line on stderr; nobody above
 * checks for NULL. Memory whose size an input chooses must be bounded by the
 * caller before it asks here.
 */
#pragma once

#include <stddef.h>

#define RETURNS_MEMORY __attribute__((malloc, returns_nonnull, warn_unused_result))

/* None returns NULL, size 0 included; all are released with xfree(). What xcalloc gives is there
 * already: a table that is read before it is written does not get its pages twice. */
void *xmalloc(size_t size) RETURNS_MEMORY;
void *xcalloc(size_t n, size_t size) RETURNS_MEMORY;
void *xrealloc(void *p, size_t size) __attribute__((returns_nonnull, warn_unused_result));
void *xreallocarray(void *p, size_t n, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));
char *xstrdup(const char *s) RETURNS_MEMORY;
void *xmemdup(const void *p, size_t n) RETURNS_MEMORY;
void xfree(void *p);

/* Told of memory of MEM_LARGE bytes and more when it is taken, so that the program can say how it
 * wants it from the system; from any thread, must not allocate. Set it before the first thread
 * starts; NULL, as at the start: nobody is told. */
#define MEM_LARGE ((size_t)1 << 20)
typedef void mem_large_fn(void *p, size_t size);
void mem_on_large(mem_large_fn *fn);

/* From about this size on memory had better lie apart from the heap: then the system moves what
 * grows, and nothing is copied. */
#define MEM_APART ((size_t)2 << 20)

/* Ends the process with one line on stderr: a bound no caller can handle was reached. */
_Noreturn void mem_give_up(const char *why);

/* The next capacity >= need by doubling; max is the greatest the counter's type can hold. */
size_t grow_capacity(size_t cap, size_t need, size_t max);

/* xreallocarray of an array of `had` elements that keeps no other thread waiting meanwhile. */
void *xgrow(void *p, size_t had, size_t n, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));

/*
 * Makes room for `need` elements in the typed array ptr whose capacity is cap
 * (any unsigned type). New elements are not initialised.
 */
#define GROW(ptr, cap, need)                                                       \
	do {                                                                       \
		if ((size_t)(need) > (size_t)(cap)) {                              \
			size_t had_ = (size_t)(cap);                               \
			(cap) = (__typeof__(cap))grow_capacity(had_,               \
				(size_t)(need), (size_t)((__typeof__(cap))-1));    \
			(ptr) = xgrow((ptr), had_, (size_t)(cap), sizeof *(ptr));  \
		}                                                                  \
	} while (0)
