/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dup.pair: item B beside an item A whose content includes it, inside and
 * outside the four kinds of window.
 */
#include "plant.h"

enum { INSIDE, OUTSIDE, A_RETURNED, A_CANCELLED, NO_CLOCK };

/* Of some departments, visits or ages only, beyond a sex: on anybody that is another violation. */
static bool is_for_few(const struct catalogue *c, int item)
{
	return c->items[item].flags & ITEM_LIMITED &&
		!(c->items[item].flags & (ITEM_MALE | ITEM_FEMALE));
}

static const struct pair *any_pair(struct gen *g, enum pair_window window)
{
	const struct catalogue *c = &g->cat;
	int at = rng_below(&g->rng, c->npairs), tried = 0;

	while (c->pairs[at].window != window || (tried++ < c->npairs &&
			(is_for_few(c, c->pairs[at].a) ||
			 is_for_few(c, c->pairs[at].b))))
		at = (at + 1) % c->npairs;
	return &c->pairs[at];
}

static int64_t noon_of(int day)
{
	return (int64_t)day * DAY_SECONDS + 9 * 3600;
}

/* How far B stands from A: inside the window, or just not. */
static int64_t distance(enum pair_window window, bool inside)
{
	switch (window) {
	case WINDOW_HOUR: return inside ? 600 : 3 * 3600;
	case WINDOW_SIX_HOURS: return inside ? 2 * 3600 : 7 * 3600;
	case WINDOW_DAY: return inside ? 1800 : DAY_SECONDS;
	default: return DAY_SECONDS;
	}
}

/* Both in one stay; for 单次就诊 that is inside whatever the day. */
static void make_in_stay(struct gen *g, const struct plant *p, int day)
{
	enum pair_window window = (enum pair_window)(p->arg >> 4);
	bool inside = (p->arg & 15) == INSIDE || (p->arg & 15) >= A_RETURNED;
	const struct pair *pair = any_pair(g, window);
	struct visit *v = plant_stay(g, plant_hospital(g), day, 4);
	struct line *a = visit_line(g, v, pair->a, noon_of(day + 1) + 300);
	struct line *b = visit_line(g, v, pair->b,
		a->time + distance(window, inside));

	if ((p->arg & 15) == A_RETURNED)
		visit_return(g, v, a, rng_chance(&g->rng, 500));
	/* the hospital sends midnight whatever the time: nothing is known */
	if ((p->arg & 15) == NO_CLOCK)
		a->time = b->time = (int64_t)(day + 1) * DAY_SECONDS;
	plant_truth(g, p, v, a, v, b, (p->arg & 15) == INSIDE
		? line_inscp(g, b) : -1);
	plant_finish(g, 0);
}

/* Two outpatient visits on two days: no window reaches over. */
static void make_two_visits(struct gen *g, const struct plant *p, int day)
{
	const struct pair *pair = any_pair(g, (enum pair_window)(p->arg >> 4));
	struct visit *va = plant_outpatient(g, day);
	struct visit *vb = plant_outpatient_at(g, va->fac, day + 1);
	struct line *a = visit_line(g, va, pair->a, va->begin + 120);
	struct line *b = visit_line(g, vb, pair->b, vb->begin + 120);

	plant_truth(g, p, va, a, vb, b, -1);
	plant_finish(g, 4);
}

static void make_outpatient(struct gen *g, const struct plant *p, int day)
{
	const struct pair *pair = any_pair(g, (enum pair_window)(p->arg >> 4));
	struct visit *v = plant_outpatient(g, day);
	struct line *a = visit_line(g, v, pair->a, v->begin + 120);
	struct line *b = visit_line(g, v, pair->b, a->time + 60);
	bool cancelled = (p->arg & 15) == A_CANCELLED;

	/* the lines stand in the same clock hour */
	a->time -= a->time % 3600 >= 3540 ? 120 : 0;
	b->time = a->time + 60;
	v->setls[0].refunded = cancelled;
	plant_truth(g, p, v, a, v, b, cancelled ? -1 : line_inscp(g, b));
	plant_finish(g, 4);
}

#define ROW(kind, why, make, window, how) \
	{ "dup.pair", kind, why, 6, make, window << 4 | how }

const struct plant plants_pair[] = {
	ROW("violation", "same day", make_in_stay, WINDOW_DAY, INSIDE),
	ROW("violation", "same day outpatient", make_outpatient, WINDOW_DAY,
		INSIDE),
	ROW("violation", "same visit on another day", make_in_stay,
		WINDOW_VISIT, INSIDE),
	ROW("violation", "same visit outpatient", make_outpatient,
		WINDOW_VISIT, INSIDE),
	ROW("violation", "within six hours", make_in_stay, WINDOW_SIX_HOURS,
		INSIDE),
	ROW("violation", "within the hour", make_in_stay, WINDOW_HOUR, INSIDE),
	ROW("lookalike", "other day", make_in_stay, WINDOW_DAY, OUTSIDE),
	ROW("lookalike", "other visit", make_two_visits, WINDOW_VISIT,
		OUTSIDE),
	ROW("lookalike", "seven hours apart", make_in_stay, WINDOW_SIX_HOURS,
		OUTSIDE),
	ROW("lookalike", "another hour", make_in_stay, WINDOW_HOUR, OUTSIDE),
	ROW("lookalike", "no clock: always midnight", make_in_stay,
		WINDOW_SIX_HOURS, NO_CLOCK),
	ROW("lookalike", "the including item was returned", make_in_stay,
		WINDOW_DAY, A_RETURNED),
	ROW("lookalike", "the bill was cancelled", make_outpatient, WINDOW_DAY,
		A_CANCELLED),
	{ NULL, NULL, NULL, 0, NULL, 0 },
};
