/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * row.h - cells of one input row become records of one or more streams, or a reject.
 *
 * A row is taken whole or not at all: when one of its records cannot be made, the others
 * of the same row are not made either and the row is one reject.
 * Knows plans and chunks, not where the cells came from. For lib/record only.
 */
#pragma once

#include "lib/record/row_cells.h"
#include "lib/record/decode.h"
#include "lib/record/known.h"
#include "lib/record/plan.h"
#include "lib/record/reject.h"

#define ROW_ALL_STREAMS UINT32_MAX
#define ROW_SPARE_MAX 4u

struct row_in {
	struct row_cells cells; /* by plan column; fewer than the plan has: the rest is empty */
	struct str raw;         /* shown when the row is refused */
	uint64_t line, offset;
	uint32_t length;        /* bytes of the row in the text */
	uint64_t digest;        /* of the raw row; 0 = made from the content */
	uint32_t streams;       /* bit per enum stream it may fill; ROW_ALL_STREAMS */
};

/* A cell that held an object or array where a plain value belongs. */
struct str row_nested(void);

/* A record of a once_per stream whose key had not been seen since the rower began: it may have
 * been before. */
struct claim {
	uint64_t key, last; /* last: the key the same slot holds in the end */
	uint32_t entry;     /* of the plan */
	uint32_t chunk, row; /* place in the chunks made since, and in the table */
	bool refused;       /* the whole row was */
};

struct claims {
	struct claim *claim;
	uint32_t n, cap;
};

/* Rows that make a record of a waiting stream, and where their ends are kept. */
struct pending {
	struct row_in *row;
	uint32_t *end;       /* [cap][columns of the plan] */
	uint32_t *full;      /* the same rows in the full stream's table */
	uint32_t n, cap, cap_end, cap_full;
};

/* Keys of once_per streams as they were before they were noted. */
struct undo {
	uint64_t *slot, before;
};

/* Runs of which some streams' records are still to be made; pending.h */
struct window {
	bool open, lost;           /* lost: its rows are to be given again */
	uint64_t line, offset;     /* of its first row */
	struct decode_stats stats; /* this and the next as they were before */
	uint64_t rows;
	uint32_t n_reject, n_claim;
	uint32_t *n;               /* of the tables, by entry */
	struct pending *pending;   /* by entry */
	struct undo *undo;         /* of the window, or of the run in hand */
	uint32_t n_undo, cap_undo;
	uint32_t careful;          /* rows to be taken before another one opens */
};

struct rower {
	struct plan plan;
	int64_t revision;
	struct decode_stats *stats;
	bool english;        /* the language of rejects' sentences */
	bool positions;      /* columns have positions to show: CSV, not JSON */
	struct claims *claims; /* gathered here; NULL when the rower sees all rows */
	uint32_t chunk_rows; /* of the input a chunk has at most */
	struct chunk *chunk; /* being filled; NULL before the first row of it */
	struct chunk *spare[ROW_SPARE_MAX]; /* to be filled again */
	unsigned n_spare;
	struct known *known; /* texts of all chunks */
	struct chunk **ready;
	unsigned n_ready, cap_ready, next_ready;
	uint32_t run;        /* rows to try together next; 0 = one */
	bool settles;        /* rower_settle is called before the text of rows goes */
	struct window window;
	char *text;          /* scratch for composed texts */
	uint32_t text_cap;
};

void rower_init(struct rower *r, const struct feed *feed, const struct feed_file *file,
		const uint8_t *wanted, struct decode_stats *stats);
void rower_fini(struct rower *r);

/* Rows in order; what is wrong with one becomes a reject. */
void rower_take(struct rower *r, const struct row_in *row, unsigned n);

/* Makes the records that wait. False: a row cannot be taken, those from that line and byte on are
 * forgotten and must be given again; until then rows are passed over. */
bool rower_settle(struct rower *r, uint64_t *line, uint64_t *offset);

/* One row that could not even be cut into cells; `detail` may be empty. */
void rower_refuse(struct rower *r, const struct row_in *row, enum reject_reason why,
		  uint32_t column, struct str detail);

/* Whether a claimed key had been seen before. */
bool rower_has_seen(const struct rower *r, const struct claim *c);

/* Takes over that after a claim's rows its slot holds what the claim says. */
void rower_see(struct rower *r, const struct claim *c);

/* Ends a run of rows: notes what the claimed slots hold and forgets all keys. */
void rower_forget(struct rower *r);

/* The last, partial chunk becomes ready. */
void rower_flush(struct rower *r);

/* The next ready chunk or NULL; the caller frees it. */
struct chunk *rower_next(struct rower *r);

/* A chunk to be filled again. */
void rower_give(struct rower *r, struct chunk *take_chunk);
