/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serial.c - cut a serial before its last digits, and put it together again.
 */
#include "lib/timeline/serial.h"

#include <string.h>

#include "lib/base/mem.h"

enum { DIGITS = 8, SHORT = 255 };

void serials_init(struct serials *s)
{
	*s = (struct serials){ .head = dict_new() };
}

void serials_fini(struct serials *s)
{
	dict_free(s->head);
	xfree(s->heap);
	*s = (struct serials){ 0 };
}

size_t serials_bytes(const struct serials *s)
{
	return dict_bytes(s->head) + s->heap_cap;
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

/* Behind the text of the last head is how many digits follow. */
static inline bool is_last(const struct serials *s, struct str begin, unsigned digits)
{
	return s->last && s->last_text.n == begin.n &&
	       (unsigned char)s->last_text.p[begin.n] == digits &&
	       bytes_same(s->last_text.p, begin.p, begin.n);
}

struct serial serials_pack(struct serials *s, struct str text)
{
	struct serial v = { 0, 0 };
	char key[SERIAL_ROOM + 1];
	unsigned digits;
	struct str begin = text;

	if (text.n > SERIAL_ROOM)
		return v;
	digits = last_digits(text, &v.number);
	begin.n -= digits;
	if (digits == 0)
		return v;
	if (!is_last(s, begin, digits)) {
		bytes_copy(key, begin.p, begin.n);
		key[begin.n] = (char)digits;
		begin = (struct str){ key, begin.n + 1 };
		s->last = dict_count(s->head) < UINT16_MAX ? dict_code(s->head, begin)
							   : dict_find(s->head, begin);
		s->last_text = dict_text(s->head, s->last);
		s->last_text.n -= s->last != 0;
	}
	v.head = (uint16_t)s->last;
	return v;
}

/* The number of a text that begins as the last one did and ends in as many digits, all of them;
 * false for others. */
static inline bool next_number(const struct serials *s, struct str text, uint32_t *number)
{
	return s->last && text.n == s->last_text.n + DIGITS &&
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
