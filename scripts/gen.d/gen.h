/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the generator share: numbers, the world, a visit and its
 * way out. The generator writes invented settlement extracts with known
 * violations; it must not know how rules are evaluated. It never uses lib/:
 * data made by the code under test would prove nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "catalogue.h"

enum { DAY_SECONDS = 86400, MAX_LINES = 4096, MAX_SETLS = 8, MAX_VISITS = 4 };

/* ---- numbers: one stream per person, so that a person never depends on
 * the number of the others */
struct rng {
	uint64_t state;
};

void rng_seed(struct rng *r, uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *r);
int rng_below(struct rng *r, int n);               /* 0 … n-1 */
bool rng_chance(struct rng *r, int per_mille);
uint64_t mix64(uint64_t x);

/* ---- options */
struct options {
	const char *out;
	const char *truth;              /* file, or NULL: truth.csv in out */
	const char *catalogue;          /* folder of catalogue.csv, diagnoses.csv */
	const char *knowledge;          /* folder of the rules' tables */
	const char *gzip;               /* stem of the file to compress, or "" */
	const char *gb18030;            /* stem of the file in GB18030, or "" */
	long lines;
	long persons;
	int facilities;
	int first_day;                  /* days since 1970-01-01 */
	int days;
	uint64_t seed;
	double lookalikes;              /* look-alikes per violation */
	bool wild;                      /* nothing planted, nothing avoided */
	bool goods;                     /* stock, people and doctors too */
};

/* ---- the world */
struct facility {
	char code[20];
	char name[64];
	int level;                      /* hosp_lv */
	int kind;                       /* 3, 2, 1 hospital class; 0 pharmacy */
};

struct world {
	struct facility *facs;
	uint64_t *counters;             /* visits so far, by facility */
	int nfacs;
	int first[4], count[4];         /* by kind: facs are sorted by kind */
	int mains[4];                   /* how many of a kind share one level */
};

void world_init(struct world *w, int wanted, long lines);
void world_fini(struct world *w);
int world_pick(const struct world *w, struct rng *r, int kind);
int world_main(const struct world *w, struct rng *r, int kind);

/* ---- price tiers: how often a facility takes the dear variant */
enum tier_mode { TIER_NORMAL, TIER_DEAR, TIER_MODERATE, TIER_SMALL };

struct tiers {
	int nfacs, ngroups, nmonths;
	int first_month;
	unsigned char *mode;            /* [fac][group] */
	int *carry;                     /* per mille, error diffusion; this
					 * and those below by month too */
	int *drawn;
	int *total, *dear;              /* live lines */
};

struct gen;
void tiers_init(struct gen *g);
void tiers_fini(struct gen *g);
int tiers_draw(struct gen *g, int fac, int group, int day);    /* item or -1 */
void tiers_count(struct gen *g, int fac, int item, int day);
enum tier_mode tiers_mode(const struct gen *g, int fac, int group);
void tiers_truth(struct gen *g);

/* ---- one visit while it is being made */
enum visit_kind { VISIT_OUT, VISIT_IN, VISIT_PHARMACY };

struct line {
	int item;
	int64_t time;
	int cnt;                        /* negative on return lines */
	int left;                       /* what refunds leave of cnt */
	int sn, init_sn;
	int setl;                       /* index, -1 = not settled */
	int was_cnt;                    /* != 0: an older revision with this cnt */
	bool stale_late;                /* the older revision arrives last */
	bool resend;                    /* the same revision again, newer */
	bool late, deleted, refused, ownpay;
	const char *name;               /* the facility's own name, if special */
};

struct setl {
	uint64_t id, init;
	int begin, end;                 /* days */
	int64_t medfee, inscp, fund;    /* fen */
	bool manual, aid, mid, refunded, late, no_fund;
	bool second_insurance;          /* the other part of the cover */
	bool flag_later;                /* sent unflagged first */
	uint64_t invoice;
	int mirrors;                    /* index of the settlement reversed, -1 */
	int like;                       /* sums copied from this one, -1 */
};

struct visit {
	enum visit_kind kind;
	int fac, day, end_day;
	int64_t begin, end;
	uint64_t id;                    /* unique in the data */
	uint64_t number;                /* of mdtrt_id: unique in a facility */
	const char *med_type;
	int diag;
	int dscg_way;
	bool open;                      /* still in hospital: nothing settled */
	bool wrong_person;              /* first sent under another psn_no */
	bool negative_lines;            /* mirrors carry negative lines too */
	bool quiet;                     /* no refund noise in this visit */
	int nsn;
	int nlines, nsetls;
	struct line lines[MAX_LINES];
	struct setl setls[MAX_SETLS];
};

/* ---- a person while its timeline is being made */
enum { SEEN_SLOTS = 16384, MAX_MARKS = 4096 };

