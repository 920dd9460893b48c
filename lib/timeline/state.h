/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h - what a timeline is made of; for the files of this folder only.
 *
 *   subjects   who has rows: key, lists of rows by stream
 *   places     pairs of codes a row's identity stands in: (facility, visit) for events,
 *              (entity, facility) for registers, whose rows hang on the place itself
 *   stores     the rows, by stream
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/timeline/store.h"
#include "lib/timeline/timeline.h"

enum places_kind { PLACES_VISIT, PLACES_STOCK, PLACES_PERSON, PLACES_FACILITY,
		   PLACES_PRACTITIONER, PLACES_ITEM, PLACES_COUNT };

enum { PLACE_ENCOUNTER, PLACE_SETTLEMENT, PLACE_ROWS };

enum visit_flag { VISIT_CONTESTED = 1, VISIT_SEVERAL = 2, VISIT_NEWLY = 4 /* contested */ };

struct place {
	uint32_t a, b;
	union {
		struct list list;                 /* of registers: their rows */
		struct {
			uint32_t subject;         /* of visits: who was first seen in it */
			uint32_t flags;           /* enum visit_flag */
		};
	};
	uint32_t top;                             /* of visits: row + 1 of the greatest serial of
						     lines that are not in the index */
	uint32_t row[PLACE_ROWS];                 /* of visits: row + 1 of the first encounter,
						     and settlement; others are in the index */
};

struct places {
	struct map64 map;    /* a << 32 | b -> number; of those that codes do not tell */
	struct place *v;
	uint32_t n, cap;
};

enum { LIST_ENCOUNTER, LIST_SETTLEMENT, LIST_FEE, LIST_DIAGNOSIS, LIST_OPERATION,
       LIST_TRACE, LIST_REPORT, LIST_PERSON,
       LIST_COUNT, LIST_STOCK = 0, LIST_NONE = -1 };

enum subject_flag { SUBJECT_DIRTY = 1, SUBJECT_REVERSES = 2,
		    SUBJECT_INDEXED = 4 /* the lines are in the index of rows */ };

struct subject {
	uint32_t key;        /* code */
	uint8_t kind;        /* enum subject_kind */
	uint8_t flags;       /* enum subject_flag */
	struct list list[LIST_COUNT];
};

struct row_at {
	enum stream stream;
	uint32_t row;
};

/* Rows that the last gather of a subject took out; sums over all subjects. */
struct undone_at {
	uint32_t facility;
	uint8_t stream, kind;         /* enum stream, enum standing */
	uint32_t n;
};
struct undone {
	uint32_t retracted[STREAM_STORED], reversed[STREAM_STORED];
	struct undone_at *at;         /* the same by facility */
	uint32_t n_at;
};
struct undone_book {
	struct map64 of;              /* subject -> index; only of those that have any */
	struct undone *v;
	uint32_t n, cap;
	uint64_t retracted[STREAM_STORED], reversed[STREAM_STORED];
};

/* standing.c */
struct standing_book {
	struct map64 of;              /* stream << 32 | facility -> index */
	struct standing_change *v;
	uint32_t n, cap, last;        /* last: found last time */
	bool quiet;
};

struct timeline {
	struct timeline_conf conf;
	uint8_t wanted[FIELD_BITMAP];
	struct dict *dict;
	struct store store[STREAM_STORED];
	struct places places[PLACES_COUNT];
	struct subject *subject;
	uint32_t n_subject, cap_subject;
	uint32_t *known;              /* by code: the visit or subject it was first known as */
	uint32_t n_known, cap_known;  /* n_known: set, if only to nothing */
	struct map64 subject_of;      /* kind << 32 | code -> number; of the others */
	uint32_t *dirty;
	uint32_t n_dirty, cap_dirty;
	bool all_dirty;
	uint64_t *shared;             /* visit << 32 | subject, of visits with several subjects */
	uint32_t n_shared, cap_shared;
	uint32_t *contested;          /* visits, until their rows are among the fresh */
	uint32_t n_contested, cap_contested;
	uint64_t compared;            /* rows looked at so that shards agree */
	uint32_t visits_checked;      /* visits known to the other shards */
	uint32_t visits_asked_from;   /* the first the others were asked about last */
	struct row_at *fresh;         /* rows of contested visits that changed since */
	uint32_t n_fresh, cap_fresh;
	struct intake *intake;        /* scratch of timeline_add */
	struct gather *gather;        /* scratch of timeline_gather */
	struct undone_book undone;
	struct standing_book standing;
};

