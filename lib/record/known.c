/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * known.c - open addressing from a few bits of a hash to a record with the text in it.
 *
 * Records lie in the order in which texts came first, so what is frequent lies together: the
 * whole of a year's catalogue is a few hundred KiB. A slot is (high bits of the hash << 16 |
 * number). Codes are kept as base + code, and the base moves past all codes of a chunk when the
 * next begins, so nothing has to be cleared. Who sends texts of one hash finds them not kept.
 */
#include "lib/record/known.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/record/column.h"

#define GROUP 64u
#define TEXT_LEAST 4u /* what is shorter may be a flag, and those have one code each */
#define TEXT_MOST 27u
#define FIRST_SLOTS 1024u
#define PROBES 64u
#define BASE_MOST (UINT32_MAX / 2)

struct record {
	uint32_t mark; /* base + code; not above base: not in this chunk */
	uint8_t n;
	char text[TEXT_MOST];
};

struct known {
	struct chunk *chunk;
	uint64_t family;
	uint32_t *slot;
	uint32_t mask;
	uint32_t base, top; /* top: the greatest mark given */
	void *memory;          /* of the records */
	struct record *record; /* by number; [0] is not used */
	uint32_t n, cap;
};

static void forget(struct known *k)
{
	xfree(k->slot);
	k->mask = FIRST_SLOTS - 1;
	k->slot = xcalloc(FIRST_SLOTS, sizeof(*k->slot));
	k->n = 0;
	k->base = k->top = 0;
	k->family = chunk_name();
}

struct known *known_new(void)
{
	struct known *k = xcalloc(1, sizeof(*k));
	forget(k);
	return k;
}

void known_free(struct known *k)
{
	if (!k)
		return;
	xfree(k->slot);
	xfree(k->memory);
	xfree(k);
}

/* All marks given are those of chunks before. */
static void move_base(struct known *k)
{
	k->base = k->top;
	if (k->base < BASE_MOST)
		return;
	k->base = k->top = 0;
	for (uint32_t i = 1; i <= k->n; i++)
		k->record[i].mark = 0;
}

void known_begin(struct known *k, struct chunk *c)
{
	if (k->n == KNOWN_MOST)
		forget(k);
	else
		move_base(k);
	k->chunk = c;
	c->family = k->family;
}

static inline uint64_t load(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof(word));
	return word;
}

/* Eight bytes at a time; of the longest a few in the middle do not count. */
static inline uint32_t hash_text(struct str s)
{
	uint64_t h = s.n;
	if (s.n < 8)
		return (uint32_t)(hash_join(h, bytes_load(s.p, s.n)) >> 32);
	h = (h << 56 ^ load(s.p)) * UINT64_C(0x9e3779b97f4a7c15) ^ load(s.p + s.n - 8);
	if (s.n > 16)
		h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93) ^ load(s.p + 8);
	return (uint32_t)(hash_u64(h) >> 32);
}

static inline bool is_kind(struct str s)
{
	return s.n >= TEXT_LEAST && s.n <= TEXT_MOST;
}

static inline bool is_record(const struct record *r, struct str s)
{
	return r->n == s.n && bytes_same(r->text, s.p, s.n);
}

/* The number of a text, 0 when it is not kept; *at is the free slot where it belongs, or UINT32_MAX
 * when too many are in the way. */
static inline uint32_t find(const struct known *k, struct str s, uint32_t hash, uint32_t *at)
{
	for (uint32_t i = 0; i < PROBES; i++) {
		uint32_t here = (hash + i) & k->mask, slot = k->slot[here];
		*at = here;
		if (!slot)
			return 0;
		if ((slot ^ hash) >> 16 == 0 && is_record(&k->record[slot & 0xffff], s))
			return slot & 0xffff;
	}
	*at = UINT32_MAX;
	return 0;
}

static void place(struct known *k, uint32_t hash, uint32_t number)
{
	uint32_t at = hash & k->mask;
	while (k->slot[at])
		at = (at + 1) & k->mask;
	k->slot[at] = (hash & 0xffff0000u) | number;
}

static struct str record_text(const struct record *r)
{
	return (struct str){ r->text, r->n };
}

/* No record lies across two lines of the cache. */
static void more_records(struct known *k, uint32_t cap)
{
	size_t size = sizeof(*k->record);
	void *memory = xmalloc((cap + 1) * size);
	struct record *record = (void *)(((uintptr_t)memory + size - 1) / size * size);
	if (k->n)
		memcpy(record + 1, k->record + 1, k->n * size);
	xfree(k->memory);
	k->memory = memory;
	k->record = record;
	k->cap = cap;
}

static void more_slots(struct known *k)
{
	k->mask = k->mask * 2 + 1;
	xfree(k->slot);
	k->slot = xcalloc((size_t)k->mask + 1, sizeof(*k->slot));
	for (uint32_t i = 1; i <= k->n; i++)
		place(k, hash_text(record_text(&k->record[i])), i);
}

/* Room for n more, at most five slots of eight in use, so that what is fetched ahead stays. */
static void make_room(struct known *k, uint32_t n)
{
	if (k->n + n >= k->cap)
		more_records(k, k->cap ? k->cap * 2 : FIRST_SLOTS);
	if (k->n + n > k->mask / 8 * 5)
		more_slots(k);
}

/* The chunk has no code of this text yet. */
static uint32_t new_code(struct known *k, uint32_t number)
{
	struct chunk *c = k->chunk;
	struct record *r = &k->record[number];
	uint32_t code = dict_append(c->dict, record_text(r));
	GROW(c->known, c->cap_known, c->n_known + 1u);
	c->known[c->n_known++] = (struct known_code){ code, number };
	r->mark = k->top = k->base + code;
	return code;
}

static uint32_t add(struct known *k, struct str s, uint32_t hash, uint32_t at)
{
	uint32_t number = ++k->n;
	struct record *r = &k->record[number];
	r->n = (uint8_t)s.n;
	bytes_copy(r->text, s.p, s.n);
	k->slot[at] = (hash & 0xffff0000u) | number;
	return new_code(k, number);
}

/* A group at a time: slots, then the records that they name, then for good. */
static uint32_t code_group(struct known *k, const struct str *s, uint32_t n, uint32_t *code)
{
	uint32_t hash[GROUP], before = k->n, other = 0;
	make_room(k, n);
	for (uint32_t i = 0; i < n; i++) {
		hash[i] = is_kind(s[i]) ? hash_text(s[i]) : 0;
		__builtin_prefetch(&k->slot[hash[i] & k->mask]);
	}
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(&k->record[k->slot[hash[i] & k->mask] & 0xffff]);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = UINT32_MAX;
		uint32_t number = is_kind(s[i]) ? find(k, s[i], hash[i], &at) : 0;
		if (number && k->record[number].mark > k->base)
			code[i] = k->record[number].mark - k->base;
		else if (number)
			code[i] = new_code(k, number);
		else if (at != UINT32_MAX && k->n < KNOWN_MOST)
			code[i] = add(k, s[i], hash[i], at);
		else if (++other)
			code[i] = dict_code(k->chunk->dict, s[i]);
	}
	return k->n - before + other;
}

uint32_t known_codes(struct known *k, const struct str *s, uint32_t n, uint32_t *code)
{
	uint32_t fresh = 0;
	for (uint32_t from = 0; from < n; from += GROUP)
		fresh += code_group(k, s + from, n - from < GROUP ? n - from : GROUP, code + from);
	return fresh;
}
