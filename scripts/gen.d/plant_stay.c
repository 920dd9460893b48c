/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stay.split, stay.overlap, stay.outside: readmission, two stays at once,
 * and bills outside while in hospital.
 */
#include <string.h>

#include "plant.h"

static int diag_by_code(const struct gen *g, const char *code)
{
	for (int i = 0; i < g->cat.ndiags; i++)
		if (strncmp(g->cat.diags[i].code, code, strlen(code)) == 0)
			return i;
	return 0;
}

/* Same: same three characters. Other: another chapter. */
static bool same_disease(const struct gen *g, int a, int b, int chars)
{
	return strncmp(g->cat.diags[a].code, g->cat.diags[b].code,
		(size_t)chars) == 0;
}

static int other_disease(struct gen *g, int than)
{
	int diag;

	do
		diag = rng_below(&g->rng, g->cat.ndiags);
	while (g->cat.diags[diag].planned || g->cat.diags[diag].limited ||
		same_disease(g, diag, than, 1));
	return diag;
}

static void stay_truth(struct gen *g, const struct plant *p,
	const struct visit *va, const struct visit *vb, bool violation)
{
	struct truth_row row = { .plant = p, .day = vb->day, .amount = -1 };

	row.visits[0] = va;
	if (vb != va)
		row.visits[1] = vb;
	if (violation) {
		row.amount = 0;
		for (int i = 0; i < vb->nsetls; i++)
			row.amount += vb->setls[i].fund;
	}
	truth_write(g, &row);
}

/* ---- readmission */

enum { SPLIT, SPLIT_SAME_DAY, SPLIT_SEVENTH, SPLIT_AFTER_MIDWAY,
	CHEMO, DIALYSIS, STAGED, MATERNITY, TRANSFER, DISEASE, LONG_GAP,
	ELSEWHERE, DAY_SURGERY };

static int split_gap(struct gen *g, int how)
{
	switch (how) {
	case SPLIT_SAME_DAY: return 0;
	case SPLIT_SEVENTH: return 7;
	case LONG_GAP: return 8 + rng_below(&g->rng, 4);
	default: return 1 + rng_below(&g->rng, 6);
	}
}

static int split_diag(struct gen *g, int how, int usual)
{
	switch (how) {
	case CHEMO: return diag_by_code(g, "Z51");
	case DIALYSIS: return diag_by_code(g, rng_chance(&g->rng, 500)
		? "N18" : "Z49");
	case STAGED: return diag_by_code(g, rng_chance(&g->rng, 500)
		? "H25" : "Z47");
	case MATERNITY: return diag_by_code(g, rng_chance(&g->rng, 700)
		? "O80" : "P59");
	default: return usual;
	}
}

/* Mothers, newborns and cataracts have their sex and age. */
static void fit_person(struct gen *g, const struct visit *v)
{
	enum { YEAR = 365 };
	const char *code = g->cat.diags[v->diag].code;

	if (*code == 'O') {
		g->person.gender = 2;
		g->person.birth_day = v->day - 28 * YEAR;
	} else if (*code == 'P') {
		g->person.birth_day = v->day - 3;
	} else if (strncmp(code, "H25", 3) == 0) {
		g->person.birth_day = v->day - 70 * YEAR;
	}
}

/* A birth has a mother, or a newborn; an old eye has an old owner. */
static void suit_person(struct gen *g, const struct visit *v, int how)
{
	const char *code = g->cat.diags[v->diag].code;

	if (how == MATERNITY) {
		g->person.gender = 2;
		g->person.birth_day = v->day - (code[0] == 'O' ? 28 * 365 : 3);
	}
	if (how == STAGED && code[0] == 'H')
		g->person.birth_day = v->day - 70 * 365;
}

/* Too late for stay.split, and what stay.split_watch looks for. */
static const struct plant watched = { "stay.split_watch", "violation",
	"back after eight days or more", 0, NULL, 0 };

