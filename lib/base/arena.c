/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arena.c - a chain of doubling blocks; the newest is the largest and is cut from.
 */
#include "lib/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	FIRST_BLOCK = 4096,
	LARGEST_STEP = 1 << 26, /* blocks stop doubling here */
	ALIGN = 16,
};

struct arena_block {
	struct arena_block *prev;
	size_t size; /* of data */
	size_t used;
	_Alignas(ALIGN) char data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

static void free_chain(struct arena *a, struct arena_block *block)
{
	while (block) {
		struct arena_block *prev = block->prev;

		a->held -= sizeof *block + block->size;
		xfree(block);
		block = prev;
	}
}

void arena_fini(struct arena *a)
{
	free_chain(a, a->head);
	arena_init(a);
}

void arena_reset(struct arena *a)
{
	a->used = 0;
	if (!a->head)
		return;
	free_chain(a, a->head->prev);
	a->head->prev = NULL;
	a->head->used = 0;
}

static void add_block(struct arena *a, size_t size)
{
	size_t want = a->head ? a->head->size : FIRST_BLOCK / 2;

	if (want < LARGEST_STEP)
		want *= 2;
	if (want < size)
		want = size;

	struct arena_block *block = xmalloc(sizeof *block + want);

	block->prev = a->head;
	block->size = want;
	block->used = 0;
	a->head = block;
	a->held += sizeof *block + want;
}

static void *cut(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 4)
		mem_give_up("a piece of memory is too large");
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!a->head || a->head->size - a->head->used < size)
		add_block(a, size);

	char *p = a->head->data + a->head->used;

	a->head->used += size;
	a->used += size;
	return p;
}

static size_t product(size_t n, size_t size)
{
	size_t bytes;

	/* too many: cut() refuses */
	return __builtin_mul_overflow(n, size, &bytes) ? SIZE_MAX : bytes;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(cut(a, size), 0, size);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	return arena_alloc(a, product(n, size));
}

void *arena_room(struct arena *a, size_t n, size_t size)
{
	return cut(a, product(n, size));
}

void *arena_dup(struct arena *a, const void *p, size_t n)
{
	void *copy = arena_alloc(a, n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_dup(a, s, strlen(s) + 1);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *copy = arena_alloc(a, (size_t)s.n + 1);

	if (s.n)
		memcpy(copy, s.p, s.n);
	return (struct str){ copy, s.n };
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);

	int n = vsnprintf(NULL, 0, fmt, args);

	if (n < 0)
		mem_give_up("a text cannot be formatted");

	char *text = arena_alloc(a, (size_t)n + 1);

	vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(args);
	return text;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

size_t arena_bytes(const struct arena *a)
{
	return a->held;
}
