/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cell.h - cells from the inside, for the files of this folder only.
 *
 * The cells of one source lie in pages of records of one size: head, key, sums. A key is a
 * tuple of key parts; a part is one value one key ever had, told by its number in the shard's
 * evaluator. There are millions of cells and few parts.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/dict.h"
#include "lib/base/map.h"
#include "lib/base/slots.h"
#include "lib/rule/plan.h"
#include "lib/stat/cells.h"

#define CELL_PAGE_BITS 10

/* One aggregate summed over subjects, at the scale of its argument. Of a peers' field `total` is
 * the part of one of its values and `count` how often it was given. Of an aggregate that keeps
 * values (不同, 最大, ...) it is one of them, as KEPT says: a cell mostly has no other. */
struct sum {
	int64_t total;           /* lower half; the upper is in struct rest */
	uint32_t count;          /* records, or distinct values counted */
	uint32_t unknown;        /* contributions with a missing summand */
};

/* A value kept in the sum itself: its code, and above that how often; 0 when there is none. */
#define KEPT_CODE(total) ((uint32_t)(total))
#define KEPT_TIMES(total) ((uint64_t)(total) >> 32)
#define KEPT_ONCE (INT64_C(1) << 32)

/* What few sums have beside. */
struct rest {
	int64_t carry;           /* upper half of the total, signed halves added */
	struct rat more;         /* sum of what has no scale */
	bool overflow;
	struct map64 seen;       /* more values: code of the cells' dictionary, or part, -> times */
};

struct cell {
	uint32_t sure;           /* records in it for sure; none: it cannot fire */
	uint32_t given;          /* contributions; none: it is not there. And CELL_CHANGED */
	uint32_t key[];          /* parts */
};

/* In the list of changed ones. Not a bit field: written as a byte and read as a word, it would be
 * waited for. */
#define CELL_CHANGED (UINT32_C(1) << 31)

static inline uint32_t cell_given(const struct cell *x)
{
	return x->given & ~CELL_CHANGED;
}

/* The cells of one source. */
struct table {
	uint32_t n_key, n_sum;
	uint32_t *node;          /* of keys, then of peers' fields */
	uint32_t sum_at, stride; /* bytes */
	uint32_t n;
	struct arena pages;
	uint8_t **page;          /* of them */
	uint32_t n_page, cap_page;
	struct slots slots;      /* cell + 1 by hash */
	struct map64 rest_of;    /* cell * n_sum + sum -> number in cells.rest */
};

struct part {
	uint32_t node;           /* key or peers' field it is a value of */
	struct value value;
	struct str text;
};

/* A part met lately, by node and number; `part` is one more than its number, 0 = none. */
struct part_near {
	uint64_t number;
	uint32_t node, part;
};
#define PARTS_NEAR 8192u

struct cell_at {
	uint32_t source, cell;
};

struct given_cell {
	uint32_t source, cell;
	uint32_t end;            /* of what it was given, in the bytes */
};

/* Gifts packed: cells, and what each of them got. */
struct gifts {
	struct given_cell *cell;
	uint8_t *p;
	uint32_t n_cell, n;
	uint32_t cap_cell, cap;  /* 0 when it is a view of a block */
};

/* All one subject gave: a block of cells, and the bytes behind them. */
struct given {
	struct given_cell *cell;
	uint32_t n_cell;
	uint32_t turn;           /* its place in the batch in hand */
};

/* A plain set remembers only to which cells a subject gave: neighbours in the list of these. */
struct gave {
	uint32_t subject, source;
	uint32_t end;            /* of its cells; they begin where those before end */
};

struct cells {
	const struct plan *p;
	bool replaceable;
	struct table *table;     /* [n_source] */
	struct part *part;
	uint64_t *number;        /* [n_part] of the parts in the evaluator */
	uint32_t n_part, cap_part, cap_number;
	struct part_near *near;  /* [PARTS_NEAR] by some bits of a hash */
	struct map64 part_of;    /* hash of (node, number) -> part, stepped on when hashes meet */
	struct rest *rest;
	uint32_t n_rest, cap_rest;
	struct dict *dict;       /* values kept */
	struct arena arena;      /* texts of parts */
	struct arena scratch;    /* one contribution */
	struct given *given;     /* [n_given] by subject */
	uint32_t n_given;
	size_t given_bytes;      /* of all blocks */
	struct gave *gave;       /* in the order given */
	uint32_t n_gave, cap_gave;
	uint32_t *gave_to;       /* cells */
	uint32_t n_gave_to, cap_gave_to;
	uint32_t *giver;         /* subjects since cells_begin */
	uint32_t n_giver, cap_giver;
	struct gifts taken;      /* from them, in the order given, and by whose turn */
	uint32_t *turn, cap_turn;
	struct gifts now;        /* of one of them */
	struct cell_at *changed; /* of a replaceable set, since they were split last */
	uint32_t n_changed, cap_changed;
};

