/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * layout.h - which fields the stored rows of a stream keep, and where in the row.
 *
 * Rows are packed one after another, every cell four bytes. Fields that a row says anyway
 * (its facility, visit, person, serial) have no cell: their pack tells where they come from.
 * Fields that no row has had yet may share a word that is always missing, one a kind; a field
 * gets its own cell, behind all others, when its first value comes.
 */
#pragma once

#include <stdbool.h>

#include "lib/record/field.h"

enum pack {
	PACK_NONE,     /* not kept */
	PACK_CODE,     /* dictionary code */
	PACK_DATE,     /* int32 days */
	PACK_DEC,      /* packed decimal */
	PACK_TIME,     /* packed time */
	PACK_STORED = PACK_TIME,
	PACK_PLACE_A,  /* first half of the row's place: facility, or a register's entity */
	PACK_PLACE_B,  /* second half: visit, or a register's facility */
	PACK_OWNER,    /* key of the subject */
	PACK_SERIAL,   /* the serial's bytes */
	PACK_LINK,     /* code in the store's link table */
};

struct cell {
	uint16_t off;   /* from the row's first byte, for packs up to PACK_STORED */
	uint8_t pack;   /* enum pack */
	bool shared;    /* no row has it: the word of all such */
};

#define LAYOUT_BLANKS 3 /* codes and times, dates, decimals */

struct layout {
	uint32_t size;       /* bytes of a row, header included */
	uint32_t n_kept;     /* fields with a cell of their own */
	enum field *kept;
	struct cell *cell;   /* [stream_stored_width] by field index */
	struct cell blank[LAYOUT_BLANKS]; /* words shared by fields that no row has */
	uint32_t n_blank;
};

/* `keep` is a bitmap over enum field, NULL = all. */
void layout_init(struct layout *l, enum stream s, uint32_t header, const uint8_t *keep);
void layout_fini(struct layout *l);

/* Whether rows that come have a field. */
typedef bool layout_has_fn(const void *ctx, enum field f);

/* Lets the fields share that are not had, where that saves anything. There are no rows yet. */
void layout_share(struct layout *l, layout_has_fn *has, const void *ctx);

/* A cell of its own for a field that shares. */
void layout_give(struct layout *l, enum field f);

/* Where a stored field lies; PACK_NONE when the rows do not keep it. */
static inline struct cell layout_cell(const struct layout *l, enum field f)
{
	return l->cell[field_get(f)->index];
}