/* What distinguishes the streams here. */
struct stream_plan {
	enum places_kind places;
	int list;                     /* LIST_NONE: hangs on the place */
	enum subject_kind subject;
	enum field subject_key;       /* FIELD_NONE for registers without subject */
	enum field a, b;              /* the place; FIELD_NONE: always missing */
	enum field own[2];            /* the row's own serial, or what stands in for it */
	enum field part[6];           /* without own: these together, up to FIELD_NONE */
	enum field link;              /* points to another row's serial */
	enum field valid;             /* '0' retracts */
};
const struct stream_plan *stream_plan(enum stream s);

/* ---- standing.c ---- */
/* `place`: of the row, in its stream's places. */
void standing_add(struct timeline *t, enum stream s, uint32_t place, enum standing k, int64_t n);
void standing_facility(struct timeline *t, enum stream s, uint32_t code, enum standing k,
		       int64_t n);
uint32_t standing_code(const struct timeline *t, enum stream s, const struct row *r);
void standing_fini(struct standing_book *b);

/* ---- undone.c ---- */
/* The subject has just been gathered by `g`. */
void undone_note(struct gather *g, uint32_t subject, const struct gather_stats *gs);
void undone_fini(struct undone_book *b);

/* ---- directory.c ---- */
uint32_t places_at(struct timeline *t, enum places_kind kind, uint32_t a, uint32_t b);
/* UINT32_MAX: none. */
uint32_t places_find(const struct timeline *t, enum places_kind kind, uint32_t a, uint32_t b);
void places_fini(struct places *p);
uint32_t subject_at(struct timeline *t, enum subject_kind k, uint32_t key);
uint32_t subject_find(const struct timeline *t, enum subject_kind k, uint32_t key); /* likewise */
void subject_mark(struct timeline *t, uint32_t subject);
/* Rows of subject s in stream; NULL for streams its kind does not have. */
struct list *subject_list(struct subject *s, enum stream stream);
const struct list *subject_list_const(const struct subject *s, enum stream stream);

/* Fetch what a code is known as; always in line, as store_fetch. */
static inline __attribute__((always_inline)) void
known_fetch(const struct timeline *t, uint32_t code)
{
	if (code < t->n_known)
		__builtin_prefetch(&t->known[code]);
}

/* Fetch the visit, or of the subject what its rows will touch, likewise. */
static inline __attribute__((always_inline)) void
known_fetch_what(const struct timeline *t, uint32_t code)
{
	uint32_t known = code < t->n_known ? t->known[code] : 0;

	if (known & 1) {
		__builtin_prefetch(&t->places[PLACES_VISIT].v[known / 2], 1);
	} else if (known) {
		__builtin_prefetch(&t->subject[known / 2 - 1], 1);
		__builtin_prefetch(&t->subject[known / 2 - 1].list[LIST_FEE], 1);
	}
}

/* ---- ingest.c ---- */
void intake_free(struct intake *in);
/* The serial of a chunk's row: bytes in the chunk or in `scratch`. *standin: not its own field. */
struct str row_serial(const struct chunk *c, enum stream s, uint32_t row, struct buf *scratch,
		      bool *standin);
uint64_t identity_of(uint32_t place, struct str serial);
void fresh_push(struct timeline *t, enum stream s, uint32_t row);

/* ---- find.c ---- */
/* Row of an identity, ROW_NONE when there is none. */
uint32_t row_find(struct timeline *t, enum stream s, uint32_t place, struct str serial);

/* ---- timeline.c ---- */
/* Of the version a row handle stands for: another one has another number. */
uint64_t row_version(const struct timeline *t, enum stream s, uint32_t row);
static inline uint64_t version_of(const struct store *st, const struct row *r)
{
	return hash_join(r->digest, (uint64_t)unpack_time(&st->spill, r->revision));
}

/* ---- gather.c ---- */
void gather_free(struct gather *g);

/* Greater (revision, digest)? */
static inline bool version_after(int64_t rev, uint64_t digest, int64_t rev0, uint64_t digest0)
{
	return rev != rev0 ? rev > rev0 : digest > digest0;
}
