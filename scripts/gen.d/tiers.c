/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * subst.price_tier: how often each facility takes the dear variant of each
 * substitution group. Shares are kept by error diffusion, not by chance, so
 * that a clean facility never looks dear by accident; what counts as truth is
 * read off the live lines at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

/* a facility and seven like it are the eight that a comparison needs */
enum { MIN_LINES = 20, MIN_PEERS = 7, SMALL_BUDGET = 15 };

static size_t cell(const struct tiers *t, int fac, int group)
{
	return (size_t)fac * (size_t)t->ngroups + (size_t)group;
}

static size_t month_cell(const struct tiers *t, int fac, int group, int day)
{
	return cell(t, fac, group) * (size_t)t->nmonths
		+ (size_t)(month_index(day) - t->first_month);
}

enum tier_mode tiers_mode(const struct gen *g, int fac, int group)
{
	return g->tiers.mode[cell(&g->tiers, fac, group)];
}

/* Small data has few lines in a cell: then only the most drawn groups. */
static int planted_groups(const struct gen *g)
{
	long a_month = g->opt.lines * 30 / g->opt.days;

	return a_month >= 200000 ? 3 : a_month >= 100000 ? 2 : 1;
}

static void plan_modes(struct gen *g)
{
	struct tiers *t = &g->tiers;
	int groups = planted_groups(g);

	for (int kind = 0; kind < 4; kind++) {
		int first = g->world.first[kind], n = g->world.mains[kind];
		for (int k = 0; k < groups; k++) {
			int at = (int)(mix64(g->opt.seed + (uint64_t)(kind * 8
				+ k)) % (uint64_t)n);
			t->mode[cell(t, first + at, k)] = TIER_DEAR;
			t->mode[cell(t, first + (at + 5) % n, k)]
				= TIER_MODERATE;
			t->mode[cell(t, first + (at + 9) % n, k)] = TIER_SMALL;
		}
	}
}

void tiers_init(struct gen *g)
{
	struct tiers *t = &g->tiers;
	size_t cells;

	t->nfacs = g->world.nfacs;
	t->ngroups = g->cat.ngroups;
	t->first_month = month_index(g->opt.first_day);
	t->nmonths = month_index(g->opt.first_day + g->opt.days + 60)
		- t->first_month + 1;
	cells = (size_t)t->nfacs * (size_t)t->ngroups;
	t->mode = calloc(cells, 1);
	t->carry = calloc(cells * (size_t)t->nmonths, sizeof *t->carry);
	t->drawn = calloc(cells * (size_t)t->nmonths, sizeof *t->drawn);
	t->total = calloc(cells * (size_t)t->nmonths, sizeof *t->total);
	t->dear = calloc(cells * (size_t)t->nmonths, sizeof *t->dear);
	if (!t->mode || !t->carry || !t->drawn || !t->total || !t->dear)
		abort();
	plan_modes(g);
}

void tiers_fini(struct gen *g)
{
	free(g->tiers.mode);
	free(g->tiers.carry);
	free(g->tiers.drawn);
	free(g->tiers.total);
	free(g->tiers.dear);
}

static int share_of(const struct gen *g, int fac, int group)
{
	switch (tiers_mode(g, fac, group)) {
	case TIER_DEAR: return 850;
	case TIER_MODERATE: return 400;
	case TIER_SMALL: return 900;
	default: break;
	}
	return 150 + (int)(mix64(g->opt.seed * 31 + (uint64_t)fac * 977
		+ (uint64_t)group) % 101);
}

int tiers_draw(struct gen *g, int fac, int group, int day)
{
	struct tiers *t = &g->tiers;
	size_t at = month_cell(t, fac, group, day);
	int *carry = &t->carry[at], *drawn = &t->drawn[at];
	int dear = g->cat.group_dear[group], pick;

	if (tiers_mode(g, fac, group) == TIER_SMALL && *drawn >= SMALL_BUDGET)
		return -1;
	++*drawn;
	*carry += share_of(g, fac, group);
	if (*carry >= 1000) {
		*carry -= 1000;
		return dear;
	}
	do
		pick = g->cat.group_items[group][rng_below(&g->rng, 4)];
	while (pick == dear);
	return pick;
}

void tiers_count(struct gen *g, int fac, int item, int day)
{
	const struct item *it = &g->cat.items[item];
	size_t at;

	if (it->group < 0)
		return;
	at = month_cell(&g->tiers, fac, it->group, day);
	g->tiers.total[at]++;
	if (it->flags & ITEM_DEAR)
		g->tiers.dear[at]++;
}

static int peers_of(const struct gen *g, int fac, int group, int month)
{
	const struct tiers *t = &g->tiers;
	int n = 0;

	for (int f = 0; f < t->nfacs; f++)
		if (f != fac && g->world.facs[f].level
				== g->world.facs[fac].level
				&& t->total[cell(t, f, group)
					* (size_t)t->nmonths + (size_t)month]
					>= MIN_LINES)
			n++;
	return n;
}

static void tier_row(struct gen *g, int fac, int group, int month)
{
	static const struct plant dear = { "subst.price_tier", "violation",
		"share of the dear variant far above peers", 0, NULL, 0 };
	static const struct plant moderate = { "subst.price_tier", "lookalike",
		"share somewhat higher than peers", 0, NULL, 0 };
	static const struct plant small = { "subst.price_tier", "lookalike",
		"fewer than 20 lines in the month", 0, NULL, 0 };
	const struct tiers *t = &g->tiers;
	int total = t->total[cell(t, fac, group) * (size_t)t->nmonths
		+ (size_t)month];
	enum tier_mode mode = tiers_mode(g, fac, group);
	int index = t->first_month + month;
	char text[32], key[32];

	if (!total || mode == TIER_NORMAL)
		return;
	snprintf(text, sizeof text, "%04d-%02d", index / 12, index % 12 + 1);
	snprintf(key, sizeof key, "G%03d", group + 1);
	if (total < MIN_LINES)
		truth_facility(g, &small, fac, text, key);
	else if (mode == TIER_MODERATE)
		truth_facility(g, &moderate, fac, text, key);
	else if (peers_of(g, fac, group, month) >= MIN_PEERS)
		truth_facility(g, &dear, fac, text, key);
}

void tiers_truth(struct gen *g)
{
	for (int f = 0; f < g->tiers.nfacs; f++)
		for (int k = 0; k < g->tiers.ngroups; k++)
			for (int m = 0; m < g->tiers.nmonths; m++)
				tier_row(g, f, k, m);
}
