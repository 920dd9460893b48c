/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * known.c - open addressing from a few bits of a hash to the number of a text.
 *
 * Slots are looked at by fours, so that nearly every text is found without a branch that depends
 * on it.
 * Texts lie in the order in which they came first, so what is frequent lies together: the whole
 * of a year's catalogue is a few hundred KiB. A slot is (high bits of the hash << 16 | number).
 * Who sends texts of one hash finds them not kept.
 */
#include "lib/record/known.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "lib/base/mem.h"
#include "lib/record/column.h"

#define GROUP 64u
#define TEXT_LEAST 4u /* what is shorter may be a flag, and those have one code each */
#define FIRST_SLOTS 1024u
#define FOUR 4u
#define STEPS 16u /* of four slots each */

struct known {
	struct lexicon *lexicon;
	uint64_t family;
	struct chunk *chunk;
	uint32_t before;   /* so many were known when the chunk began */
	uint32_t *code;    /* of the others in the chunk, by number - before - 1 */
	uint32_t cap_code;
	uint32_t *slot;
	uint32_t mask;
};

static void forget(struct known *k)
{
	xfree(k->slot);
	lexicon_put(k->lexicon);
	k->mask = FIRST_SLOTS - 1;
	k->slot = xcalloc(FIRST_SLOTS, sizeof(*k->slot));
	k->lexicon = lexicon_new();
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
	lexicon_put(k->lexicon);
	xfree(k->slot);
	xfree(k->code);
	xfree(k);
}

struct chunk *known_begin(struct known *k, struct chunk *take)
{
	if (k->lexicon->n == LEXICON_MOST)
		forget(k);
	k->before = k->lexicon->n;
	k->chunk = take ? chunk_again(take, k->lexicon, k->before)
			: chunk_new_over(k->lexicon, k->before);
	k->chunk->family = k->family;
	return k->chunk;
}

/* ---- slots ---- */

