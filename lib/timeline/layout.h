/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * layout.h - which fields the stored rows of a stream keep, and where in the row.
 *
 * Rows are packed one after another, every cell four bytes. Fields that a row says anyway
 * (its facility, visit, person, serial) have no cell: their pack tells where they come from.
 * Made once from the wanted fields; immutable.
 */
#pragma once

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
};

struct layout {
	uint32_t size;       /* bytes of a row, header included */
	uint32_t n_kept;     /* fields with a cell of their own */
	enum field *kept;
	struct cell *cell;   /* [stream_stored_width] by field index */
};

/* `keep` is a bitmap over enum field, NULL = all. */
void layout_init(struct layout *l, enum stream s, uint32_t header, const uint8_t *keep);
void layout_fini(struct layout *l);

/* Where a stored field lies; PACK_NONE when the rows do not keep it. */
static inline struct cell layout_cell(const struct layout *l, enum field f)
{
	return l->cell[field_get(f)->index];
}
