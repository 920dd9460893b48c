/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An invented person and the walk through the period: at most one visit a
 * day, nothing beside a stay, and 16 days between two stays.
 */
#include <math.h>
#include <string.h>

#include "gen.h"

static void name_person(struct person *p, uint64_t h)
{
	static const char *const family[] = { "赵", "钱", "孙", "李", "周", "吴",
		"郑", "王", "冯", "陈", "褚", "卫", "蒋", "沈", "韩", "杨" };
	static const char *const given[] = { "伟", "芳", "娜", "敏", "静", "磊",
		"洋", "艳", "勇", "杰", "涛", "明", "超", "兰", "霞", "平" };

	snprintf(p->name, sizeof p->name, "%s%s%s", family[h & 15],
		given[h >> 4 & 15], h >> 12 & 1 ? given[h >> 8 & 15] : "");
}

void person_begin(struct gen *g, long index)
{
	struct person *p = &g->person;
	uint64_t h;

	rng_seed(&g->rng, g->opt.seed, (uint64_t)index);
	h = rng_next(&g->rng);
	p->index = index;
	p->nvisits = p->nmarks = p->ntests = p->nseen = 0;
	if (++p->stamp == 0) {
		memset(p->seen_stamp, 0, sizeof p->seen_stamp);
		p->stamp = 1;
	}
	/* scattered numbers: the files are not sorted by person */
	snprintf(p->no, sizeof p->no, "4403%014llu", (unsigned long long)
		(((uint64_t)index * 7919 + 13) % 100000007 + 10000000));
	/* the neighbour in the register: a person of the data too */
	snprintf(p->wrong_no, sizeof p->wrong_no, "4403%014llu",
		(unsigned long long)((((uint64_t)index + 1) * 7919 + 13)
			% 100000007 + 10000000));
	name_person(p, h);
	p->gender = 1 + (int)(h >> 20 & 1);
	p->birth_day = g->opt.first_day - 365 * 4
		- rng_below(&g->rng, 365 * 84);
	p->insutype = h >> 21 & 1 ? 310 : 390;
	p->home = rng_below(&g->rng, 100);
}

static int choose_facility(struct gen *g, int kind)
{
	const struct world *w = &g->world;

	if (g->opt.wild)
		return w->first[kind] + rng_below(&g->rng,
			rng_chance(&g->rng, 600) ? 1 : w->mains[kind]);
	/* most visits go to the one near home */
	if (rng_chance(&g->rng, 700))
		return w->first[kind] + (int)(mix64((uint64_t)g->person.home
			* 31 + (uint64_t)g->person.index * 7 + (uint64_t)kind)
			% (uint64_t)w->count[kind]);
	return world_pick(w, &g->rng, kind);
}

static int hospital_kind(struct gen *g, bool stay)
{
	int at = rng_below(&g->rng, 100);

	if (stay)
		return at < 40 ? 3 : at < 85 ? 2 : 1;
	return at < 25 ? 3 : at < 60 ? 2 : 1;
}

static int gap_days(struct gen *g, double per_day)
{
	double u = (double)(rng_next(&g->rng) >> 11) / 9007199254740992.0;
	double gap = -log(1.0 - u) / per_day;

	return gap > 3000 ? 3000 : (int)gap;
}

static void one_visit(struct gen *g, int day, int *stay_end)
{
	bool stay = g->opt.wild ? rng_chance(&g->rng, 150)
		: day > *stay_end + 16 && rng_chance(&g->rng, 42);
	int last = g->opt.first_day + g->opt.days - 1;
	struct visit *v;

	g->person.nvisits = 0;
	if (stay) {
		v = stay_new(g, choose_facility(g, hospital_kind(g, true)), day,
			g->opt.wild ? rng_below(&g->rng, 6) : 2
			+ rng_below(&g->rng, 8) + rng_below(&g->rng, 8));
		v->open = v->end_day > last;
		v->quiet = v->open;
		*stay_end = v->end_day;
	} else if (rng_chance(&g->rng, 540)) {
		v = visit_new(g, VISIT_OUT, choose_facility(g,
			hospital_kind(g, false)), day);
	} else {
		v = visit_new(g, VISIT_PHARMACY, choose_facility(g, 0), day);
		v->setls[0].no_fund = rng_chance(&g->rng, 400);
	}
	fill_visit(g, v);
	visit_close(g, v);
}

void person_walk(struct gen *g, double per_day, int from, int to)
{
	int stay_end = from - 100, day = from + gap_days(g, per_day);

	while (day < to) {
		one_visit(g, day, &stay_end);
		if (g->opt.wild)
			stay_end = day - 1;
		day = (stay_end > day ? stay_end : day) + !g->opt.wild
			+ gap_days(g, per_day);
	}
}