static inline uint64_t load(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t stir(uint64_t v)
{
	return (v ^ v >> 32) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Eight bytes at a time; of the longest a few in the middle do not count. */
static inline uint32_t hash_text(struct str s)
{
	uint64_t h = s.n;
	if (s.n < 8)
		return (uint32_t)(stir(stir(h << 56 ^ bytes_load(s.p, s.n))) >> 32);
	h = stir(h << 56 ^ load(s.p)) ^ load(s.p + s.n - 8);
	h = stir(h) ^ load(s.p + (s.n < 16 ? s.n - 8 : 8));
	return (uint32_t)(stir(h) >> 32);
}

static inline bool is_kind(struct str s)
{
	return s.n >= TEXT_LEAST && s.n <= LEXICON_LENGTH;
}

static inline bool is_text(const struct short_text *r, struct str s)
{
	return r->n == s.n && bytes_same(r->text, s.p, s.n);
}

/* The first of four slots, a number of steps behind those that a hash names. */
static inline uint32_t four_at(const struct known *k, uint32_t hash, uint32_t step)
{
	return (hash + FOUR * step) & k->mask & ~(FOUR - 1);
}

/* Bit per slot of four with these bits of the hash; a free one may be among them, behind others. */
static inline unsigned alike(const uint32_t *slot, uint32_t hash)
{
#if defined(__SSE2__)
	__m128i differ = _mm_xor_si128(_mm_loadu_si128((const void *)slot),
				       _mm_set1_epi32((int)hash));
	__m128i same = _mm_cmpeq_epi32(_mm_srli_epi32(differ, 16), _mm_setzero_si128());
	return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(same));
#else
	unsigned same = 0;
	for (unsigned i = 0; i < FOUR; i++)
		same |= (unsigned)((slot[i] ^ hash) >> 16 == 0) << i;
	return same;
#endif
}

/* The number of what is probably the text, to be fetched ahead. */
static inline uint32_t guess(const struct known *k, uint32_t hash)
{
	for (uint32_t i = 0; i < STEPS; i++) {
		const uint32_t *slot = &k->slot[four_at(k, hash, i)];
		unsigned same = alike(slot, hash);
		if (same)
			return slot[__builtin_ctz(same)] & 0xffff;
		if (!slot[FOUR - 1])
			return 0;
	}
	return 0;
}

/* A free slot where a hash belongs, or UINT32_MAX when too many are in the way. */
static uint32_t free_slot(const struct known *k, uint32_t hash)
{
	for (uint32_t i = 0; i < STEPS; i++)
		for (uint32_t j = 0, at = four_at(k, hash, i); j < FOUR; j++, at++)
			if (!k->slot[at])
				return at;
	return UINT32_MAX;
}

/* The number of a text, 0 when it is not kept. */
static uint32_t find(const struct known *k, struct str s, uint32_t hash)
{
	for (uint32_t i = 0; i < STEPS; i++) {
		const uint32_t *slot = &k->slot[four_at(k, hash, i)];
		for (unsigned same = alike(slot, hash); same; same &= same - 1) {
			uint32_t number = slot[__builtin_ctz(same)] & 0xffff;
			if (number && is_text(lexicon_record(k->lexicon, number), s))
				return number;
		}
		if (!slot[FOUR - 1])
			return 0;
	}
	return 0;
}

/* Room for n more, at most half of the slots in use, so that what is fetched ahead stays. Texts are
 * put in the order in which they came, so none lies farther from its place than before. */
static void make_room(struct known *k, uint32_t n)
{
	if (k->lexicon->n + n <= k->mask / 2)
		return;
	k->mask = k->mask * 2 + 1;
	xfree(k->slot);
	k->slot = xcalloc((size_t)k->mask + 1, sizeof(*k->slot));
	for (uint32_t i = 1; i <= k->lexicon->n; i++) {
		uint32_t hash = hash_text(lexicon_at(k->lexicon, i)), at = free_slot(k, hash);
		if (at != UINT32_MAX)
			k->slot[at] = (hash & 0xffff0000u) | i;
	}
}

/* ---- codes ---- */

static uint32_t add(struct known *k, struct str s, uint32_t hash, uint32_t at)
{
	struct chunk *c = k->chunk;
	uint32_t number = lexicon_add(k->lexicon, s), code = dict_append(c->dict, s);
	k->slot[at] = (hash & 0xffff0000u) | number;
	GROW(k->code, k->cap_code, number - k->before);
	k->code[number - k->before - 1] = code;
	GROW(c->known, c->cap_known, c->n_known + 1u);
	c->known[c->n_known++] = (struct known_code){ code, number };
	return code;
}

static inline uint32_t code_of(const struct known *k, uint32_t number)
{
	return number <= k->before ? number : k->code[number - k->before - 1];
}

/* What was not found at once. */
static uint32_t code_slowly(struct known *k, struct str s, uint32_t hash, uint32_t *fresh)
{
	uint32_t at, number = is_kind(s) ? find(k, s, hash) : 0;
	if (number)
		return code_of(k, number);
	++*fresh;
	at = is_kind(s) && k->lexicon->n < LEXICON_MOST ? free_slot(k, hash) : UINT32_MAX;
	if (at != UINT32_MAX)
		return add(k, s, hash, at);
	return dict_code(k->chunk->dict, s);
}

/* A group at a time: slots, then the texts that they name, then for good. */
static uint32_t code_group(struct known *k, const struct str *s, uint32_t n, uint32_t *code)
{
	uint32_t hash[GROUP], number[GROUP], fresh = 0;
	make_room(k, n);
	for (uint32_t i = 0; i < n; i++) {
		hash[i] = is_kind(s[i]) ? hash_text(s[i]) : 0;
		__builtin_prefetch(&k->slot[four_at(k, hash[i], 0)]);
	}
	for (uint32_t i = 0; i < n; i++) {
		number[i] = guess(k, hash[i]);
		if (number[i])
			__builtin_prefetch(lexicon_record(k->lexicon, number[i]));
	}
	for (uint32_t i = 0; i < n; i++) {
		if (number[i] && is_text(lexicon_record(k->lexicon, number[i]), s[i]))
			code[i] = code_of(k, number[i]);
		else
			code[i] = code_slowly(k, s[i], hash[i], &fresh);
	}
	return fresh;
}

uint32_t known_codes(struct known *k, const struct str *s, uint32_t n, uint32_t *code)
{
	uint32_t fresh = 0;
	for (uint32_t from = 0; from < n; from += GROUP)
		fresh += code_group(k, s + from, n - from < GROUP ? n - from : GROUP, code + from);
	return fresh;
}
