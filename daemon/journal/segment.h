/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * segment.h - the journal's bytes on disk: segment files of entries, and the position file.
 *
 *   segment   head (64 bytes), then entries, each padded with zeros to 8 bytes
 *   head      "FWJRNL1\n", number, number of the next item, check of the last entry of the
 *             segment before, time, zeros, check of the head
 *   entry     payload's size (u32), kind (u16), zero (u16), item number, check, payload
 *   position  "FWJPOS1\n", segment, offset and check up to which all was synced, own check
 *
 * All numbers are little endian. A check is XXH3-64 over everything of the entry but itself,
 * seeded with the check before it, so entries can neither change nor move, go or come.
 * Knows bytes; no files but the descriptor it reads, no threads.
 */
#pragma once

#include "daemon/journal/journal.h"
#include "lib/base/buf.h"

#define SEGMENT_HEAD 64u
#define ENTRY_HEAD 24u
#define POSITION_BYTES 40u
#define SEGMENT_NAME 32 /* room for a segment's file name */
#define ENTRY_MAX (8u << 20)

enum entry_kind {
	ENTRY_BYTES = 1, /* an input and its bytes */
	ENTRY_FILE,      /* an input whose bytes are in the archive */
	ENTRY_DONE,      /* the item of this number need not be given again */
	ENTRY_KINDS
};

struct segment_head {
	uint64_t number;   /* of the file, from 1 */
	uint64_t next;     /* number the next item will get */
	uint64_t before;   /* check of the last entry of the segment before; 0 for the first */
	int64_t at;        /* microseconds UTC */
};

struct segment_entry {
	enum entry_kind kind;
	uint64_t number, offset;     /* item; place in the file */
	const unsigned char *payload;
	size_t size;                 /* of the payload */
	size_t length;               /* of all of it in the file */
};

/* Adds the head's or an entry's bytes; *check is the chain, moved on. */
void segment_add_head(struct buf *b, const struct segment_head *h, uint64_t *check);
void segment_add_entry(struct buf *b, enum entry_kind kind, uint64_t number, struct str payload,
		       uint64_t *check);

/* Reading one segment from its bytes. */
struct segment_walk {
	const unsigned char *p;
	size_t n, at;
	uint64_t check;            /* the chain at `at` */
	const char *why;           /* why the walk stopped before the end, or NULL */
};

/* False when the head is not one (w->why says why). */
bool segment_begin(struct segment_walk *w, const unsigned char *p, size_t n,
		   struct segment_head *h) MUST_CHECK;

/* The next entry; false at the end, or where the bytes are no entry (w->why, w->at). */
bool segment_next(struct segment_walk *w, struct segment_entry *out);

/* An input as payload, with its bytes behind when they are `bytes`; back again. The texts and
 * bytes of a parsed one are borrowed from the entry; `text` keeps them NUL-terminated. */
void input_add(struct buf *b, const struct journal_item *it, struct str bytes);
struct journal_item *input_parse(const struct segment_entry *en, struct str *bytes);

struct position {
	uint64_t segment, offset, check;
};
void position_put(const struct position *p, unsigned char out[POSITION_BYTES]);
bool position_get(struct position *p, const unsigned char in[POSITION_BYTES]) MUST_CHECK;

/* "0000000000000007.journal" and back; 0 when the name is none. */
void segment_name(uint64_t number, char out[SEGMENT_NAME]);
uint64_t segment_number(const char *name);
const char *entry_word(enum entry_kind k);
