/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gather.h - one subject on the way from stored rows to a batch; for this folder only.
 *
 * The subject's rows become items: sorted, bound to their visits, marked by reversal. Then
 * visits get their facts, and columns are written from items. All arrays are scratch that
 * lives as long as the timeline and is used again for the next subject.
 */
#pragma once

#include "lib/timeline/state.h"

#define NO_INDEX UINT32_MAX

enum item_state { ITEM_LIVE, ITEM_REVERSED, ITEM_RETRACTED };

struct item {
	int64_t time;
	const struct row *row;   /* NULL: a stay or visit */
	uint32_t id;             /* handle */
	uint32_t visit;          /* index in gather.visit, NO_INDEX */
	uint32_t link;           /* fee: its settlement; settlement, diagnosis: next of the visit */
	uint8_t state;           /* enum item_state */
	bool touched;            /* fee: partly reversed, see gather.left */
};

struct items {
	struct item *v;
	uint32_t n, cap;
	uint8_t *room;           /* the rows, of a stream in blocks */
	size_t cap_room;
};

/* What is left of a line, or of a reversal looking for one. */
struct left {
	int64_t cnt, amount, inscp;
};

struct visit {
	uint32_t place;          /* number in PLACES_VISIT */
	uint32_t facility, mdtrt;/* codes */
	uint32_t encounter;      /* index among items, NO_INDEX */
	uint32_t settlement;     /* first; the next by item.link */
	uint32_t last_settlement;
	uint32_t main_diagnosis, main_operation;
	uint32_t diagnosis;      /* first; the next by item.link */
	uint32_t diag_classes;   /* code, once diagnoses_known */
	uint32_t n_settlement, n_line; /* live */
	bool known_settlement;   /* any settlement at all, cancelled ones too */
	bool settled_line;       /* a live line names a settlement */
	bool settled;
	bool refunds;            /* has a negative line */
	uint8_t finished;        /* enum truth */
	uint8_t id_conflict;     /* enum truth: number against registered sex or birth */
	uint8_t visit_class;     /* enum visit_class, or NO_CLASS */
	bool diagnoses_known;
	bool person_known;       /* gender and birth below are those for `person_row` */
	const struct row *person_row;
	int64_t begin, end;
	int64_t gend, brdy;      /* code, days; MISSING_I64 */
};
#define NO_CLASS 255

struct gather;
struct column;
typedef int64_t value_fn(struct gather *g, const struct column *c, const struct item *it);
/* Of the first n live items. */
typedef void fill_fn(struct gather *g, const struct column *c, uint32_t n, void *out);

/* One column to write, and for derived ones the fields of the same name elsewhere. */
struct column {
	enum field field;
	fill_fn *fill;
	value_fn *value;
	bool by_day;             /* lines of one visit and day have one value */
	bool by_visit;           /* lines of one visit have, as long as no register has a say */
	uint8_t width;           /* enum width */
	uint8_t bytes;           /* of a value */
	uint16_t index;          /* of the column in a batch */
	struct cell cell;
	struct {
		enum field field;     /* FIELD_NONE: no twin there */
		struct cell cell;
	} twin[STREAM_STORED];
};

/* A row of a list, before it is an item. */
struct found {
	const struct row *row;
	uint32_t id;
};

struct gather {
	struct timeline *t;
	uint32_t subject;
	struct items items[STREAM_COUNT];
	struct visit *visit;
	uint32_t n_visit, cap_visit, n_mapped; /* n_mapped: so many are in visit_of */
	uint32_t *id;                 /* rows of a list */
	struct found *found;          /* the same that are there */
	uint32_t cap_id, cap_found;
	unsigned fee_flags;           /* any line has */
	struct item *sorted;
	uint64_t *order;              /* time and place of items, and room to sort them */
	uint32_t cap_sorted, cap_order;
	struct map64 visit_of;        /* place -> index, for subjects with many visits */
	struct map64 visit_numbered;  /* visit number -> index of least facility */
	struct map64 swept;           /* what a sweep takes back -> its revision */
	struct map64 setl_of;         /* facility, number -> first settlement, for codes */
	struct map64 last_of;         /* code -> its last row */
	uint32_t *before;             /* [trace items] the row before of the same code */
	uint32_t cap_before;
	struct map64 split_sale;      /* code, settlement: sold in pieces by one of its messages */
	struct map64 setl_named;      /* visit, code -> index, for subjects with very many */
	struct left *left;            /* [fee items] when the subject reverses */
	int64_t *share;               /* [fee items] fund's share */
	uint32_t *line;               /* fee items of one visit and item */
	uint32_t *queue;              /* of these, those with something left */
	struct sort_pair *pair;
	struct refund *refund;
	uint32_t cap_left, cap_share, cap_line, cap_queue, cap_pair, cap_refund;
	const struct item **live;
	const struct row **row;       /* of each live item */
	uint32_t *packed;             /* cells of one column of them */
	uint32_t *run;                /* where those of one visit and link begin; then the end */
	uint32_t *day;                /* where those of one visit and day begin; then the end */
	uint32_t n_run, n_day, cap_live, cap_row, cap_packed, cap_run, cap_day;
	bool any_left, any_share;     /* of this subject: `left`, `share` are set */
	struct column *column[STREAM_COUNT];
	uint32_t n_column[STREAM_COUNT];
	bool derived_rows[STREAM_COUNT]; /* stays, visits wanted */
	bool by_day[STREAM_COUNT];    /* some of its columns are */
	bool registered;              /* a register may know the subject, or where it went */
	bool shares;                  /* fund's share wanted */
	struct map64 icd_class;       /* code -> code of its category */
	struct map64 class_of;        /* med_type code -> class + 1 */
	uint32_t class_code[5];       /* by enum visit_class */
	uint32_t digit_code[4];       /* "0" .. "3" */
	const struct row *facility;   /* register entry last looked up, and for whom and when */
	uint32_t facility_code;
	int32_t facility_day;
	struct cell time[STREAM_STORED];
	struct cell fee_time, fee_cnt, fee_amount, fee_inscp, fee_item, fee_setl;
	struct cell setl_id, setl_sum, setl_batch, setl_type, setl_begin, setl_end, setl_mid;
	struct cell setl_fund, trace_split;
	struct cell enc_type, enc_status, enc_begin, enc_end;
};

