/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serial.h - serial numbers of rows in six bytes: what they begin with, and a number.
 *
 * The serials of one source differ in their last digits; what stands before, and how many
 * digits follow, is a head of which there are few. A serial that has no digits at its end, is long,
 * or comes when there are too many heads, lies as it is in a heap. A text always becomes
 * the same, so equal means equal.
 * Knows texts; no rows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/dict.h"
#include "lib/base/str.h"

#define SERIAL_ROOM 48u /* bytes of the longest serial that is not in the heap */

struct serial {
	uint32_t number; /* without a head: its place in the heap */
	uint16_t head;   /* 0 = none */
};

/* Of neighbours. */
#define SERIAL_RUN 32u
struct serial_run {
	uint32_t number[SERIAL_RUN];
	uint16_t head[SERIAL_RUN];
};

struct serial_recent;

struct serials {
	struct dict *head;   /* beginnings, and one byte more: how many digits follow */
	uint32_t last;       /* head of the last serial packed, its text and digits behind it */
	uint8_t last_n, last_digits;
	char last_text[SERIAL_ROOM];
	struct serial_recent *recent; /* heads used of late, by pairs; NULL = none was */
	uint8_t *heap;       /* a length byte (255: four more follow), then the bytes */
	uint32_t heap_n, heap_cap;
};

void serials_init(struct serials *s);
void serials_fini(struct serials *s);
size_t serials_bytes(const struct serials *s);

/* Head and number of a text; head 0 when it must go to the heap. */
struct serial serials_pack(struct serials *s, struct str text);

/* The same, put into the heap if it must be. */
struct serial serials_keep(struct serials *s, struct str text, struct serial packed);

/* Of texts of d, as long as each is behind the one before and has a head: heads and numbers.
 * `before` comes before the first, NULL when there is none. Returns how many. */
uint32_t serials_pack_run(struct serials *s, const struct dict *d, const uint32_t *code,
			  uint32_t n, const struct serial *before, struct serial_run *out);

/* The text again, in `room` of SERIAL_ROOM bytes or in the heap (valid until the next is kept). */
struct str serials_text(const struct serials *s, struct serial v, char *room);

/* In the order of their bytes; < 0, 0, > 0. */
int serials_compare(const struct serials *s, struct serial a, struct serial b);

/* Whether a text, packed already, is longer than one that is kept, or as long and behind it. */
bool serials_after(const struct serials *s, struct str text, struct serial packed,
		   struct serial kept);
