/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Wild data: a few items that rules speak of, again and again, at few times.
 * Nobody knows what is in it; two evaluators must agree on it.
 */
#include "gen.h"

enum { HOT_PAIRS = 6 };         /* of each window */

static const struct pair *hot_pair(struct gen *g)
{
	const struct catalogue *c = &g->cat;
	enum pair_window window = (enum pair_window)rng_below(&g->rng, 4);
	int skip = rng_below(&g->rng, HOT_PAIRS);
	int at = 0;

	for (;; at = (at + 1) % c->npairs)
		if (c->pairs[at].window == window && skip-- == 0)
			return &c->pairs[at];
}

int wild_item(struct gen *g, int usual)
{
	const struct catalogue *c = &g->cat;
	int at = rng_below(&g->rng, 100);

	if (at < 25) {
		const struct pair *p = hot_pair(g);
		return rng_chance(&g->rng, 500) ? p->a : p->b;
	}
	if (at < 32)
		return c->pools[POOL_INTERVAL].items[rng_below(&g->rng,
			c->pools[POOL_INTERVAL].n)];
	if (at < 38) {
		const struct pair *p = &c->panels[rng_below(&g->rng,
			c->npanels)];
		return rng_chance(&g->rng, 300) ? p->a : p->b;
	}
	if (at < 42)
		return c->pools[POOL_CAP24].items[rng_below(&g->rng, 3)];
	return usual;
}

/* Full hours and halves meet; sometimes there is no clock at all. */
int64_t wild_time(struct gen *g, int64_t time)
{
	if (rng_chance(&g->rng, 30))
		return time - time % DAY_SECONDS;
	return time - time % 1800;
}

const char *wild_name(struct gen *g, int item)
{
	const struct catalogue *c = &g->cat;

	if (c->items[item].group < 0 || !rng_chance(&g->rng, 100))
		return NULL;
	if (rng_chance(&g->rng, 300))
		return c->brands[rng_below(&g->rng, c->nbrands)].name;
	return c->items[c->group_dear[rng_below(&g->rng, c->ngroups)]].name;
}

/* Once more, once by hand, or once for aid; sometimes at midway. */
void wild_settle(struct gen *g, struct visit *v)
{
	struct setl *s;

	if (v->open || v->nsetls != 1 || !rng_chance(&g->rng, 80))
		return;
	s = &v->setls[visit_settle(g, v)];
	s->like = 0;
	s->late = rng_chance(&g->rng, 500);
	s->manual = rng_chance(&g->rng, 300);
	s->aid = rng_chance(&g->rng, 200);
	s->second_insurance = rng_chance(&g->rng, 200);
	s->no_fund = rng_chance(&g->rng, 100);
	v->setls[0].mid = rng_chance(&g->rng, 200);
}
