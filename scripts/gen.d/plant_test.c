/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test.repeat and test.panel: a test again before its time, and a panel
 * billed together with its own components.
 */
#include "plant.h"

enum { SOON, SOON_ELSEWHERE, LAST_DAY, JUST_MET, FIRST_RETURNED,
	FIRST_CANCELLED, UNSETTLED, SERIAL,
	TOGETHER, TOGETHER_ELSEWHERE, NEXT_DAY, OTHER_COMPONENT,
	COMPONENT_RETURNED };

static int gap_of(struct gen *g, int how, int interval)
{
	if (how == JUST_MET)
		return interval;
	if (how == LAST_DAY)
		return interval - 1;
	return 1 + rng_below(&g->rng, interval - 1);
}

static void make_repeat(struct gen *g, const struct plant *p, int day)
{
	struct visit *va = plant_outpatient(g, day), *vb;
	int item = plant_item(g, va, POOL_INTERVAL, day);
	int fac = p->arg == SOON_ELSEWHERE ? plant_other_hospital(g, va->fac)
		: va->fac;
	struct line *a, *b;

	vb = plant_outpatient_at(g, fac, day
		+ gap_of(g, p->arg, g->cat.items[item].interval));
	a = visit_line(g, va, item, va->begin + 240);
	b = visit_line(g, vb, item, vb->begin + 240);
	if (p->arg == FIRST_RETURNED)
		visit_return(g, va, a, true);
	if (p->arg == FIRST_CANCELLED)
		va->setls[0].refunded = true;
	if (p->arg == UNSETTLED)
		b->setl = -1;
	plant_truth(g, p, va, a, vb, b, p->arg <= LAST_DAY
		? line_inscp(g, b) : -1);
	plant_finish(g, 4);
}

/* Blood sugar every day of a stay: monitoring, not in the table. */
static void make_serial(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_stay(g, plant_hospital(g), day, 5);
	int item = catalogue_find(&g->cat, "002503020010000");
	struct line *a = NULL, *b = NULL;

	for (int d = 1; d < 5; d++) {
		a = b;
		b = visit_line(g, v, item, (int64_t)(day + d) * DAY_SECONDS
			+ 7 * 3600);
	}
	plant_truth(g, p, v, a, v, b, -1);
	plant_finish(g, 0);
}

static int component_of_another(struct gen *g, int panel)
{
	const struct catalogue *c = &g->cat;
	int at;

	do
		at = rng_below(&g->rng, c->npanels);
	while (c->panels[at].a == panel);
	return c->panels[at].b;
}

static void make_panel(struct gen *g, const struct plant *p, int day)
{
	const struct pair *pair = &g->cat.panels[rng_below(&g->rng,
		g->cat.npanels)];
	struct visit *va = plant_outpatient(g, day), *vb = va;
	int component = p->arg == OTHER_COMPONENT
		? component_of_another(g, pair->a) : pair->b;
	struct line *a, *b;

	if (p->arg == TOGETHER_ELSEWHERE || p->arg == NEXT_DAY)
		vb = plant_outpatient_at(g, p->arg == NEXT_DAY ? va->fac
			: plant_other_hospital(g, va->fac),
			p->arg == NEXT_DAY ? day + 1 : day);
	a = visit_line(g, va, pair->a, va->begin + 240);
	b = visit_line(g, vb, component, vb->begin + 300);
	if (p->arg == COMPONENT_RETURNED)
		visit_return(g, vb, b, rng_chance(&g->rng, 500));
	plant_truth(g, p, va, a, vb, b, p->arg <= TOGETHER_ELSEWHERE
		? line_inscp(g, b) : -1);
	plant_finish(g, 4);
}

#define REPEAT(kind, why, span, make, arg) \
	{ "test.repeat", kind, why, span, make, arg }
#define PANEL(kind, why, span, make, arg) \
	{ "test.panel", kind, why, span, make, arg }

const struct plant plants_test[] = {
	REPEAT("violation", "again too soon", 18, make_repeat, SOON),
	REPEAT("violation", "again too soon elsewhere", 18, make_repeat,
		SOON_ELSEWHERE),
	REPEAT("violation", "one day before the interval ends", 18,
		make_repeat, LAST_DAY),
	REPEAT("lookalike", "interval just met", 18, make_repeat, JUST_MET),
	REPEAT("lookalike", "first was returned", 18, make_repeat,
		FIRST_RETURNED),
	REPEAT("lookalike", "first bill was cancelled", 18, make_repeat,
		FIRST_CANCELLED),
	REPEAT("lookalike", "second not settled", 18, make_repeat, UNSETTLED),
	REPEAT("lookalike", "serial monitoring of an inpatient", 8,
		make_serial, SERIAL),
	PANEL("violation", "panel and component together", 2, make_panel,
		TOGETHER),
	PANEL("violation", "component at another facility", 2, make_panel,
		TOGETHER_ELSEWHERE),
	PANEL("lookalike", "component on the next day", 3, make_panel,
		NEXT_DAY),
	PANEL("lookalike", "not a component of this panel", 2, make_panel,
		OTHER_COMPONENT),
	PANEL("lookalike", "component was returned", 2, make_panel,
		COMPONENT_RETURNED),
	{ NULL, NULL, NULL, 0, NULL, 0 },
};
