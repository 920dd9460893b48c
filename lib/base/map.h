/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * map.h - a table from 64-bit keys to 64-bit values, for ids and hashes.
 *
 * Open addressing with linear probing and no tombstones. Every key is allowed,
 * 0 included. The order of a walk depends on history: sort before showing it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map64_slot {
	uint64_t key; /* 0 = free; key 0 itself lives beside the table */
	uint64_t value;
};

struct map64 {
	struct map64_slot *slot;
	size_t cap;   /* power of two or 0 */
	size_t count; /* entries, key 0 included */
	uint64_t zero;
	bool has_zero;
};

void map64_init(struct map64 *m); /* allocates nothing */
void map64_fini(struct map64 *m);
void map64_clear(struct map64 *m);                /* empty; memory is kept */
void map64_reserve(struct map64 *m, size_t n);    /* room for n entries in all */

/* Where the value of key is, made with value 0 when absent (*fresh says so; may be NULL).
 * The pointer dies at the next put or delete. */
uint64_t *map64_at(struct map64 *m, uint64_t key, bool *fresh);

bool map64_put(struct map64 *m, uint64_t key, uint64_t value); /* true when the key is new */
bool map64_get(const struct map64 *m, uint64_t key, uint64_t *value); /* value may be NULL */
bool map64_del(struct map64 *m, uint64_t key);                 /* true when it was there */

/* Walk: size_t at = 0; while (map64_next(&m, &at, &key, &value)) ... No changes meanwhile. */
bool map64_next(const struct map64 *m, size_t *at, uint64_t *key, uint64_t *value);

size_t map64_count(const struct map64 *m);
size_t map64_bytes(const struct map64 *m);
