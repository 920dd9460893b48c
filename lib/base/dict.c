/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dict.c - open addressing from hash to entry, text in an arena of blocks.
 *
 * A slot is (hash << 32 | entry), so a look-up that misses seldom leaves the
 * slot table, and a hit touches one slot, one entry and the text. Entries start
 * at 1, hence a slot of 0 is free. At most half of the slots are in use. Texts
 * appended have an entry and no slot; their entry's hash is told by no slot.
 */
#include "lib/base/dict.h"

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/base/mem.h"

enum { GROUP = 64 };
enum { FIRST_SLOTS = 64, FIRST_TEXT = 1024, LARGEST_TEXT = 1 << 24 };

struct entry {
	const char *p;
	uint32_t n;
	uint32_t hash; /* 0: appended, not yet hashed */
};

struct text_block {
	struct text_block *prev;
	char data[];
};

/* Inside, entries are numbered from 1; their codes begin behind those of the texts below. */
struct dict {
	uint64_t *slot;
	struct entry *entry; /* entry[0] is the missing text */
	struct lexicon *below;
	uint32_t n_below;
	struct text_block *block;
	size_t block_size;
	size_t block_used;
	size_t text_bytes;   /* of all blocks */
	size_t mask;         /* slots - 1 */
	uint32_t count;
	uint32_t hashed;     /* entries with a slot */
	uint32_t cap;        /* of entry */
};

struct dict *dict_new(void)
{
	struct dict *d = xcalloc(1, sizeof *d);

	d->mask = FIRST_SLOTS - 1;
	d->slot = xcalloc(FIRST_SLOTS, sizeof *d->slot);
	GROW(d->entry, d->cap, 1);
	d->entry[0] = (struct entry){ 0 };
	return d;
}

struct dict *dict_new_over(struct lexicon *below, uint32_t n)
{
	struct dict *d = dict_new();

	assert(n <= below->n);
	d->below = lexicon_get(below);
	d->n_below = n;
	return d;
}

void dict_free(struct dict *d)
{
	if (!d)
		return;
	lexicon_put(d->below);
	while (d->block) {
		struct text_block *prev = d->block->prev;

		xfree(d->block);
		d->block = prev;
	}
	xfree(d->slot);
	xfree(d->entry);
	xfree(d);
}

void dict_clear_over(struct dict *d, struct lexicon *below, uint32_t n)
{
	assert(n <= below->n);
	while (d->block && d->block->prev) { /* the last one is the largest, as a rule */
		struct text_block *prev = d->block->prev;

		d->block->prev = prev->prev;
		xfree(prev);
	}
	d->text_bytes = d->block ? sizeof *d->block + d->block_size : 0;
	d->block_used = 0;
	memset(d->slot, 0, (d->mask + 1) * sizeof *d->slot);
	d->count = d->hashed = 0;
	lexicon_get(below);
	lexicon_put(d->below);
	d->below = below;
	d->n_below = n;
}

static uint32_t hash_text(struct str s)
{
	uint32_t hash = (uint32_t)XXH3_64bits(s.p, s.n);

	return hash ? hash : 1;
}

static inline bool is_text(const struct entry *e, struct str s)
{
	return e->n == s.n && bytes_same(e->p, s.p, s.n);
}

/* The slot of s, or the free slot where it belongs. */
static size_t find_slot(const struct dict *d, struct str s, uint32_t hash)
{
	size_t at = hash & d->mask;

	for (; d->slot[at]; at = (at + 1) & d->mask) {
		if (d->slot[at] >> 32 != hash)
			continue;
		if (is_text(&d->entry[(uint32_t)d->slot[at]], s))
			break;
	}
	return at;
}

static void rehash(struct dict *d)
{
	size_t slots = (d->mask + 1) * 2;

	xfree(d->slot);
	d->slot = xcalloc(slots, sizeof *d->slot);
	d->mask = slots - 1;
	for (uint32_t code = 1; code <= d->count; code++) {
		uint32_t hash = d->entry[code].hash;
		size_t at = hash & d->mask;

		if (!hash)
			continue;
		while (d->slot[at])
			at = (at + 1) & d->mask;
		d->slot[at] = (uint64_t)hash << 32 | code;
	}
}

static void add_block(struct dict *d, size_t need)
{
	size_t size = d->block_size ? d->block_size * 2 : FIRST_TEXT;

	if (size > LARGEST_TEXT)
		size = LARGEST_TEXT;
	if (size < need)
		size = need;

	struct text_block *block = xmalloc(sizeof *block + size);

	block->prev = d->block;
	d->block = block;
	d->block_size = size;
	d->block_used = 0;
	d->text_bytes += sizeof *block + size;
}

static inline const char *keep_text(struct dict *d, struct str s)
{
	size_t need = (size_t)s.n + 1;

	if (d->block_size - d->block_used < need)
		add_block(d, need);

	char *p = d->block->data + d->block_used;

	bytes_copy(p, s.p, s.n);
	p[s.n] = '\0';
	d->block_used += need;
	return p;
}

/* Room for n more. */
static inline void need_entries(struct dict *d, uint32_t n)
{
	if (d->count >= UINT32_MAX - 1 - LEXICON_MOST - n)
		mem_give_up("too many distinct texts in one dictionary");
	GROW(d->entry, d->cap, (size_t)d->count + n + 1);
}