/* Values kept, as codes of the cells' dictionary. den 0: no sum. */
struct coded {
	struct rat sum;
	uint32_t n;
	const uint32_t *code;
};

/* One contribution ready to be folded in or out. Peers' fields have parts for numbers. Its members
 * are not in the order of a given_cell: just written, and read as one, they would be waited for. */
struct gift {
	uint32_t source, sure, cell;
	uint64_t digest;
	const struct partial *partial;   /* [n_sum] */
	const struct coded *kept;        /* [n_sum] or NULL */
};

static inline struct cell *cell_at(const struct table *t, uint32_t i)
{
	return (struct cell *)(void *)(t->page[i >> CELL_PAGE_BITS] +
		(size_t)(i & ((1u << CELL_PAGE_BITS) - 1)) * t->stride);
}

static inline struct sum *cell_sums(const struct table *t, uint32_t i)
{
	return (struct sum *)(void *)((uint8_t *)cell_at(t, i) + t->sum_at);
}

/* cells_part.c: the part a row has for its source's i-th key or peers' field. */
uint32_t cell_part(struct cells *c, struct eval *e, uint32_t source, uint32_t i, uint32_t row,
		   uint64_t number);

/* NULL when the sum has nothing beside; the other makes it then. */
const struct rest *cell_rest(const struct cells *c, uint32_t source, uint32_t cell, uint32_t sum);
struct rest *cell_rest_make(struct cells *c, uint32_t source, uint32_t cell, uint32_t sum);

/* `times` more of a value kept; less, when it is given back. */
void cell_keep(struct cells *c, struct cell_at at, uint32_t sum, uint32_t code, int64_t times);

/* One more cell, all zero, that no slot leads to yet. */
uint32_t table_add(struct table *t);

/* Whether an aggregate keeps values rather than adding them up. */
bool agg_keeps_values(enum agg agg);

/* Kind of a source's i-th sum; AGG_NONE for the fields of peers behind the aggregates. */
enum agg cell_agg(const struct cell_source *s, uint32_t i);

/*
 * cells_add.c: sums from elsewhere added to a set that no evaluator feeds, which knows its
 * parts by their texts; or, with sign -1, taken out again.
 */
struct adding {
	struct cells *into;
	struct cell_at to;
	uint32_t sum;
	int sign;
};
uint32_t cells_part(struct cells *c, const struct part *p);
uint32_t table_cell(struct table *t, const uint32_t *key);
void cell_add(const struct adding *a, uint32_t sure, uint32_t given);
void cell_add_counts(const struct adding *a, uint32_t count, uint32_t unknown);
void cell_add_total(const struct adding *a, int64_t total);
void cell_add_rest(const struct adding *a, const struct rest *r);
/* One value kept, or of a peers' field (a part of `into`), given so often. */
void cell_add_value(const struct adding *a, struct str text, uint64_t times);
void cell_add_peer(const struct adding *a, uint32_t part, uint64_t times);

/* cells_pack.c: what a subject gave; unpacked into c->scratch. */
void gift_pack(const struct cells *c, struct gifts *g, const struct gift *gift);
void gift_unpack(struct cells *c, const struct gifts *g, uint32_t i, struct gift *out);
/* The i-th gift of another list as it is. */
void gift_copy(struct gifts *to, const struct gifts *from, uint32_t i);
/* The place in b of just what a has at i, looked for from place `hint` on; b's number when there
 * is none. */
uint32_t gift_same(const struct gifts *a, uint32_t i, const struct gifts *b, uint32_t hint);
bool gifts_equal(const struct gifts *a, const struct gifts *b);
/* A subject's block as a list, and n neighbours of a list as its block. */
struct gifts given_gifts(const struct given *g);
void given_set(struct given *g, const struct gifts *from, uint32_t first, uint32_t n);
