/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arena.h - many small pieces that die together.
 *
 * Pieces are cut from doubling blocks; nothing is freed alone. A reset keeps the
 * largest block, so a worker that resets per batch stops allocating soon.
 * Belongs to one thread.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/str.h"

struct arena_block;

struct arena {
	struct arena_block *head; /* the block being cut */
	size_t used;              /* bytes handed out since the last reset */
	size_t held;              /* bytes taken from the heap */
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
void arena_reset(struct arena *a);

/* Zeroed bytes aligned to 16; valid until reset or fini; never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));

/* As arena_alloc for n elements, with the product checked. */
void *arena_array(struct arena *a, size_t n, size_t size) __attribute__((returns_nonnull));

/* As arena_array, its bytes not set. */
void *arena_room(struct arena *a, size_t n, size_t size) __attribute__((returns_nonnull));

void *arena_dup(struct arena *a, const void *p, size_t n);
char *arena_strdup(struct arena *a, const char *s);

/* A copy with a NUL behind its n bytes. */
struct str arena_str(struct arena *a, struct str s);

char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

size_t arena_used(const struct arena *a);
size_t arena_bytes(const struct arena *a); /* held from the heap, for accounting */

/* arena_new(&a, struct node) - one zeroed object. */
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