static void make_split(struct gen *g, const struct plant *p, int day)
{
	int nights = p->arg == SPLIT_AFTER_MIDWAY ? 8
		: 2 + rng_below(&g->rng, 3);
	struct visit *va = plant_stay(g, plant_hospital(g), day, nights), *vb;

	vb = plant_stay(g, p->arg == ELSEWHERE ? plant_other_hospital(g,
		va->fac) : va->fac, va->end_day + split_gap(g, p->arg),
		2 + rng_below(&g->rng, 3));
	if (p->arg == SPLIT_SAME_DAY)
		vb->begin = va->end + 1800;
	va->diag = split_diag(g, p->arg, va->diag);
	suit_person(g, va, p->arg);
	vb->diag = p->arg == DISEASE ? other_disease(g, va->diag) : va->diag;
	fit_person(g, va);
	va->dscg_way = p->arg == TRANSFER ? 2 : 1;
	if (p->arg == DAY_SURGERY) {
		vb->med_type = "28";
		vb->end_day = vb->day + 1;
		vb->setls[0].end = vb->end_day;
		vb->end = (int64_t)vb->end_day * DAY_SECONDS + 10 * 3600;
	}
	fill_visit(g, va);
	if (p->arg == SPLIT_AFTER_MIDWAY)
		settle_midway(g, va);
	fill_visit(g, vb);
	visit_close(g, va);
	visit_close(g, vb);
	stay_truth(g, p, va, vb, p->arg <= SPLIT_AFTER_MIDWAY);
	if (p->arg == LONG_GAP)
		stay_truth(g, &watched, va, vb, true);
}

static void make_midway(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_stay(g, plant_hospital(g), day, 14);

	v->quiet = false;
	plant_finish(g, 0);
	stay_truth(g, p, v, v, false);
}

/* ---- two at once */

enum { OVERLAP, INSIDE, MOVED, ONE_DAY };

static void make_overlap(struct gen *g, const struct plant *p, int day)
{
	int nights = 6 + rng_below(&g->rng, 3), at, to;
	struct visit *va = plant_stay(g, plant_hospital(g), day, nights), *vb;

	at = p->arg == MOVED ? nights : p->arg == ONE_DAY ? nights - 1
		: p->arg == INSIDE ? 2 : nights - 2 - rng_below(&g->rng, 2);
	to = p->arg == INSIDE ? 2 : 5;
	vb = plant_stay(g, plant_other_hospital(g, va->fac), day + at, to);
	if (p->arg == MOVED) {
		va->end = (int64_t)va->end_day * DAY_SECONDS + 9 * 3600;
		vb->begin = va->end + 3600;
	}
	if (p->arg >= MOVED)
		va->dscg_way = 2;
	vb->diag = other_disease(g, va->diag);
	plant_finish(g, 0);
	stay_truth(g, p, va, vb, p->arg <= INSIDE);
}

/* ---- outside while inside */

enum { CLINIC, PHARMACY, FIRST_FULL_DAY, LAST_FULL_DAY, OTHER_PERSON_FIRST,
	ADMISSION_DAY,
	DISCHARGE_DAY, OWN_ACCOUNT, REFUNDED, MIRRORED };

