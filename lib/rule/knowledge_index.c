/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * knowledge_index.c - hash chains over whole keys and over each key alone.
 */
#include "lib/rule/knowledge_index.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/rule/pattern.h"

/* Chains by a hash: slot holds row + 1 of the first row, next the one behind. */
struct chains {
	uint32_t mask;
	uint32_t *slot, *next;
};

struct key_index {
	struct chains by_cell;
	uint32_t n_length;
	uint32_t *length;      /* lengths that occur, longest first (prefix keys) */
	void **pattern;        /* [n_row] (pattern keys) */
	struct pattern_hint *hint; /* the same */
};

struct knowledge_index {
	struct chains by_key;
	uint64_t *hash;        /* [n_row] of the whole key */
	struct key_index *key;
	bool patterns;
};

static struct str cell_at(const struct knowledge *k, uint32_t row, uint32_t key)
{
	return k->key_cell[(size_t)row * k->n_key + key];
}

static void chains_init(struct chains *c, uint32_t n, struct arena *a)
{
	uint32_t cap = 8;

	while (cap < n * 2 && cap < UINT32_C(1) << 30)
		cap *= 2;
	c->mask = cap - 1;
	c->slot = arena_array(a, cap, sizeof *c->slot);
	c->next = arena_array(a, n + 1, sizeof *c->next);
}

/* Rows are put from the last to the first so that chains run in row order. */
static void chains_put(struct chains *c, uint64_t hash, uint32_t row)
{
	uint32_t *slot = &c->slot[hash & c->mask];

	c->next[row] = *slot;
	*slot = row + 1;
}

static void note_length(struct key_index *x, uint32_t n, struct arena *a)
{
	uint32_t i = 0;

	while (i < x->n_length && x->length[i] > n)
		i++;
	if (i < x->n_length && x->length[i] == n)
		return;
	if ((x->n_length & (x->n_length + 1)) == 0) { /* room for 1, 3, 7, ... lengths */
		uint32_t *more = arena_array(a, 2 * (size_t)x->n_length + 1, sizeof *more);

		if (x->n_length > 0)
			memcpy(more, x->length, x->n_length * sizeof *more);
		x->length = more;
	}
	memmove(x->length + i + 1, x->length + i, (x->n_length - i) * sizeof *x->length);
	x->length[i] = n;
	x->n_length++;
}

static bool index_key(struct knowledge *k, uint32_t key, struct arena *a, uint32_t *row,
		      char why[128])
{
	struct key_index *x = &k->index->key[key];

	chains_init(&x->by_cell, k->n_row, a);
	if (k->key[key].kind == KEY_REGEX) {
		x->pattern = arena_array(a, k->n_row + (size_t)1, sizeof *x->pattern);
		x->hint = arena_array(a, k->n_row + (size_t)1, sizeof *x->hint);
	}
	for (uint32_t r = k->n_row; r-- > 0; ) {
		struct str cell = cell_at(k, r, key);

		chains_put(&x->by_cell, hash_str(cell), r);
		if (k->key[key].kind == KEY_PREFIX)
			note_length(x, cell.n, a);
		if (x->pattern == NULL)
			continue;
		x->pattern[r] = pattern_compile(cell, why);
		if (x->pattern[r] == NULL) {
			*row = r;
			return false;
		}
		x->hint[r] = pattern_hint(x->pattern[r], cell);
	}
	return true;
}

static uint64_t hash_key(const struct str *key, uint32_t n)
{
	uint64_t h = n;

	for (uint32_t i = 0; i < n; i++)
		h = hash_join(h, hash_str(key[i]));
	return h;
}

bool knowledge_index(struct knowledge *k, struct arena *a, uint32_t *row, char why[128])
{
	struct knowledge_index *x = k->index = arena_new(a, struct knowledge_index);

	x->key = arena_array(a, k->n_key, sizeof *x->key);
	x->hash = arena_array(a, k->n_row + (size_t)1, sizeof *x->hash);
	chains_init(&x->by_key, k->n_row, a);
	for (uint32_t r = k->n_row; r-- > 0; ) {
		x->hash[r] = hash_key(&k->key_cell[(size_t)r * k->n_key], k->n_key);
		chains_put(&x->by_key, x->hash[r], r);
	}
	for (uint32_t i = 0; i < k->n_key; i++) {
		x->patterns |= k->key[i].kind == KEY_REGEX;
		if (!index_key(k, i, a, row, why))
			return false;
	}
	return true;
}

void knowledge_index_fini(struct knowledge *k)
{
	struct knowledge_index *x = k->index;

	if (x == NULL)
		return;
	for (uint32_t i = 0; i < k->n_key; i++)
		for (uint32_t r = 0; x->key[i].pattern != NULL && r < k->n_row; r++)
			pattern_free(x->key[i].pattern[r]);
	k->index = NULL;
}

