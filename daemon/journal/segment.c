/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/journal/segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/base/mem.h"

#define HEAD_MAGIC "FWJRNL1\n"
#define POSITION_MAGIC "FWJPOS1\n"
#define MAGIC 8
#define CHECK_AT 16 /* of an entry */
#define HEAD_CHECKED (SEGMENT_HEAD - 8u)
#define N_TEXTS 6

static const char *const words[] = { "", "bytes", "file", "done" };

const char *entry_word(enum entry_kind k)
{
	return words[k];
}

static void put(unsigned char *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t get(const unsigned char *p, unsigned bytes)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static size_t padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* ---- head ---- */

void segment_add_head(struct buf *b, const struct segment_head *h, uint64_t *check)
{
	unsigned char head[SEGMENT_HEAD] = { 0 };
	memcpy(head, HEAD_MAGIC, MAGIC);
	put(head + 8, h->number, 8);
	put(head + 16, h->next, 8);
	put(head + 24, h->before, 8);
	put(head + 32, (uint64_t)h->at, 8);
	*check = XXH3_64bits(head, HEAD_CHECKED);
	put(head + HEAD_CHECKED, *check, 8);
	buf_add(b, head, sizeof head);
}

bool segment_begin(struct segment_walk *w, const unsigned char *p, size_t n,
		   struct segment_head *h)
{
	*w = (struct segment_walk){ .p = p, .n = n };
	if (n < SEGMENT_HEAD)
		w->why = "its head is cut";
	else if (memcmp(p, HEAD_MAGIC, MAGIC) != 0)
		w->why = "it does not begin as a segment does";
	else if (get(p + HEAD_CHECKED, 8) != XXH3_64bits(p, HEAD_CHECKED))
		w->why = "its head is not as it was written";
	if (w->why)
		return false;
	*h = (struct segment_head){ get(p + 8, 8), get(p + 16, 8), get(p + 24, 8),
				    (int64_t)get(p + 32, 8) };
	w->at = SEGMENT_HEAD;
	w->check = get(p + HEAD_CHECKED, 8);
	return true;
}

/* ---- entries ---- */

static uint64_t entry_check(const unsigned char *head, const void *body, size_t n, uint64_t seed)
{
	XXH3_state_t st;
	XXH3_INITSTATE(&st);
	(void)XXH3_64bits_reset_withSeed(&st, seed);
	(void)XXH3_64bits_update(&st, head, CHECK_AT);
	(void)XXH3_64bits_update(&st, body, n);
	return XXH3_64bits_digest(&st);
}

void segment_add_entry(struct buf *b, enum entry_kind kind, uint64_t number, struct str payload,
		       uint64_t *check)
{
	unsigned char head[ENTRY_HEAD] = { 0 };
	size_t at = b->n, body = padded(payload.n);
	put(head, payload.n, 4);
	put(head + 4, kind, 2);
	put(head + 8, number, 8);
	buf_add(b, head, sizeof head);
	buf_addstr(b, payload);
	buf_fill(b, '\0', body - payload.n);
	*check = entry_check(head, b->p + at + ENTRY_HEAD, body, *check);
	put((unsigned char *)b->p + at + CHECK_AT, *check, 8);
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

bool segment_next(struct segment_walk *w, struct segment_entry *out)
{
	const unsigned char *p = w->p + w->at;
	size_t left = w->n - w->at;
	if (left == 0)
		return false;
	if (left < ENTRY_HEAD) {
		w->why = "an entry is cut";
		return false;
	}
	size_t size = get(p, 4), body = padded(size);
	if (size > ENTRY_MAX || body > left - ENTRY_HEAD) {
		w->why = all_zero(p, left) ? "zeros stand where an entry should"
					   : "an entry is cut or its size is wrong";
		return false;
	}
	uint64_t kind = get(p + 4, 4), check = get(p + CHECK_AT, 8);
	if (check != entry_check(p, p + ENTRY_HEAD, body, w->check) || kind == 0 ||
	    kind >= ENTRY_KINDS) {
		w->why = "an entry is not as it was written";
		return false;
	}
	*out = (struct segment_entry){ (enum entry_kind)kind, get(p + 8, 8), w->at,
				       p + ENTRY_HEAD, size, ENTRY_HEAD + body };
	w->check = check;
	w->at += out->length;
	return true;
}

/* ---- inputs as payload ---- */

static void add_number(struct buf *b, uint64_t v, unsigned bytes)
{
	unsigned char p[8];
	put(p, v, bytes);
	buf_add(b, p, bytes);
}

void input_add(struct buf *b, const struct journal_item *it, struct str bytes)
{
	const struct journal_input *in = &it->in;
	const char *const text[N_TEXTS] = { in->source, in->name, in->feed, in->feed_digest,
					    in->key, in->scope };
	add_number(b, (uint64_t)it->at, 8);
	add_number(b, it->bytes, 8);
	add_number(b, (uint32_t)in->extract_date, 4);
	buf_add(b, it->digest, DIGEST_HEX - 1);
	for (unsigned i = 0; i < N_TEXTS; i++) {
		struct str s = str_of(text[i]);
		add_number(b, s.n, 4);
		buf_addstr(b, s);
	}
	buf_addstr(b, bytes);
}

/* The next text, as a copy; false past the end. */
static bool take_text(const unsigned char **p, const unsigned char *end, const char **out)
{
	if (end - *p < 4)
		return false;
	size_t n = get(*p, 4);
	*p += 4;
	if (n > (size_t)(end - *p))
		return false;
	char *s = xmalloc(n + 1);
	memcpy(s, *p, n);
	s[n] = '\0';
	*out = s;
	*p += n;
	return true;
}

struct journal_item *input_parse(const struct segment_entry *en, struct str *bytes)
{
	const size_t fixed = 8 + 8 + 4 + DIGEST_HEX - 1;
	const unsigned char *p = en->payload, *end = p + en->size;
	if (en->size < fixed)
		return NULL;
	struct journal_item *it = xcalloc(1, sizeof *it);
	const char **const text[N_TEXTS] = { &it->in.source, &it->in.name, &it->in.feed,
					     &it->in.feed_digest, &it->in.key, &it->in.scope };
	it->number = en->number;
	it->at = (int64_t)get(p, 8);
	it->bytes = get(p + 8, 8);
	it->in.extract_date = (int32_t)(uint32_t)get(p + 16, 4);
	memcpy(it->digest, p + 20, DIGEST_HEX - 1);
	p += fixed;
	for (unsigned i = 0; i < N_TEXTS; i++) {
		if (!take_text(&p, end, text[i])) {
			journal_item_free(it);
			return NULL;
		}
	}
	if (bytes)
		*bytes = str_make((const char *)p, (size_t)(end - p));
	return it;
}

void journal_item_free(struct journal_item *it)
{
	if (!it)
		return;
	const char *const text[N_TEXTS] = { it->in.source, it->in.name, it->in.feed,
					    it->in.feed_digest, it->in.key, it->in.scope };
	for (unsigned i = 0; i < N_TEXTS; i++)
		xfree((void *)(uintptr_t)text[i]);
	xfree(it);
}

/* ---- position and names ---- */

void position_put(const struct position *p, unsigned char out[POSITION_BYTES])
{
	memcpy(out, POSITION_MAGIC, MAGIC);
	put(out + 8, p->segment, 8);
	put(out + 16, p->offset, 8);
	put(out + 24, p->check, 8);
	put(out + 32, XXH3_64bits(out, POSITION_BYTES - 8), 8);
}

bool position_get(struct position *p, const unsigned char in[POSITION_BYTES])
{
	*p = (struct position){ get(in + 8, 8), get(in + 16, 8), get(in + 24, 8) };
	return memcmp(in, POSITION_MAGIC, MAGIC) == 0 &&
	       get(in + 32, 8) == XXH3_64bits(in, POSITION_BYTES - 8);
}

void segment_name(uint64_t number, char out[SEGMENT_NAME])
{
	(void)snprintf(out, SEGMENT_NAME, "%016" PRIu64 ".journal", number);
}

uint64_t segment_number(const char *name)
{
	uint64_t n;
	char again[SEGMENT_NAME];
	if (sscanf(name, "%16" SCNu64 ".journal", &n) != 1)
		return 0;
	segment_name(n, again);
	return strcmp(again, name) == 0 ? n : 0;
}