static void make_outside(struct gen *g, const struct plant *p, int day)
{
	int nights = 6, at;
	struct visit *stay = plant_stay(g, plant_hospital(g), day, nights), *v;
	bool shop = p->arg == PHARMACY || (p->arg > CLINIC
		&& rng_chance(&g->rng, 400));

	at = p->arg == ADMISSION_DAY ? 0 : p->arg == DISCHARGE_DAY ? nights
		: p->arg == FIRST_FULL_DAY ? 1
		: p->arg == LAST_FULL_DAY ? nights - 1
		: 2 + rng_below(&g->rng, nights - 3);
	v = shop ? visit_new(g, VISIT_PHARMACY, world_pick(&g->world, &g->rng,
		0), day + at) : plant_outpatient(g, day + at);
	v->quiet = true;
	v->wrong_person = p->arg == OTHER_PERSON_FIRST;
	v->setls[0].no_fund = p->arg == OWN_ACCOUNT;
	v->setls[0].refunded = p->arg == REFUNDED;
	fill_visit(g, v);
	if (!v->nlines)
		visit_line(g, v, g->cat.pools[POOL_DRUG].items[0],
			v->begin + 60);
	for (int i = 0; i < v->nlines; i++)
		v->lines[i].ownpay = false;
	if (p->arg == MIRRORED) {
		visit_mirror(g, v, 0);
		v->negative_lines = rng_chance(&g->rng, 500);
	}
	fill_visit(g, stay);
	visit_close(g, stay);
	visit_close(g, v);
	stay_truth(g, p, stay, v, p->arg <= OTHER_PERSON_FIRST);
}

#define STAY_SPLIT(kind, why, span, arg) \
	{ "stay.split", kind, why, span, make_split, arg }
#define STAY_OVERLAP(kind, why, arg) \
	{ "stay.overlap", kind, why, 16, make_overlap, arg }
#define STAY_OUTSIDE(kind, why, arg) \
	{ "stay.outside", kind, why, 8, make_outside, arg }

const struct plant plants_stay[] = {
	STAY_SPLIT("violation", "back within seven days", 16, SPLIT),
	STAY_SPLIT("violation", "back on the same day", 12, SPLIT_SAME_DAY),
	STAY_SPLIT("violation", "back on the seventh day", 17, SPLIT_SEVENTH),
	STAY_SPLIT("violation", "first stay settled midway too", 20,
		SPLIT_AFTER_MIDWAY),
	STAY_SPLIT("lookalike", "chemotherapy cycle", 16, CHEMO),
	STAY_SPLIT("lookalike", "dialysis", 16, DIALYSIS),
	STAY_SPLIT("lookalike", "staged operation", 16, STAGED),
	STAY_SPLIT("lookalike", "maternity or newborn", 16, MATERNITY),
	STAY_SPLIT("lookalike", "transferred out and back", 16, TRANSFER),
	STAY_SPLIT("lookalike", "another disease", 16, DISEASE),
	STAY_SPLIT("lookalike", "gap of eight days or more", 21, LONG_GAP),
	STAY_SPLIT("lookalike", "another facility", 16, ELSEWHERE),
	STAY_SPLIT("lookalike", "day surgery", 14, DAY_SURGERY),
	{ "stay.split", "lookalike", "one stay settled midway", 16,
		make_midway, 0 },
	STAY_OVERLAP("violation", "two stays overlap", OVERLAP),
	STAY_OVERLAP("violation", "one stay inside another", INSIDE),
	STAY_OVERLAP("lookalike", "moved on the day of discharge", MOVED),
	STAY_OVERLAP("lookalike", "one day shared on a transfer", ONE_DAY),
	STAY_OUTSIDE("violation", "outpatient during a stay", CLINIC),
	STAY_OUTSIDE("violation", "pharmacy during a stay", PHARMACY),
	STAY_OUTSIDE("violation", "on the first full day", FIRST_FULL_DAY),
	STAY_OUTSIDE("violation", "on the last full day", LAST_FULL_DAY),
	STAY_OUTSIDE("violation", "first sent under another person",
		OTHER_PERSON_FIRST),
	STAY_OUTSIDE("lookalike", "on the day of admission", ADMISSION_DAY),
	STAY_OUTSIDE("lookalike", "on the day of discharge", DISCHARGE_DAY),
	STAY_OUTSIDE("lookalike", "personal account only", OWN_ACCOUNT),
	STAY_OUTSIDE("lookalike", "settlement flagged refunded", REFUNDED),
	STAY_OUTSIDE("lookalike", "settlement mirrored negative", MIRRORED),
	{ NULL, NULL, NULL, 0, NULL, 0 },
};