/* ---- collect.c: items of a subject, sorted, bound to visits ---- */
void gather_collect(struct gather *g, uint32_t subject, struct gather_stats *gs);
int item_compare(const struct gather *g, enum stream s, const struct item *a,
		 const struct item *b);
void items_sort(struct gather *g, enum stream s);
/* Index of the settlement with this number in the visit, retracted ones too; NO_INDEX. */
uint32_t settlement_named(const struct gather *g, uint32_t visit, uint32_t id);
/* Once settlements are reversed: lines that name none join theirs by batch, or the only one. */
void gather_join(struct gather *g);
uint32_t settlement_joined(const struct gather *g, uint32_t visit, uint32_t batch);
/* Code of the settlement a line itself names; MISSING_CODE. */
uint32_t line_names(const struct gather *g, const struct item *it);
void scratch_clear(struct map64 *m);

/* So many live lines of the visit name this settlement. */
static inline void visit_lines(struct visit *v, uint32_t n, uint32_t name)
{
	v->n_line += n;
	v->settled_line |= name != MISSING_CODE;
}

/* ---- sweep.c: rows taken back many at once ---- */
void sweep_note(struct gather *g, enum stream s, const struct row *r);
void gather_sweep(struct gather *g, struct gather_stats *gs);

/* ---- reverse.c: cancelled settlements, returned lines ---- */
void gather_reverse(struct gather *g);

/* Position of a row among the sorted lines; NO_INDEX when a sweep took it, or it is not shown. */
uint32_t line_position(const struct gather *g, uint32_t row);

/* ---- trace.c: trace codes, once settlements and lines are reversed ---- */
void gather_trace(struct gather *g);
/* 拆零 as the row says it, or another message of the same sale. */
int64_t trace_split(struct gather *g, const struct item *it);

/* ---- visit.c: facts of visits; items of stays and visits ---- */
void gather_visits(struct gather *g);
void gather_share(struct gather *g);
/* First or last day of what a settlement covers: its own word, or, of a message, its visit's. */
int64_t visit_settled_day(struct gather *g, enum field f, const struct item *it);
uint8_t visit_class_of(struct gather *g, int64_t med_type);

/* ---- diagnoses.c ---- */
/* Categories of a visit's diagnoses and of `main` (a code, MISSING_I64), each once, in order,
 * with a blank between: "E11 I10"; MISSING_I64 when none is known. */
int64_t diagnoses_classes(struct gather *g, struct visit *v, int64_t main);

/* ---- derive.c: columns that no file carries ---- */
value_fn *derive_value(enum field f);
/* Whether what it gives depends on nothing but visit and day of an item with a visit. */
bool derive_by_day(value_fn *fn);
/* Whether nothing but the visit, where registers are silent. */
bool derive_by_visit(value_fn *fn);
/* Whether it is a code that depends on the visit alone, once its class is known. */
bool derive_by_class(value_fn *fn);

/* ---- column.c: items into a batch ---- */
void columns_init(struct gather *g);
void columns_write(struct gather *g, struct batch *b, struct gather_stats *gs);

/* ---- register.c ---- */
/* The row of a register list in force on a day, NULL when none. */
const struct row *register_on(const struct timeline *t, enum stream s, const struct list *l,
			      int32_t day);
/* The same for a place: facility, or item (its price at a facility, b, else b = 0). */
const struct row *register_at(const struct timeline *t, enum stream s, uint32_t a, uint32_t b,
			      int32_t day);

/* A stored field of a row (not a link); MISSING_I64 when missing, codes too. May add a code. */
int64_t row_value(struct timeline *t, enum field f, const struct row *r);

static inline const struct item *item_at(const struct gather *g, enum stream s, uint32_t i)
{
	return i == NO_INDEX ? NULL : &g->items[s].v[i];
}
