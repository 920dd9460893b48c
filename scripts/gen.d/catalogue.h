/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The items, diagnoses and knowledge tables the generator draws from: read
 * from CSV so that generator and rules speak of the same codes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum item_flag {
	ITEM_REPEATABLE = 1,            /* many a day is ordinary */
	ITEM_PAIRED = 2,                /* stands in a duplicate-billing pair */
	ITEM_PANEL = 4,                 /* panel or component of one */
	ITEM_DEAR = 8,                  /* the dear variant of its group */
	ITEM_LIMITED = 16,              /* for some people, departments or visits only */
	ITEM_MALE = 32, ITEM_FEMALE = 64,
};

struct item {
	char code[32];
	char name[160];
	char generic[64];
	int list_type;
	int chrg_type;                  /* med_chrgitm_type */
	int64_t price;                  /* fen */
	int group;                      /* substitution group, -1 none */
	int cap;                        /* a day, 1 unless the table says more */
	int interval;                   /* days between two, 0 none */
	int selfpay;                    /* per mille paid first by the person */
	unsigned flags;
};

enum pair_window { WINDOW_DAY, WINDOW_VISIT, WINDOW_SIX_HOURS, WINDOW_HOUR };

struct pair {
	int a, b;
	enum pair_window window;
};

enum pool_id {
	POOL_GROUP, POOL_DRUG, POOL_HERB, POOL_LAB, POOL_EXAM, POOL_TREAT,
	POOL_SURGERY, POOL_MATERIAL, POOL_BED, POOL_NURSING, POOL_VISIT_FEE,
	POOL_PLAIN, POOL_REPEATABLE, POOL_CAP2, POOL_CAP24, POOL_INTERVAL,
	POOL_COUNT
};

/* A pool draws by Zipf's law: the first entries most often. */
struct pool {
	int *items;                     /* POOL_GROUP holds group numbers */
	double *upto;
	int n;
};

struct brand {
	char name[64];
	int group;
};

struct diagnosis {
	char code[16];
	char name[160];
	bool planned;                   /* on the planned-readmission list */
	bool limited;                   /* of one sex or of some ages */
};

struct catalogue {
	struct item *items;
	int nitems;
	int ngroups;
	int group_items[128][4];
	int group_dear[128];            /* item */
	struct pair *pairs;
	int npairs;
	struct pair *panels;            /* a = panel, b = component */
	int npanels;
	uint64_t *adjacent;             /* hash set of pairs that exclude */
	unsigned adjacent_mask;
	struct diagnosis *diags;
	int ndiags;
	struct brand brands[128];
	int nbrands;
	struct pool pools[POOL_COUNT];
	int ward_fee;                   /* 住院诊查费 */
};

/* Reads all tables; on failure prints the reason and returns false. */
bool catalogue_load(struct catalogue *c, const char *folder,
	const char *knowledge);
void catalogue_free(struct catalogue *c);
int catalogue_find(const struct catalogue *c, const char *code);
/* May a and b not stand beside each other (in either order)? */
bool catalogue_exclusive(const struct catalogue *c, int a, int b);
int pool_draw(const struct pool *p, double uniform);
