/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dup.settlement: one visit or bill paid twice, and the settlements of one
 * visit that are rightly more than one.
 */
#include "plant.h"

enum { MANUAL_TOO, EQUAL_TWICE, MEDICAL_AID, SECOND_INSURANCE, TWO_VISITS,
	MIDWAY, REBILLED_FLAG,
	REBILLED_MIRROR, TWO_PURCHASES };

static void settlement_truth(struct gen *g, const struct plant *p,
	const struct visit *va, int a, const struct visit *vb, int b,
	bool violation)
{
	struct truth_row row = { .plant = p, .day = va->day,
		.amount = violation ? vb->setls[b].fund : -1 };

	row.visits[0] = va;
	if (vb != va)
		row.visits[1] = vb;
	row.setls[0] = &va->setls[a];
	row.setls[1] = &vb->setls[b];
	truth_write(g, &row);
}

/* Drugs only: nothing another rule speaks of. */
static void fill_drugs(struct gen *g, struct visit *v, int n)
{
	for (int i = 0; i < n; i++) {
		struct line *l = visit_line(g, v, g->cat.pools[POOL_DRUG].items
			[rng_below(&g->rng, g->cat.pools[POOL_DRUG].n)],
			v->begin + 60 * (i + 1));
		l->cnt = l->left = 1 + rng_below(&g->rng, 3);
	}
}

static void make_paid_twice(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_outpatient(g, day);
	int again = visit_settle(g, v);

	fill_drugs(g, v, 3);
	v->setls[again].like = 0;
	v->setls[again].manual = p->arg == MANUAL_TOO;
	v->setls[again].late = true;
	v->setls[again].aid = p->arg == MEDICAL_AID;
	v->setls[again].second_insurance = p->arg == SECOND_INSURANCE;
	if (p->arg == MANUAL_TOO)
		v->setls[again].invoice = v->setls[0].invoice;
	plant_finish(g, 4);
	settlement_truth(g, p, v, 0, v, again, p->arg <= EQUAL_TWICE);
}

static void make_two_visits(struct gen *g, const struct plant *p, int day)
{
	struct visit *va = plant_outpatient(g, day), *vb;

	fill_drugs(g, va, 3);
	vb = plant_outpatient_at(g, va->fac, day);
	vb->med_type = va->med_type;
	vb->diag = va->diag;
	for (int i = 0; i < va->nlines; i++) {
		struct line *l = visit_line(g, vb, va->lines[i].item,
			vb->begin + 60 * (i + 1));
		l->cnt = l->left = va->lines[i].cnt;
	}
	plant_finish(g, 0);
	settlement_truth(g, p, va, 0, vb, 0, true);
}

static void make_midway(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_stay(g, plant_hospital(g), day, 14);

	v->quiet = false;
	plant_finish(g, 0);
	settlement_truth(g, p, v, 0, v, v->nsetls - 1, false);
}

static void make_rebilled(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_outpatient(g, day);
	int again;

	fill_drugs(g, v, 3);
	if (p->arg == REBILLED_MIRROR)
		visit_mirror(g, v, 0);
	else
		v->setls[0].refunded = true;
	again = bill_again(g, v, 0);
	plant_finish(g, 0);
	settlement_truth(g, p, v, 0, v, again, false);
}

static void make_two_purchases(struct gen *g, const struct plant *p, int day)
{
	int fac = world_pick(&g->world, &g->rng, 0);
	struct visit *va = visit_new(g, VISIT_PHARMACY, fac, day);
	struct visit *vb = visit_new(g, VISIT_PHARMACY, fac, day);

	va->quiet = vb->quiet = true;
	fill_drugs(g, va, 1);
	visit_line(g, vb, va->lines[0].item, vb->begin + 60)->cnt
		= va->lines[0].cnt + 1;
	vb->lines[0].left = vb->lines[0].cnt;
	plant_finish(g, 0);
	settlement_truth(g, p, va, 0, vb, 0, false);
}

#define ROW(kind, why, span, make, arg) \
	{ "dup.settlement", kind, why, span, make, arg }

const struct plant plants_settlement[] = {
	ROW("violation", "online and manual", 2, make_paid_twice, MANUAL_TOO),
	ROW("violation", "the same amount twice", 2, make_paid_twice,
		EQUAL_TWICE),
	ROW("violation", "the same bill under two visits", 2, make_two_visits,
		TWO_VISITS),
	ROW("lookalike", "medical aid settles the same bill", 2,
		make_paid_twice, MEDICAL_AID),
	ROW("lookalike", "second insurance settles the same bill", 2,
		make_paid_twice, SECOND_INSURANCE),
	ROW("lookalike", "settled midway and at the end", 16, make_midway,
		MIDWAY),
	ROW("lookalike", "flagged refunded and billed again", 2, make_rebilled,
		REBILLED_FLAG),
	ROW("lookalike", "mirrored negative and billed again", 2,
		make_rebilled, REBILLED_MIRROR),
	ROW("lookalike", "two purchases on one day", 2, make_two_purchases,
		TWO_PURCHASES),
	{ NULL, NULL, NULL, 0, NULL, 0 },
};
