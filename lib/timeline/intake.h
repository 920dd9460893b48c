/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake.h - one call of timeline_add at work; for ingest.c and overlay.c only.
 */
#pragma once

#include "lib/timeline/state.h"

#define INTAKE_GROUP 32

/* One cell to fill: from a chunk's column to a place in the row. */
struct mover {
	struct cell cell;
	const void *col;     /* NULL: all missing */
};

struct pending {
	uint64_t hash;       /* of the identity; where there is an index of all rows, or once it is
				looked for */
	uint32_t src;        /* row in the chunk */
	uint32_t place;
	uint32_t subject;
	struct str serial;
	struct serial packed;
	uint32_t serial_at;  /* offset in the scratch when the serial was composed */
	bool composed, standin;
};

/* Neighbouring lines of one person and visit. */
struct run {
	uint32_t src, n;     /* rows in the chunk */
	uint32_t place, subject;
};

/* Shard codes of the texts that chunks of a family know. */
#define FAMILIES 64u /* decoders at work at once; with more the oldest is forgotten */
struct family {
	uint64_t family;  /* 0 = none */
	uint32_t *code;   /* by number, 0 = not asked for yet */
	uint32_t cap;
};

struct intake {
	struct timeline *t;
	const struct chunk *c;
	enum stream stream;
	const struct stream_plan *plan;
	struct store *st;
	uint32_t ref;
	/* By chunk code, 0 = not asked for; they stay while calls are about one chunk. */
	uint64_t name;       /* of that chunk */
	uint32_t *code_of;   /* shard code */
	uint32_t n_code, cap_code;
	uint32_t *fresh, *fresh_code; /* chunk codes to translate, and what they became */
	uint32_t n_fresh, cap_fresh, cap_fresh_code;
	struct family family[FAMILIES];
	unsigned next_family;        /* to be forgotten */
	struct family *known;        /* the chunk's; NULL = it has none */
	uint32_t below;              /* codes of the chunk that its family has */
	struct mover *mover;
	uint32_t n_mover, cap_mover;
	const uint32_t *col_a, *col_b, *col_key, *col_valid, *col_refund, *col_refused, *col_link;
	const uint32_t *col_own, *col_item, *col_stand[2], *col_batch;
	const int64_t *col_message, *col_update; /* of encounters, settlements, lines */
	const int64_t *col_negative[2];
	uint32_t zero, one, two; /* chunk codes of these flag values */
	uint32_t last_a, last_b, last_place;
	struct buf scratch;
	struct pending group[INTAKE_GROUP];
	struct run *run;             /* of lines */
	uint32_t *run_src;           /* where each begins */
	uint32_t n_run, cap_run, cap_run_src;
	struct serial_run serial;    /* of the lines in hand */
	bool plain;                  /* no line is linked, a message's or taken back */
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

static inline uint32_t intake_line(const struct source *src)
{
	return src->line < UINT32_MAX ? (uint32_t)src->line : UINT32_MAX;
}

/* ---- intake.c ---- */
void intake_begin(struct intake *in, const struct chunk *c, enum stream s, uint32_t ref);
/* Every code the rows will ask for; of lines the runs have been found. */
void intake_translate(struct intake *in, const uint32_t *row, uint32_t n);

static inline uint32_t intake_code(const struct intake *in, uint32_t code)
{
	return in->code_of[code];
}

/* Fetch what intake_place and intake_owner will ask; always in line, as store_fetch. */
static inline __attribute__((always_inline)) void
intake_fetch(const struct intake *in, uint32_t src)
{
	if (in->col_b)
		known_fetch(in->t, intake_code(in, in->col_b[src]));
	if (in->col_key)
		known_fetch(in->t, intake_code(in, in->col_key[src]));
}

/* Then what that is, likewise. */
static inline __attribute__((always_inline)) void
intake_fetch_known(const struct intake *in, uint32_t src)
{
	if (in->col_b)
		known_fetch_what(in->t, intake_code(in, in->col_b[src]));
	if (in->col_key)
		known_fetch_what(in->t, intake_code(in, in->col_key[src]));
}

/* ---- find.c ---- */

/* Whether all rows of a stream are in the store's index. */
static inline bool is_indexed(enum stream s)
{
	return s != STREAM_ENCOUNTER && s != STREAM_SETTLEMENT && s != STREAM_FEE;
}
/* Row of an identity, ROW_NONE when new; *slot for intake_found, when a row is made of it. */
uint32_t intake_find(struct intake *in, struct pending *p, size_t *slot);
/* From now on the identity is to be found at this row. */
void intake_found(struct intake *in, const struct pending *p, size_t slot, uint32_t at);

/* ---- ingest.c ---- */
void intake_move_cell(struct intake *in, const struct mover *m, struct row *r, uint32_t src,
		      bool first);
/* Flags that say the version's state. */
uint32_t intake_flags(const struct intake *in, const struct pending *p);
/* Of an ordinary fee line. */
uint32_t intake_line_flags(const struct intake *in, uint32_t src);
/* Fill row number `at` with the version p, wholly. */
void intake_write(struct intake *in, uint32_t at, const struct pending *p, bool first);
struct list *intake_list(struct intake *in, const struct pending *p);
/* Remember who has n rows in the visit; rows of contested visits go to the next reconciling. */
void intake_note(struct intake *in, uint32_t place, uint32_t subject, uint32_t row, uint32_t n);

/* One version, wherever it belongs. */
void intake_take(struct intake *in, struct pending *p);
/* The serial of a row of the chunk, before it is taken. */
void intake_prepare(struct intake *in, struct pending *p, uint32_t src);
uint32_t intake_place(struct intake *in, uint32_t src);
uint32_t intake_owner(struct intake *in, uint32_t src);

/* ---- lines.c ---- */
/* The runs of fee lines among rows of the chunk; how many lines they have is n. */
void lines_find(struct intake *in, const uint32_t *row, uint32_t n);
/* All of them taken. */
bool lines_take(struct intake *in, struct err *e);

/* ---- overlay.c ---- */
/* A row's first version has been written. */
void overlay_first(struct intake *in, uint32_t at, const struct pending *p);
/* One more version of the identity whose row is `head`, at this slot of the index. */
void overlay_add(struct intake *in, uint32_t head, const struct pending *p, size_t slot);