uint64_t knowledge_row_hash(const struct knowledge *k, uint32_t row)
{
	return k->index->hash[row];
}

static bool in_force(const struct knowledge *k, uint32_t r, int32_t day)
{
	if (day == MISSING_I32)
		return true;
	if (k->from != NULL && k->from[r] != MISSING_I32 && day < k->from[r])
		return false;
	return k->until == NULL || k->until[r] == MISSING_I32 || day <= k->until[r];
}

static bool row_fits(const struct key_index *x, uint32_t r, struct str s)
{
	return pattern_fits(x->pattern[r], &x->hint[r], s);
}

static bool key_fits(const struct knowledge *k, uint32_t r, uint32_t key, struct str s)
{
	struct str cell = cell_at(k, r, key);

	switch (k->key[key].kind) {
	case KEY_EXACT:
		return str_eq(cell, s);
	case KEY_PREFIX:
		return str_starts(s, cell);
	case KEY_REGEX:
		return row_fits(&k->index->key[key], r, s);
	}
	return false;
}

static uint32_t find_by_rows(const struct knowledge *k, const struct str *key, int32_t day)
{
	for (uint32_t r = 0; r < k->n_row; r++) {
		uint32_t i = 0;

		while (i < k->n_key && key_fits(k, r, i, key[i]))
			i++;
		if (i == k->n_key && in_force(k, r, day))
			return r;
	}
	return KNOWLEDGE_NONE;
}

static uint32_t find_exact(const struct knowledge *k, const struct str *key, int32_t day)
{
	const struct chains *c = &k->index->by_key;
	uint64_t h = hash_key(key, k->n_key);

	for (uint32_t r = c->slot[h & c->mask]; r != 0; r = c->next[r - 1]) {
		uint32_t i = 0;

		if (k->index->hash[r - 1] != h)
			continue;
		while (i < k->n_key && str_eq(cell_at(k, r - 1, i), key[i]))
			i++;
		if (i == k->n_key && in_force(k, r - 1, day))
			return r - 1;
	}
	return KNOWLEDGE_NONE;
}

/* Cuts key[i..] at every length that occurs, longest first, and looks each up. */
static uint32_t find_cut(const struct knowledge *k, struct str *key, uint32_t i, int32_t day)
{
	const struct key_index *x = &k->index->key[i];
	struct str whole;

	if (i == k->n_key)
		return find_exact(k, key, day);
	if (k->key[i].kind == KEY_EXACT)
		return find_cut(k, key, i + 1, day);
	whole = key[i];
	for (uint32_t j = 0; j < x->n_length; j++) {
		uint32_t r;

		if (x->length[j] > whole.n)
			continue;
		key[i].n = x->length[j];
		r = find_cut(k, key, i + 1, day);
		if (r != KNOWLEDGE_NONE)
			return r;
	}
	key[i] = whole;
	return KNOWLEDGE_NONE;
}

uint32_t knowledge_find(const struct knowledge *k, const struct str *key, int32_t day)
{
	struct str copy[KNOWLEDGE_MAX_KEY];

	if (k->index->patterns)
		return find_by_rows(k, key, day);
	memcpy(copy, key, k->n_key * sizeof *key);
	return find_cut(k, copy, 0, day);
}

/* All rows in force whose key `which` is `cell` to the letter. */
static void each_equal(const struct knowledge *k, uint32_t which, struct str cell, int32_t day,
		       void (*row)(void *ctx, uint32_t r), void *ctx)
{
	const struct chains *c = &k->index->key[which].by_cell;

	for (uint32_t r = c->slot[hash_str(cell) & c->mask]; r != 0; r = c->next[r - 1])
		if (str_eq(cell_at(k, r - 1, which), cell) && in_force(k, r - 1, day))
			row(ctx, r - 1);
}

void knowledge_each(const struct knowledge *k, uint32_t which, struct str cell, int32_t day,
		    void (*row)(void *ctx, uint32_t r), void *ctx)
{
	const struct key_index *x = &k->index->key[which];

	switch (k->key[which].kind) {
	case KEY_EXACT:
		each_equal(k, which, cell, day, row, ctx);
		break;
	case KEY_PREFIX:
		for (uint32_t j = 0; j < x->n_length; j++)
			if (x->length[j] <= cell.n)
				each_equal(k, which, str_sub(cell, 0, x->length[j]), day, row, ctx);
		break;
	case KEY_REGEX:
		for (uint32_t r = 0; r < k->n_row; r++)
			if (in_force(k, r, day) && row_fits(x, r, cell))
				row(ctx, r);
		break;
	}
}
