/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serial.c - cut a serial before its last digits, and put it together again.
 */
#include "lib/timeline/serial.h"

#include <string.h>

#include "lib/base/mem.h"

enum { DIGITS = 8, SHORT = 255 };
enum { RECENT_BITS = 10, RECENT_TEXT = 28 };

/* A head where one line of the cache tells it, which the dictionary needs three for. */
struct serial_recent {
	uint16_t head; /* 0 = none */
	uint8_t n, digits;
	char text[RECENT_TEXT];
};

void serials_init(struct serials *s)
{
	*s = (struct serials){ .head = dict_new() };
}

void serials_fini(struct serials *s)
{
	dict_free(s->head);
	xfree(s->recent);
	xfree(s->heap);
	*s = (struct serials){ 0 };
}

size_t serials_bytes(const struct serials *s)
{
	size_t recent = s->recent ? (sizeof *s->recent * 2) << RECENT_BITS : 0;

	return dict_bytes(s->head) + recent + s->heap_cap;
}

/* ---- in ---- */

/* Eight digits as a number, all at once; false when some are none. */
static inline bool eight_digits(const char *p, uint32_t *number)
{
	const uint64_t each = UINT64_C(0x0101010101010101), pairs = UINT64_C(0x000000ff000000ff);
	uint64_t v;

	memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	v ^= each * '0';
	if (((v + each * 0x76) | v) & each * 0x80)
		return false;
	v = v * 10 + (v >> 8);
	*number = (uint32_t)(((v & pairs) * (100 + (UINT64_C(1000000) << 32)) +
			      (v >> 16 & pairs) * (1 + (UINT64_C(10000) << 32))) >> 32);
	return true;
}

static unsigned last_digits(struct str text, uint32_t *number)
{
	uint32_t unit = 1;
	unsigned n = 0;

	if (text.n >= DIGITS && eight_digits(text.p + text.n - DIGITS, number))
		return DIGITS;
	*number = 0;
	for (; n < DIGITS && n < text.n; n++, unit *= 10) {
		unsigned digit = (unsigned)text.p[text.n - 1 - n] - '0';

		if (digit > 9)
			break;
		*number += digit * unit;
	}
	return n;
}

static inline bool is_last(const struct serials *s, struct str begin, unsigned digits)
{
	return s->last && s->last_n == begin.n && s->last_digits == digits &&
	       bytes_same(s->last_text, begin.p, begin.n);
}

static void set_last(struct serials *s, struct str begin, unsigned digits, uint32_t head)
{
	s->last = head;
	s->last_n = (uint8_t)begin.n;
	s->last_digits = (uint8_t)digits;
	bytes_copy(s->last_text, begin.p, begin.n);
}

/* ---- heads ---- */

/* The pair of heads used of late among which one is, if it is among them. */
static struct serial_recent *recent_pair(struct serials *s, struct str begin)
{
	uint64_t h = begin.n;

	if (!s->recent)
		s->recent = xcalloc((size_t)2 << RECENT_BITS, sizeof *s->recent);
	if (begin.n >= 8)
		h ^= bytes_load(begin.p, 8) ^ bytes_load(begin.p + begin.n - 8, 8) << 3;
	else
		h ^= bytes_load(begin.p, begin.n);
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return s->recent + (h >> (64 - RECENT_BITS)) * 2;
}

static inline bool is_recent(const struct serial_recent *r, struct str begin, unsigned digits)
{
	return r->head && r->n == begin.n && r->digits == digits &&
	       bytes_same(r->text, begin.p, begin.n);
}

/* 0 when there are too many. */
static uint32_t find_head(struct serials *s, struct str begin, unsigned digits)
{
	char key[SERIAL_ROOM + 1];
	struct str text = { key, begin.n + 1 };

	bytes_copy(key, begin.p, begin.n);
	key[begin.n] = (char)digits;
	return dict_count(s->head) < UINT16_MAX ? dict_code(s->head, text)
						: dict_find(s->head, text);
}

