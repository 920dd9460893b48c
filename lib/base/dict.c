/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dict.c - slots from hash to entry, text in an arena of blocks.
 *
 * A look-up that misses touches one line of slots (slots.h), a hit an entry and the text as well.
 * Entries start at 1. Texts appended have an entry and no slot.
 */
#include "lib/base/dict.h"

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/base/mem.h"
#include "lib/base/slots.h"

enum { GROUP = 64 };
enum { FIRST_TEXT = 1024, LARGEST_TEXT = 1 << 24 };
enum { FIRST_RUN = 64, LARGEST_RUN = 4096 };

/* Where a text is, and how long; of LONG and more bytes the length stands before them. */
struct entry {
	uint64_t place : 48;
	uint64_t n : 16;
};
#define LONG 0xffffu
#define PLACES ((UINT64_C(1) << 48) - 1)

struct text_block {
	struct text_block *prev;
	char data[];
};

/* Inside, entries are numbered from 1; their codes begin behind those of the texts below. */
struct dict {
	struct slots slots;  /* of texts that are to be found */
	struct entry *entry; /* entry[0] is the missing text */
	struct lexicon *below;
	uint32_t n_below;
	struct text_block *block;
	size_t block_size;
	size_t block_used;
	size_t text_bytes;   /* of all blocks */
	uint32_t count;
	uint32_t common, common_end; /* entries kept for common texts that none has yet */
	uint32_t n_common;   /* kept for them in all */
	uint32_t cap;        /* of entry */
};

struct dict *dict_new(void)
{
	struct dict *d = xcalloc(1, sizeof *d);

	slots_init(&d->slots);
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
	slots_fini(&d->slots);
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
	slots_clear(&d->slots);
	d->count = d->common = d->common_end = d->n_common = 0;
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

static inline const char *entry_place(struct entry e)
{
	return (const char *)(uintptr_t)e.place;
}

static inline struct str entry_text(struct entry e)
{
	struct str s = { entry_place(e), e.n };

	if (__builtin_expect(s.n == LONG, 0))
		memcpy(&s.n, s.p - sizeof s.n, sizeof s.n);
	return s;
}

static inline bool is_text(struct entry e, struct str s)
{
	struct str text = entry_text(e);

	return text.n == s.n && bytes_same(text.p, s.p, s.n);
}

/* The entry of s, or 0; *where: the line it is in, or belongs in. */
static inline uint32_t find_entry(const struct dict *d, struct str s, uint32_t hash,
				  struct slots_line **where)
{
	struct slots_line *l = slots_first(&d->slots, hash);

