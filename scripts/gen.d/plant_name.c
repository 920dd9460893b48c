/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * subst.name: the facility's own name of an item names another substance
 * than the national code, against all the ways of writing the right name.
 * Every case has a facility and item of its own.
 */
#include <string.h>

#include "plant.h"

enum { OTHER_SUBSTANCE, OTHER_BRAND, SALT_AND_FORM, FULL_WIDTH, BLANKS, BRAND,
	SPEC };

/* Names must live until the visit is written: a ring is long enough. */
static char *name_text(void)
{
	static char texts[64][240];
	static int at;

	return texts[at++ % 64];
}

/* The cheapest of a group: the price its substance is settled against. */
static int64_t reference_price(const struct catalogue *c, int group)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < 4; i++) {
		int64_t price = c->items[c->group_items[group][i]].price;
		if (price < least)
			least = price;
	}
	return least;
}

static const char *written(struct gen *g, int how, int *group, int item)
{
	const struct catalogue *c = &g->cat;
	int other = (*group + 1 + rng_below(&g->rng, c->ngroups - 1))
		% c->ngroups;
	const char *generic = c->items[item].generic;
	char *t = name_text();

	switch (how) {
	case OTHER_SUBSTANCE:
		snprintf(t, 240, "%s(0.25g*24)",
			c->items[c->group_dear[other]].name);
		*group = other;
		break;
	case SALT_AND_FORM:
		snprintf(t, 240, "复方盐酸%s分散片", generic);
		break;
	case FULL_WIDTH:
		snprintf(t, 240, "%s（０．２５ｇ×２４片）",
			c->items[item].name);
		break;
	case BLANKS:
		snprintf(t, 240, " %s  %s ", generic, "片 10mg");
		break;
	default:
		snprintf(t, 240, "[甲],%s,国产", c->items[item].name);
		break;
	}
	return t;
}

static const char *branded(struct gen *g, int how, int *item, int *group)
{
	const struct catalogue *c = &g->cat;
	const struct brand *b = &c->brands[rng_below(&g->rng, c->nbrands)];
	char *t = name_text();

	if (how == BRAND)
		*item = c->group_items[b->group][rng_below(&g->rng, 4)];
	else if (b->group == c->items[*item].group)
		b = &c->brands[(b - c->brands + 1) % c->nbrands];
	*group = b->group;
	snprintf(t, 240, "%s(进口)", b->name);
	return t;
}

/* The next (facility, group) that no case has used and no tier plays in. */
static void next_combo(struct gen *g, int *fac, int *group)
{
	int n = g->world.nfacs * g->cat.ngroups;

	do {
		g->name_combo = (g->name_combo + 37) % n;
		*fac = g->name_combo / g->cat.ngroups;
		*group = g->name_combo % g->cat.ngroups;
	} while (tiers_mode(g, *fac, *group) != TIER_NORMAL);
}

/* Of a line's in-scope amount, what is above the price of another group. */
static int64_t difference(struct gen *g, const struct line *l, int group)
{
	int64_t price = g->cat.items[l->item].price;
	int64_t over = price - reference_price(&g->cat, group);

	return over > 0 ? plant_share(line_inscp(g, l), (int)over, (int)price) : 0;
}

static void make_name(struct gen *g, const struct plant *p, int day)
{
	int fac, group, item;
	struct visit *v;
	struct line *l;
	const char *name;

	next_combo(g, &fac, &group);
	item = g->cat.group_items[group][rng_below(&g->rng, 4)];
	name = p->arg == BRAND || p->arg == OTHER_BRAND
		? branded(g, p->arg, &item, &group)
		: written(g, p->arg, &group, item);
	v = visit_new(g, g->world.facs[fac].kind ? VISIT_OUT : VISIT_PHARMACY,
		fac, day);
	v->quiet = true;
	l = visit_line(g, v, item, v->begin + 120);
	l->cnt = l->left = 1 + rng_below(&g->rng, 3);
	l->name = name;
	plant_truth(g, p, v, l, NULL, NULL, p->arg <= OTHER_BRAND
		? difference(g, l, group) : -1);
	plant_finish(g, 3);
}

#define ROW(kind, why, arg) { "subst.name", kind, why, 2, make_name, arg }

const struct plant plants_name[] = {
	ROW("violation", "names another substance", OTHER_SUBSTANCE),
	ROW("violation", "brand of another substance", OTHER_BRAND),
	ROW("lookalike", "salt and form around the right name",
		SALT_AND_FORM),
	ROW("lookalike", "full-width brackets and digits", FULL_WIDTH),
	ROW("lookalike", "blanks in the name", BLANKS),
	ROW("lookalike", "brand of the right substance", BRAND),
	ROW("lookalike", "quotes and commas around the right name", SPEC),
	{ NULL, NULL, NULL, 0, NULL, 0 },
};
