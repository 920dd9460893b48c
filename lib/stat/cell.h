/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cell.h - a cell from the inside, for the files of this folder only.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/dict.h"
#include "lib/base/map.h"
#include "lib/rule/plan.h"
#include "lib/stat/cells.h"

struct ends {
	struct rat min, max;
};

/* One aggregate summed over subjects. There are millions: what few need lies elsewhere. */
struct sum {
	struct rat total;
	uint64_t count;          /* records, or distinct values counted */
	uint32_t unknown;        /* subjects with a missing summand */
	uint32_t least;          /* the one text of peers' fields, 首个 and 末个, 0 = none */
	bool overflow;
	struct ends *ends;       /* of 最大 and 最小, when count > 0 */
	struct map64 *seen;      /* values kept, as codes of the cells' dictionary -> how often */
};

struct cell {
	uint32_t source;
	uint64_t sure;           /* records in it for sure; none: it cannot fire */
	const struct value *key; /* its own, or another set's it was merged from */
	struct sum *sum;         /* [n_agg + n_peer] of the source */
};

/* All one subject gave, packed. */
struct given {
	uint8_t *p;
	uint32_t n, cap;
};

/* A plain set remembers only to which cells a subject gave. */
struct gave {
	uint32_t subject, cell;
};

/* Reading it again; partials live until the next cells_unpack. */
struct unpacking {
	const uint8_t *p;
	uint32_t n, at;
	struct arena arena;
};

struct cells {
	const struct plan *p;
	const struct complete *complete; /* NULL: all periods are over */
	bool replaceable;
	struct arena arena;      /* keys and sums */
	struct dict *dict;       /* distinct values, texts of keys */
	struct map64 index;      /* hash of (source, key) -> cell, stepped on when hashes meet */
	struct cell *cell;
	uint32_t n, cap;
	uint32_t *local;         /* [n_local] cell + 1 by the evaluator's number, 0 = not met */
	uint32_t n_local;
	struct given *given;     /* [n_given] by subject */
	uint32_t n_given;
	struct gave *gave;       /* in the order given */
	uint32_t n_gave, cap_gave;
};

/* Kind of a source's i-th sum; AGG_NONE for the fields of peers behind the aggregates. */
enum agg cell_agg(const struct cell_source *s, uint32_t i);

/* cells_pack.c */
void cells_pack(struct cells *c, struct given *g, uint32_t cell, const struct contribution *k);
bool cells_unpack(const struct cells *c, struct unpacking *u, uint32_t *cell,
		  struct contribution *k);
