/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake.h - one call of timeline_add at work; for ingest.c and overlay.c only.
 */
#pragma once

#include "lib/timeline/state.h"

#define INTAKE_GROUP 32
#define INTAKE_CODED 8 /* columns beside the movers whose codes are translated */

/* One cell to fill: from a chunk's column to a place in the row. */
struct mover {
	struct cell cell;
	const void *col;     /* NULL: all missing */
};

struct pending {
	uint64_t hash;       /* of the identity; of lines only once they are looked for */
	uint32_t src;        /* row in the chunk */
	uint32_t place;
	uint32_t subject;
	struct str serial;
	struct serial packed;
	uint32_t serial_at;  /* offset in the scratch when the serial was composed */
	bool composed, standin;
};

struct intake {
	struct timeline *t;
	const struct chunk *c;
	enum stream stream;
	const struct stream_plan *plan;
	struct store *st;
	uint32_t ref;
	uint32_t *code_of;   /* chunk code -> shard code, 0 = not asked for */
	uint32_t *owner_of;  /* chunk code of the subject's key -> subject + 1 */
	uint32_t cap_code, cap_owner;
	uint32_t *fresh, *fresh_code; /* chunk codes to translate, and what they became */
	uint32_t n_fresh, cap_fresh, cap_fresh_code;
	struct mover *mover;
	uint32_t n_mover, cap_mover;
	const uint32_t *col_a, *col_b, *col_key, *col_valid, *col_refund, *col_refused, *col_link;
	const uint32_t *col_item, *col_stand[2], *col_batch;
	const int64_t *col_message, *col_update; /* of encounters, settlements, lines */
	const int64_t *col_negative[2];
	uint32_t zero, one, two; /* chunk codes of these flag values */
	uint32_t last_a, last_b, last_place;
	struct buf scratch;
	struct pending group[INTAKE_GROUP];
	struct moving {
		uint32_t at, src;    /* row of the store, row of the chunk */
	} moving[INTAKE_GROUP];      /* new rows whose cells are not filled yet */
	uint32_t n_moving;
};

/* Streams whose rows messages tell piece by piece: admission, change, discharge. */
static inline bool intake_overlaid(const struct intake *in)
{
	return in->stream == STREAM_ENCOUNTER;
}

/* Only messages carry the time of a transaction; core tables say when they were updated. Asked
 * of encounters, settlements and lines. */
static inline bool intake_is_message(const struct intake *in, uint32_t src)
{
	return in->col_message && in->col_message[src] != MISSING_I64 &&
	       !(in->col_update && in->col_update[src] != MISSING_I64);
}

/* ---- find.c ---- */
/* Row of an identity, ROW_NONE when new; *slot for intake_found, when a row is made of it. */
uint32_t intake_find(struct intake *in, struct pending *p, size_t *slot);
/* From now on the identity is to be found at this row. */
void intake_found(struct intake *in, const struct pending *p, size_t slot, uint32_t at);

/* ---- ingest.c ---- */
void intake_move_cell(struct intake *in, const struct mover *m, struct row *r, uint32_t src,
		      bool first);
/* Flags that say the version's state. */
uint32_t intake_flags(const struct intake *in, const struct pending *p);
/* Fill row number `at` with the version p, wholly; the cells of a new row wait for
 * intake_settle, which must come before they are read. */
void intake_write(struct intake *in, uint32_t at, const struct pending *p, bool first);
void intake_settle(struct intake *in);
struct list *intake_list(struct intake *in, const struct pending *p);
/* Remember who has rows in the visit; rows of contested visits go to the next reconciling. */
void intake_note(struct intake *in, const struct pending *p, uint32_t row);

/* ---- overlay.c ---- */
/* A row's first version has been written. */
void overlay_first(struct intake *in, uint32_t at, const struct pending *p);
/* One more version of the identity whose row is `head`, at this slot of the index. */
void overlay_add(struct intake *in, uint32_t head, const struct pending *p, size_t slot);