	do {
		*where = l;
		for (unsigned same = slots_alike(l, hash); same; same &= same - 1) {
			uint32_t entry = l->number[__builtin_ctz(same)];

			if (is_text(d->entry[entry], s))
				return entry;
		}
	} while ((l = slots_next(&d->slots, l)));
	return 0;
}

static void add_block(struct dict *d, size_t need)
{
	size_t size = d->block_size ? d->block_size * 2 : FIRST_TEXT;

	if (size > LARGEST_TEXT)
		size = LARGEST_TEXT;
	if (size < need)
		size = need;

	struct text_block *block = xmalloc(sizeof *block + size);

	if ((uintptr_t)block->data + size > PLACES)
		mem_give_up("memory lies beyond 48 bits");
	block->prev = d->block;
	d->block = block;
	d->block_size = size;
	d->block_used = 0;
	d->text_bytes += sizeof *block + size;
}

static inline struct entry keep_text(struct dict *d, struct str s)
{
	size_t before = s.n < LONG ? 0 : sizeof s.n, need = before + s.n + 1;
	char *p;

	if (d->block_size - d->block_used < need)
		add_block(d, need);
	p = d->block->data + d->block_used;
	memcpy(p, &s.n, before);
	p += before;
	bytes_copy(p, s.p, s.n);
	p[s.n] = '\0';
	d->block_used += need;
	return (struct entry){ (uintptr_t)p & PLACES, s.n < LONG ? s.n & LONG : LONG };
}

/* Room for n more. */
static inline void need_entries(struct dict *d, uint32_t n)
{
	if (d->count >= UINT32_MAX - 1 - LEXICON_MOST - n)
		mem_give_up("too many distinct texts in one dictionary");
	GROW(d->entry, d->cap, (size_t)d->count + n + 1);
}

static inline uint32_t add_entry(struct dict *d, struct str s)
{
	need_entries(d, 1);
	d->entry[++d->count] = keep_text(d, s);
	return d->count;
}

/* One more run of entries for common texts, as many as there were. */
static void keep_run(struct dict *d)
{
	uint32_t n = d->n_common < FIRST_RUN ? FIRST_RUN :
		     d->n_common < LARGEST_RUN ? d->n_common : LARGEST_RUN;

	need_entries(d, n);
	d->common = d->count + 1;
	d->common_end = d->common + n;
	d->count += n;
	d->n_common += n;
	memset(d->entry + d->common, 0, n * sizeof *d->entry);
}

static uint32_t add_common(struct dict *d, struct str s)
{
	if (d->common == d->common_end)
		keep_run(d);
	d->entry[d->common] = keep_text(d, s);
	return d->common++;
}

/* The entry of s, added when new; there is room in the slots. */
static inline uint32_t entry_of(struct dict *d, struct str s, uint32_t hash, bool common)
{
	struct slots_line *where;
	uint32_t entry = find_entry(d, s, hash, &where);

	if (entry)
		return entry;
	entry = common ? add_common(d, s) : add_entry(d, s);
	slots_put(&d->slots, where, hash, entry);
	return entry;
}

uint32_t dict_append(struct dict *d, struct str s)
{
	if (!s.p)
		s.p = "";
	return d->n_below + add_entry(d, s);
}

void dict_append_many(struct dict *d, const struct str *s, uint32_t n, uint32_t *code)
{
	need_entries(d, n);
	for (uint32_t i = 0; i < n; i++) {
		if (s[i].n == 0)
			continue;
		code[i] = d->n_below + ++d->count;
		d->entry[d->count] = keep_text(d, s[i]);
	}
}

/* A group at a time: slots, which are fetched while hashes are made, then the entries that they
 * name, then the texts, then for good. */
static void code_group(struct dict *d, const struct str *s, const uint32_t *hash, uint32_t n,
		       uint32_t *out)
{
	const struct entry *probably[GROUP];

	slots_reserve(&d->slots, n);
	need_entries(d, n);
	for (uint32_t i = 0; i < n; i++) {
		probably[i] = &d->entry[slots_guess(&d->slots, hash[i])];
		__builtin_prefetch(probably[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(entry_place(*probably[i]));
	for (uint32_t i = 0; i < n; i++)
		out[i] = d->n_below + entry_of(d, s[i], hash[i], false);
}

void dict_codes(struct dict *d, const struct str *s, uint32_t n, uint32_t *code)
{
	uint32_t hash[GROUP];

	for (uint32_t from = 0; from < n; from += GROUP) {
		uint32_t some = n - from < GROUP ? n - from : GROUP;

		for (uint32_t i = 0; i < some; i++) {
			hash[i] = hash_text(s[from + i]);
			slots_fetch(&d->slots, hash[i]);
		}
		code_group(d, s + from, hash, some, code + from);
	}
}

/* The texts of codes and their hashes, to be looked for in `to`. */
static void texts_of(const struct dict *d, const uint32_t *code, uint32_t n, const struct dict *to,
		     struct str *s, uint32_t *hash)
{
	for (uint32_t i = 0; i < n; i++) {
		s[i] = dict_text(d, code[i]);
		hash[i] = s[i].p ? hash_text(s[i]) : 0;
		slots_fetch(&to->slots, hash[i]);
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
		for (uint32_t i = 0; i < some; i++)
			assert(s[i].p); /* a code without text has none in `to` either */
		code_group(to, s, hash, some, out + first);
	}
}

static uint32_t code_of(struct dict *d, struct str s, bool common)
{
	if (!s.p)
		s.p = "";
	slots_reserve(&d->slots, 1);
	return d->n_below + entry_of(d, s, hash_text(s), common);
}

uint32_t dict_code(struct dict *d, struct str s)
{
	return code_of(d, s, false);
}

uint32_t dict_code_common(struct dict *d, struct str s)
{
	return code_of(d, s, true);
}

static uint32_t find_code(const struct dict *d, struct str s, uint32_t hash)
{
	struct slots_line *ignored;
	uint32_t entry = find_entry(d, s, hash, &ignored);

	return entry ? d->n_below + entry : 0;
}

uint32_t dict_find(const struct dict *d, struct str s)
{
	if (!s.p)
		s.p = "";
	return find_code(d, s, hash_text(s));
}

void dict_find_many(const struct dict *d, const struct dict *from, const uint32_t *code, uint32_t n,
		    uint32_t *out)
{
	struct str s[GROUP];
	uint32_t hash[GROUP];

	for (uint32_t first = 0; first < n; first += GROUP) {
		uint32_t some = n - first < GROUP ? n - first : GROUP;

		texts_of(from, code + first, some, d, s, hash);
		for (uint32_t i = 0; i < some; i++)
			out[first + i] = s[i].p ? find_code(d, s[i], hash[i]) : 0;
	}
}

struct str dict_text(const struct dict *d, uint32_t code)
{
	assert(code <= dict_count(d));
	if (code > d->n_below)
		return entry_text(d->entry[code - d->n_below]);
	return code ? lexicon_at(d->below, code) : (struct str){ NULL, 0 };
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
	return sizeof *d + slots_bytes(&d->slots) + d->cap * sizeof *d->entry +
	       d->text_bytes;
}