struct mark {
	int item, day, visit;
};

struct person {
	long index;
	char no[20], wrong_no[20], name[16];
	int gender, birth_day, insutype, home;
	int nvisits;
	struct visit *visits[MAX_VISITS];
	int nseen;
	uint32_t stamp;
	uint32_t seen_stamp[SEEN_SLOTS];
	uint64_t seen_key[SEEN_SLOTS];  /* item and day already billed */
	struct mark marks[MAX_MARKS];   /* items that take part in pairs */
	int nmarks;
	struct mark tests[MAX_MARKS];   /* items with a minimum interval */
	int ntests;
};

struct outputs;
struct truth;

struct gen {
	struct options opt;
	struct catalogue cat;
	struct world world;
	struct tiers tiers;
	struct rng rng;
	struct person person;
	struct visit *pool[MAX_VISITS];
	struct outputs *out;
	FILE *truth;
	uint64_t next_visit, next_setl;
	long lines_out, violations, lookalikes;
	int name_combo;
};

/* ---- visits (visit.c): a forced line is never checked, a filled one is */
struct visit *visit_new(struct gen *g, enum visit_kind kind, int fac, int day);
struct visit *stay_new(struct gen *g, int fac, int day, int nights);
struct line *visit_line(struct gen *g, struct visit *v, int item, int64_t time);
struct line *visit_return(struct gen *g, struct visit *v, struct line *of,
	bool linked);
int visit_settle(struct gen *g, struct visit *v);
int visit_mirror(struct gen *g, struct visit *v, int setl);
bool visit_free_for(const struct gen *g, const struct visit *v, int item,
	int day);
void visit_close(struct gen *g, struct visit *v);   /* sums, noise, writing */
int64_t line_inscp(const struct gen *g, const struct line *l);
int64_t line_amount(const struct gen *g, const struct line *l);

/* ---- background lines and people (fill.c, person.c) */
void fill_visit(struct gen *g, struct visit *v);
void fill_some(struct gen *g, struct visit *v, int lines);
void noise_visit(struct gen *g, struct visit *v);
/* All lines once more under a new settlement, whose index is returned. */
int bill_again(struct gen *g, struct visit *v, int first);
/* A stay settled in the middle and at the end. */
void settle_midway(struct gen *g, struct visit *v);
/* A pool's item, or in wild data often one that rules speak of. */
int wild_item(struct gen *g, int usual);
int64_t wild_time(struct gen *g, int64_t time);
const char *wild_name(struct gen *g, int item);     /* NULL mostly */
void wild_settle(struct gen *g, struct visit *v);
void person_begin(struct gen *g, long index);
void person_walk(struct gen *g, double visits_per_day, int from, int to);

/* ---- planted cases (plant.c and plant_*.c) */
struct plant {
	const char *rule;
	const char *kind;               /* violation or lookalike */
	const char *why;
	int span;                       /* days the case needs */
	void (*make)(struct gen *g, const struct plant *p, int day);
	int arg;
};

extern const struct plant plants_dup[], plants_pair[], plants_settlement[],
	plants_test[], plants_stay[], plants_name[];
int plants_count(const struct gen *g, long *each_violation,
	long *each_lookalike);
const struct plant *plants_at(int index);

/* ---- truth (truth.c) */
struct truth_row {
	const struct plant *plant;
	const struct visit *visits[MAX_VISITS];
	const struct line *lines[8];    /* lines[i] belongs to line_of[i] */
	const struct visit *line_of[8];
	const struct setl *setls[2];
	int day;
	int64_t amount;                 /* fen, -1 = not said */
};

bool truth_open(struct gen *g);
bool truth_close(struct gen *g);
void truth_write(struct gen *g, const struct truth_row *row);
void truth_facility(struct gen *g, const struct plant *p, int fac,
	const char *month, const char *key);

/* ---- writing (out.c, emit.c) */
bool outputs_open(struct gen *g);
bool outputs_close(struct gen *g);
void emit_encounter(struct gen *g, const struct visit *v);
void emit_settlement(struct gen *g, const struct visit *v,
	const struct setl *s);
void emit_lines(struct gen *g, const struct visit *v);
bool emit_registers(const struct gen *g);   /* items, facilities */

/* ---- goods and registers, with --goods (goods.c) */
bool goods_open(struct gen *g);
bool goods_close(struct gen *g);
void goods_visit(struct gen *g, const struct visit *v);
void goods_person(const struct gen *g);   /* once a person is done */

/* ---- calendar */
int day_of(int year, int month, int day);
void day_split(int day, int *year, int *month, int *dom);
/* The visit's mdtrt_id as text. */
const char *visit_text(const struct visit *v, char text[32]);
const char *day_text(int day);          /* yyyy-mm-dd, valid for ever */
int month_index(int day);               /* months since year 0 */
