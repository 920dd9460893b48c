/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch.h - whole timelines of some subjects, in columns, ready to be judged.
 *
 * A batch holds, for each stream, the live rows of its subjects: superseded,
 * retracted and fully reversed rows are already gone, amounts and counts of partly
 * reversed rows are what is left of them. Rows lie sorted by (subject, event time,
 * stream, identity bytes); start[] marks the subjects.
 *
 *   subject      0        1     2
 *   start[]      0        4     4        9        (n_subjects + 1 entries)
 *   col[f]       v v v v        w w w w w
 *
 * A column nobody asked for is NULL. Text columns hold codes of `dict`, which belongs
 * to the timeline and only grows. Rows name their record by `row`, the timeline's handle.
 * Knows columns and subjects, not rules and not how rows are stored.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/dict.h"
#include "lib/record/field.h"

enum subject_kind { SUBJECT_PERSON, SUBJECT_FACILITY, SUBJECT_PRACTITIONER, SUBJECT_KEY };

/* One stream of a batch. Arrays belong to the batch. */
struct rows {
	uint32_t n;
	uint32_t *start;   /* [batch.n_subjects + 1] */
	void **col;        /* [stream_width(stream)] by field index; NULL = not gathered */
	uint32_t *row;     /* [n] handle for timeline_row_* (identity, provenance) */
	uint64_t *version; /* [n] another version of the record has another number; or NULL */
	uint8_t *scope;    /* [n] 1 = counts as 有效结算明细, see below */
};

/*
 * Scope 1, all rows here being valid and not reversed:
 *   fee                    settled by a settlement that, if known, stands; not refused
 *                          (hosp_appr_flag 2); inscp_amt > 0, or where inscp_amt is missing
 *                          det_item_fee_sumamt > 0
 *   encounter, stay, visit settled: has a live settlement, or none is known at all and a
 *                          live line names one
 *   diagnosis, operation   their visit is settled and the settlement they name stands
 *   others                 always
 */
struct batch {
	uint32_t n_subjects;
	uint32_t *subject;          /* [n_subjects] dense subject numbers of the timeline */
	struct rows rows[STREAM_COUNT];
	const struct dict *dict;
	bool versioned;             /* rows have their versions; kept by batch_clear */
	struct arena arena;         /* holds everything above; reset by batch_clear */
};

void batch_init(struct batch *b);
void batch_fini(struct batch *b);

/* Forget all rows, keep the memory. */
void batch_clear(struct batch *b);

/* Rows over all streams. */
uint32_t batch_rows(const struct batch *b);

/* Typed access to a column; NULL when the column was not gathered. */
const int64_t *batch_i64(const struct batch *b, enum field f);
const int32_t *batch_i32(const struct batch *b, enum field f);
const uint32_t *batch_code(const struct batch *b, enum field f);
const uint8_t *batch_flag(const struct batch *b, enum field f); /* enum truth */

/* Bitmaps over enum field: FIELD_BITMAP bytes, bit f%8 of byte f/8. NULL stands for all fields. */
#define FIELD_BITMAP ((FIELD_COUNT + 7) / 8)

static inline bool field_wanted(const uint8_t *wanted, enum field f)
{
	return !wanted || (wanted[(unsigned)f >> 3] >> ((unsigned)f & 7) & 1);
}

static inline void field_want(uint8_t *wanted, enum field f)
{
	wanted[(unsigned)f >> 3] = (uint8_t)(wanted[(unsigned)f >> 3] | 1u << ((unsigned)f & 7));
}

/* Allocate n rows and the wanted columns of stream `s`, all values missing. b->n_subjects is
 * already set. Who fills the rows may lower rows[s].n afterwards and sets start[]. */
void batch_alloc(struct batch *b, enum stream s, uint32_t n, const uint8_t *wanted);

/* The same with nothing set but start[], for who fills all of it. */
void batch_room(struct batch *b, enum stream s, uint32_t n, const uint8_t *wanted);