static inline uint32_t add_entry(struct dict *d, struct str s, uint32_t hash)
{
	need_entries(d, 1);

	uint32_t code = ++d->count;

	d->entry[code] = (struct entry){ keep_text(d, s), s.n, hash };
	return code;
}

static uint32_t add_text(struct dict *d, struct str s, uint32_t hash, size_t at)
{
	uint32_t code = add_entry(d, s, hash);

	d->slot[at] = (uint64_t)hash << 32 | code;
	if (++d->hashed > d->mask / 2)
		rehash(d);
	return code;
}

uint32_t dict_append(struct dict *d, struct str s)
{
	if (!s.p)
		s.p = "";
	return d->n_below + add_entry(d, s, 0);
}

void dict_append_many(struct dict *d, const struct str *s, uint32_t n, uint32_t *code)
{
	need_entries(d, n);
	for (uint32_t i = 0; i < n; i++) {
		if (s[i].n == 0)
			continue;
		code[i] = d->n_below + ++d->count;
		d->entry[d->count] = (struct entry){ keep_text(d, s[i]), s[i].n, 0 };
	}
}

static inline __attribute__((always_inline)) void
fetch_slot(const struct dict *d, uint32_t hash)
{
	__builtin_prefetch(&d->slot[hash & d->mask]);
}

/* A group at a time: slots, which are fetched while hashes are made, then the entries that they
 * name, then the texts, then for good. */
static void code_group(struct dict *d, const struct str *s, const uint32_t *hash, uint32_t n,
		       uint32_t *out)
{
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(&d->entry[(uint32_t)d->slot[hash[i] & d->mask]]);
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(d->entry[(uint32_t)d->slot[hash[i] & d->mask]].p);
	for (uint32_t i = 0; i < n; i++) {
		size_t at = find_slot(d, s[i], hash[i]);

		out[i] = d->n_below + (d->slot[at] ? (uint32_t)d->slot[at]
						   : add_text(d, s[i], hash[i], at));
	}
}

void dict_codes(struct dict *d, const struct str *s, uint32_t n, uint32_t *code)
{
	uint32_t hash[GROUP];

	for (uint32_t from = 0; from < n; from += GROUP) {
		uint32_t some = n - from < GROUP ? n - from : GROUP;

		for (uint32_t i = 0; i < some; i++) {
			hash[i] = hash_text(s[from + i]);
			fetch_slot(d, hash[i]);
		}
		code_group(d, s + from, hash, some, code + from);
	}
}

/* The texts of codes and their hashes, of which not all are kept; to be looked for in `to`. */
static void texts_of(const struct dict *d, const uint32_t *code, uint32_t n, const struct dict *to,
		     struct str *s, uint32_t *hash)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t kept = code[i] <= d->n_below ? 0 : d->entry[code[i] - d->n_below].hash;

		s[i] = dict_text(d, code[i]);
		hash[i] = kept || !s[i].p ? kept : hash_text(s[i]);
		fetch_slot(to, hash[i]);
	}
}

void dict_translate(struct dict *to, const struct dict *from, const uint32_t *code, uint32_t n,
		    uint32_t *out)
{
	struct str s[GROUP];
	uint32_t hash[GROUP];

	for (uint32_t first = 0; first < n; first += GROUP) {
		uint32_t some = n - first < GROUP ? n - first : GROUP;

		texts_of(from, code + first, some, to, s, hash);
		code_group(to, s, hash, some, out + first);
	}
}

uint32_t dict_code(struct dict *d, struct str s)
{
	if (!s.p)
		s.p = "";

	uint32_t hash = hash_text(s);
	size_t at = find_slot(d, s, hash);

	return d->n_below + (d->slot[at] ? (uint32_t)d->slot[at] : add_text(d, s, hash, at));
}

uint32_t dict_find(const struct dict *d, struct str s)
{
	uint32_t entry;

	if (!s.p)
		s.p = "";
	entry = (uint32_t)d->slot[find_slot(d, s, hash_text(s))];
	return entry ? d->n_below + entry : 0;
}

void dict_find_many(const struct dict *d, const struct dict *from, const uint32_t *code, uint32_t n,
		    uint32_t *out)
{
	struct str s[GROUP];
	uint32_t hash[GROUP];

	for (uint32_t first = 0; first < n; first += GROUP) {
		uint32_t some = n - first < GROUP ? n - first : GROUP;

		texts_of(from, code + first, some, d, s, hash);
		for (uint32_t i = 0; i < some; i++) {
			uint32_t entry = !s[i].p ? 0 :
					 (uint32_t)d->slot[find_slot(d, s[i], hash[i])];

			out[first + i] = entry ? d->n_below + entry : 0;
		}
	}
}

struct str dict_text(const struct dict *d, uint32_t code)
{
	const struct entry *e = d->entry;

	assert(code <= dict_count(d));
	if (code > d->n_below)
		e += code - d->n_below;
	else if (code)
		return lexicon_at(d->below, code);
	return (struct str){ e->p, e->n };
}

uint32_t dict_count(const struct dict *d)
{
	return d->n_below + d->count;
}

uint32_t dict_below(const struct dict *d)
{
	return d->n_below;
}

size_t dict_bytes(const struct dict *d)
{
	return sizeof *d + (d->mask + 1) * sizeof *d->slot + d->cap * sizeof *d->entry +
	       d->text_bytes;
}