static uint32_t head_of(struct serials *s, struct str begin, unsigned digits)
{
	struct serial_recent *pair;
	uint32_t head;

	if (begin.n > RECENT_TEXT)
		return find_head(s, begin, digits);
	pair = recent_pair(s, begin);
	for (unsigned i = 0; i < 2; i++)
		if (is_recent(&pair[i], begin, digits))
			return pair[i].head;
	head = find_head(s, begin, digits);
	pair[1] = pair[0];
	pair[0].head = (uint16_t)head;
	pair[0].n = (uint8_t)begin.n;
	pair[0].digits = (uint8_t)digits;
	bytes_copy(pair[0].text, begin.p, begin.n);
	return head;
}

struct serial serials_pack(struct serials *s, struct str text)
{
	struct serial v = { 0, 0 };
	unsigned digits;
	struct str begin = text;

	if (text.n > SERIAL_ROOM)
		return v;
	digits = last_digits(text, &v.number);
	begin.n -= digits;
	if (digits == 0)
		return v;
	if (!is_last(s, begin, digits))
		set_last(s, begin, digits, head_of(s, begin, digits));
	v.head = (uint16_t)s->last;
	return v;
}

/* The number of a text that begins as the last one did and ends in as many digits, all of them;
 * false for others. */
static inline bool next_number(const struct serials *s, struct str text, uint32_t *number)
{
	return s->last && text.n == (uint32_t)s->last_n + DIGITS &&
	       eight_digits(text.p + text.n - DIGITS, number) &&
	       is_last(s, (struct str){ text.p, text.n - DIGITS }, DIGITS);
}

uint32_t serials_pack_run(struct serials *s, const struct dict *d, const uint32_t *code,
			  uint32_t n, const struct serial *before, struct serial_run *out)
{
	struct serial last = before ? *before : (struct serial){ 0, 0 };
	bool first = !before;

	for (uint32_t i = 0; i < n; i++, first = false) {
		struct str text = dict_text(d, code[i]);
		struct serial v = { 0, (uint16_t)s->last };

		if (first || last.head != s->last || !next_number(s, text, &v.number)) {
			v = serials_pack(s, text);
			if (!v.head || (!first && !serials_after(s, text, v, last)))
				return i;
		} else if (v.number <= last.number) {
			return i;
		}
		out->number[i] = v.number;
		out->head[i] = v.head;
		last = v;
	}
	return n;
}

struct serial serials_keep(struct serials *s, struct str text, struct serial packed)
{
	uint32_t at = s->heap_n, before = text.n < SHORT ? 1 : 5;
	uint8_t *p;

	if (packed.head)
		return packed;
	GROW(s->heap, s->heap_cap, at + before + text.n);
	p = s->heap + at;
	p[0] = (uint8_t)(text.n < SHORT ? text.n : SHORT);
	if (before > 1)
		memcpy(p + 1, &text.n, sizeof text.n);
	if (text.n)
		memcpy(p + before, text.p, text.n);
	s->heap_n = at + before + text.n;
	return (struct serial){ at, 0 };
}

/* ---- out ---- */

static struct str in_heap(const struct serials *s, uint32_t at)
{
	const uint8_t *p = s->heap + at;
	struct str text = { (const char *)p + 1, p[0] };

	if (p[0] == SHORT) {
		memcpy(&text.n, p + 1, sizeof text.n);
		text.p = (const char *)p + 5;
	}
	return text;
}

struct str serials_text(const struct serials *s, struct serial v, char *room)
{
	struct str head;
	uint32_t n, number = v.number;

	if (!v.head)
		return in_heap(s, v.number);
	head = dict_text(s->head, v.head);
	n = head.n - 1;
	bytes_copy(room, head.p, n);
	for (unsigned i = (unsigned char)head.p[n]; i-- > 0; number /= 10)
		room[n + i] = (char)('0' + number % 10);
	return (struct str){ room, n + (unsigned char)head.p[n] };
}

int serials_compare(const struct serials *s, struct serial a, struct serial b)
{
	char room[2][SERIAL_ROOM];

	if (a.head && a.head == b.head)
		return (a.number > b.number) - (a.number < b.number);
	return str_cmp(serials_text(s, a, room[0]), serials_text(s, b, room[1]));
}

bool serials_after(const struct serials *s, struct str text, struct serial packed,
		   struct serial kept)
{
	char room[SERIAL_ROOM];
	struct str other;

	if (packed.head && packed.head == kept.head)
		return packed.number > kept.number;
	other = serials_text(s, kept, room);
	return text.n != other.n ? text.n > other.n : str_cmp(text, other) > 0;
}
