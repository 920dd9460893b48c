/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.h - a feed's streams against the columns a file really has.
 *
 * Resolved once per header (CSV) or as keys turn up (JSON): which column fills which
 * field, through which value map; which columns nobody knows. For lib/record only.
 */
#pragma once

#include "lib/base/dict.h"
#include "lib/record/row_cells.h"
#include "lib/record/column.h"
#include "lib/record/feed_plan.h"

#define NO_COLUMN UINT32_MAX
#define CACHE_TEXT 48u
#define COLUMNS_MAX 4096u
#define WATCHED_MAX 16u
#define RUN_MAX 64u /* rows that go through the columns together: they stay in the first cache */
#define SEEN_SLOTS (1u << 16) /* keys of once_per remembered; a power of two */

/* How a text becomes a value: chosen once per header. */
enum making { MAKE_NUMBER, MAKE_TIME, MAKE_DATE, MAKE_TEXT, MAKE_NAMED, MAKE_SERIAL, MAKE_MAPPED };

/* Codes of the shortest texts, by their bytes and length in one word; 0 = free. */
#define BRIEF_SLOTS 32u
struct brief {
	uint64_t text[BRIEF_SLOTS];
	uint32_t code[BRIEF_SLOTS];
};

/* Codes that several streams want of one column, by row of the run in hand. */
struct shared {
	uint64_t known; /* rows whose code is there */
	uint32_t code[RUN_MAX];
};

/* Whether a column's texts come again in later chunks, as far as is known. */
struct coming {
	bool never;            /* texts of records' own: numbers of visits, links */
	uint16_t away, next;   /* chunks until asked again; the same when found so again */
	uint8_t doubts;
	uint8_t alone;         /* of columns that do not: chunks in which no text is looked for */
	uint32_t asked, fresh; /* texts in the chunk in hand */
	uint32_t n, code;      /* the last text of the run before; n: UINT32_MAX = none kept */
	char text[CACHE_TEXT];
};

static inline bool coming_never(const struct coming *c)
{
	return c->never || c->away;
}

/* Where a text goes; short codes are few. */
struct target {
	enum field field;
	uint16_t index;
	enum type type;
	enum width width;
	enum making making;
	int scale;                       /* of numbers */
	bool magnitude;                  /* of numbers: without the sign */
	bool first;                      /* what it makes is not blanked: it writes every row */
	bool named;                      /* its code table may know names for codes */
	const struct feed_values *values; /* NULL when no map */
	struct brief *brief;             /* of codes; in the plan's arena */
	struct shared *shared;           /* likewise; NULL when nobody else wants its codes */
	bool complete;                   /* each row of the run in hand got a value from it */
	uint16_t from;                   /* of an entry that waits: column of the full one that
					  * holds its values already, or NO_FROM */
	uint8_t varied;                  /* its texts hardly repeat: runs until asked again */
	struct coming coming;            /* of codes */
};

#define NO_FROM UINT16_MAX

struct binding {
	uint32_t column;
	unsigned rank; /* of columns filling one field the lowest that has a value counts */
	bool fallback; /* another column fills the same field first */
	struct target to;
};

struct gift_piece {
	struct str text;
	uint32_t column; /* NO_COLUMN: literal */
};
struct gift {
	enum feed_give kind;
	unsigned twin; /* binding that makes the same value of the same column; NO_COLUMN = none */
	struct gift_piece *piece;
	unsigned n;
	struct target to;
};

/* Of these columns one must have a value. */
struct need {
	uint16_t a, b, c;
	enum width width_a, width_b, width_c;
	enum field field; /* to name when all are missing */
};

/* A column of some stream's key: most texts are those of the row before. */
struct watched {
	uint32_t column;
	uint64_t changed; /* rows of the run in hand with another text than the row before */
	uint32_t n;       /* of the text before the run; UINT32_MAX = none kept */
	char text[CACHE_TEXT];
};

/* One stream a row may fill. */
struct entry {
	const struct feed_stream *feed;
	enum stream stream;
	struct binding *binding;
	unsigned n_binding, cap_binding;
	struct gift *gift;
	unsigned n_gift;
	uint32_t when_column;
	uint32_t once_column[FEED_KEY_MAX], filled_column[FEED_KEY_MAX];
	bool absent;    /* the header lacks a column that must be filled: no row is for it */
	struct need need[COLUMN_NEEDS_MAX];
	unsigned n_need;
	bool revises;   /* some column or gift may say the row's revision */
	uint64_t *seen; /* direct-mapped set of key hashes; NULL without once_per */
	uint32_t watches;  /* bit per watched column of the key; 0 = not all are watched */
	uint64_t last_key; /* of the row before while they stay the same; 0 = made anew */
	uint32_t made;     /* rows of the run in hand */
	bool *written;     /* columns of the stream that a first target writes; NULL: none */
	bool waits;        /* its records may be made some runs later (pending.h) */
};

struct plan {
	struct arena arena;
	const uint8_t *wanted;
	struct entry *entry;
	unsigned n_entry;
	unsigned n_waiting;        /* entries that wait */
	struct entry *full;        /* one that every row fills, alone in its stream; or NULL */
	struct dict *names;        /* lower-cased column names */
	uint32_t *column_of;       /* by dictionary code */
	uint32_t cap_names;
	struct str *column;        /* names as the source writes them */
	bool *known;
	uint32_t n_column, cap_column, cap_known;
	struct watched watched[WATCHED_MAX];
	unsigned n_watched;
	struct shared **shared;    /* by column; NULL before a header */
	uint32_t *unknown;         /* columns nobody knows */
	uint32_t n_unknown, cap_unknown;
};

/* A plan for a file entry; without streams (national) it has one entry per stored stream.
 * `wanted` as in decoder_new. */
void plan_init(struct plan *p, const struct feed_file *file, const uint8_t *wanted);
void plan_fini(struct plan *p);

/* All columns of a CSV header. False when a name stands twice, or a column that is required,
 * filtered by or keyed on is not there. */
bool plan_header(struct plan *p, const struct row_cells *names, struct err *e);

/* The column of a JSON key, made when new; NO_COLUMN when there are too many. */
uint32_t plan_key(struct plan *p, struct str name);

/* Registers the columns that the feed names itself; for JSON, before the first row. */
void plan_open(struct plan *p);

/* Forgets what was shared among the streams of a run. */
void plan_new_run(struct plan *p);

/* Forgets what depends on a chunk's dictionary. */
void plan_new_chunk(struct plan *p);
