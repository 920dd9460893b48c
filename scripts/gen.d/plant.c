/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The register of planted cases and the helpers they share. Each case gets a
 * person of its own, so that one case cannot complete another.
 */
#include "plant.h"

#include <math.h>
#include <string.h>

static const struct plant *const registers[] = { plants_dup, plants_pair,
	plants_settlement, plants_test, plants_stay, plants_name };

enum { REGISTERS = sizeof registers / sizeof registers[0] };

const struct plant *plants_at(int index)
{
	for (int r = 0; r < REGISTERS; r++)
		for (const struct plant *p = registers[r]; p->rule; p++)
			if (index-- == 0)
				return p;
	return NULL;
}

/* How many kinds of case there are, and how often each is made. */
int plants_count(const struct gen *g, long *each_violation,
	long *each_lookalike)
{
	int n = 0;

	while (plants_at(n))
		n++;
	*each_violation = g->opt.lines / 12000;
	if (*each_violation < 3)
		*each_violation = 3;
	*each_lookalike = lround((double)*each_violation * g->opt.lookalikes);
	return n;
}

int plant_item(struct gen *g, const struct visit *v, enum pool_id pool,
	int day)
{
	const struct pool *p = &g->cat.pools[pool];
	int at = rng_below(&g->rng, p->n);

	for (int i = 0; i < p->n; i++) {
		int item = p->items[(at + i) % p->n];
		if (visit_free_for(g, v, item, day))
			return item;
	}
	return p->items[at];
}

int plant_hospital(struct gen *g)
{
	return world_pick(&g->world, &g->rng, 1 + rng_below(&g->rng, 3));
}

int plant_other_hospital(struct gen *g, int than)
{
	int fac;

	do
		fac = plant_hospital(g);
	while (fac == than);
	return fac;
}

/* Nobody is in two clinics within the hour, unless that is what is planted. */
static void keep_apart(struct gen *g, struct visit *v)
{
	enum { HOUR = 3600 };

	for (int i = 0; i < g->person.nvisits; i++) {
		const struct visit *o = g->person.visits[i];
		int64_t gap = v->begin - o->begin;
		if (o == v || o->fac == v->fac || gap >= HOUR || gap <= -HOUR)
			continue;
		v->begin += HOUR - gap;
		v->end += HOUR - gap;
	}
}

struct visit *plant_outpatient_at(struct gen *g, int fac, int day)
{
	struct visit *v = visit_new(g, VISIT_OUT, fac, day);

	keep_apart(g, v);
	v->quiet = true;
	return v;
}

struct visit *plant_outpatient(struct gen *g, int day)
{
	return plant_outpatient_at(g, plant_hospital(g), day);
}

struct visit *plant_stay(struct gen *g, int fac, int day, int nights)
{
	struct visit *v = stay_new(g, fac, day, nights);

	v->quiet = true;
	return v;
}

void plant_finish(struct gen *g, int filler)
{
	struct person *p = &g->person;

	for (int i = 0; i < p->nvisits; i++) {
		struct visit *v = p->visits[i];
		if (v->kind == VISIT_IN)
			fill_visit(g, v);
		else if (filler)
			fill_some(g, v, 1 + rng_below(&g->rng, filler));
	}
	for (int i = 0; i < p->nvisits; i++)
		visit_close(g, p->visits[i]);
}

void plant_truth(struct gen *g, const struct plant *p,
	const struct visit *va, const struct line *a,
	const struct visit *vb, const struct line *b, int64_t amount)
{
	struct truth_row row = { .plant = p, .day = va->day,
		.amount = amount };
	int n = 0;

	row.visits[0] = va;
	if (vb && vb != va)
		row.visits[1] = vb;
	if (a) {
		row.lines[n] = a;
		row.line_of[n++] = va;
		row.day = (int)(a->time / DAY_SECONDS);
	}
	if (b) {
		row.lines[n] = b;
		row.line_of[n] = vb;
		row.day = (int)(b->time / DAY_SECONDS);
	}
	truth_write(g, &row);
}

/* sum × over ÷ of, half up. */
int64_t plant_share(int64_t sum, int over, int of)
{
	return (2 * sum * over + of) / (2 * (int64_t)of);
}
