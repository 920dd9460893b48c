/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * map.c - linear probing at most three quarters full; deletion closes the gap by
 * moving later entries of the same run back, so there are no tombstones.
 */
#include "lib/base/map.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"

enum { FIRST_CAP = 4 }; /* there are maps by the million that hold one or two */

void map64_init(struct map64 *m)
{
	*m = (struct map64){ 0 };
}

void map64_fini(struct map64 *m)
{
	xfree(m->slot);
	map64_init(m);
}

void map64_clear(struct map64 *m)
{
	if (m->slot)
		memset(m->slot, 0, m->cap * sizeof *m->slot);
	m->count = 0;
	m->zero = 0;
	m->has_zero = false;
}

static size_t home(const struct map64 *m, uint64_t key)
{
	return hash_u64(key) & (m->cap - 1);
}

/* The slot of a key that is not 0, or the free one where it belongs; cap > 0. */
static size_t find_slot(const struct map64 *m, uint64_t key)
{
	size_t at = home(m, key);

	while (m->slot[at].key && m->slot[at].key != key)
		at = (at + 1) & (m->cap - 1);
	return at;
}

static void resize(struct map64 *m, size_t cap)
{
	struct map64_slot *old = m->slot;
	size_t old_cap = m->cap;

	m->slot = xcalloc(cap, sizeof *m->slot);
	m->cap = cap;
	for (size_t i = 0; i < old_cap; i++)
		if (old[i].key)
			m->slot[find_slot(m, old[i].key)] = old[i];
	xfree(old);
}

void map64_reserve(struct map64 *m, size_t n)
{
	size_t cap = m->cap ? m->cap : FIRST_CAP;

	while (cap / 4 * 3 < n)
		cap *= 2;
	if (cap > m->cap)
		resize(m, cap);
}

static uint64_t *zero_at(struct map64 *m, bool *fresh)
{
	*fresh = !m->has_zero;
	m->count += !m->has_zero;
	m->has_zero = true;
	return &m->zero;
}

uint64_t *map64_at(struct map64 *m, uint64_t key, bool *fresh)
{
	bool ignored;

	if (!fresh)
		fresh = &ignored;
	if (key == 0)
		return zero_at(m, fresh);
	map64_reserve(m, m->count + 1);

	struct map64_slot *slot = &m->slot[find_slot(m, key)];

	*fresh = slot->key == 0;
	m->count += *fresh;
	slot->key = key;
	return &slot->value;
}

bool map64_put(struct map64 *m, uint64_t key, uint64_t value)
{
	bool fresh;

	*map64_at(m, key, &fresh) = value;
	return fresh;
}

bool map64_get(const struct map64 *m, uint64_t key, uint64_t *value)
{
	bool found = key == 0 && m->has_zero;
	uint64_t v = m->zero;

	if (key && m->cap) {
		const struct map64_slot *slot = &m->slot[find_slot(m, key)];

		found = slot->key != 0;
		v = slot->value;
	}
	if (found && value)
		*value = v;
	return found;
}

/* Moves entries of the run behind a gap forward into it, each no further than its home. */
static void close_gap(struct map64 *m, size_t gap)
{
	size_t mask = m->cap - 1;

	for (size_t at = (gap + 1) & mask; m->slot[at].key; at = (at + 1) & mask) {
		size_t travelled = (at - home(m, m->slot[at].key)) & mask;

		if (travelled < ((at - gap) & mask))
			continue;
		m->slot[gap] = m->slot[at];
		gap = at;
	}
	m->slot[gap] = (struct map64_slot){ 0 };
}

static bool del_zero(struct map64 *m)
{
	bool had = m->has_zero;

	m->count -= had;
	m->has_zero = false;
	m->zero = 0;
	return had;
}

bool map64_del(struct map64 *m, uint64_t key)
{
	if (key == 0)
		return del_zero(m);
	if (!m->cap)
		return false;

	size_t at = find_slot(m, key);

	if (!m->slot[at].key)
		return false;
	close_gap(m, at);
	m->count--;
	return true;
}

bool map64_next(const struct map64 *m, size_t *at, uint64_t *key, uint64_t *value)
{
	while (*at < m->cap) {
		const struct map64_slot *slot = &m->slot[(*at)++];

		if (!slot->key)
			continue;
		*key = slot->key;
		*value = slot->value;
		return true;
	}
	if (*at > m->cap || !m->has_zero)
		return false;
	(*at)++;
	*key = 0;
	*value = m->zero;
	return true;
}

size_t map64_count(const struct map64 *m)
{
	return m->count;
}

size_t map64_bytes(const struct map64 *m)
{
	return m->cap * sizeof *m->slot;
}
