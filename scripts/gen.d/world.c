/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers, calendar and facilities. Facilities come sorted by kind; most of a
 * kind share one hosp_lv code, so that peers exist whether a rule compares by
 * code or by class.
 */
#include "gen.h"

#include <stdlib.h>
#include <string.h>

uint64_t mix64(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
	r->state = mix64(mix64(seed) ^ mix64(stream + 77));
}

uint64_t rng_next(struct rng *r)
{
	r->state += 0x9e3779b97f4a7c15u;
	return mix64(r->state);
}

int rng_below(struct rng *r, int n)
{
	return (int)(((rng_next(r) >> 32) * (uint64_t)n) >> 32);
}

bool rng_chance(struct rng *r, int per_mille)
{
	return rng_below(r, 1000) < per_mille;
}

/* ---- calendar (proleptic Gregorian, days since 1970-01-01) */

int day_of(int year, int month, int day)
{
	int y = year - (month <= 2), era = y / 400, yoe = y - era * 400;
	int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void day_split(int day, int *year, int *month, int *dom)
{
	int z = day + 719468, era = z / 146097, doe = z - era * 146097;
	int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int mp = (5 * doy + 2) / 153;

	*dom = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2);
}

const char *day_text(int day)
{
	enum { FIRST = -36525, SPAN = 110000 };
	static char texts[SPAN][12];
	char *t;
	int y, m, d;

	if (day < FIRST || day >= FIRST + SPAN)
		abort();
	t = texts[day - FIRST];
	if (!*t) {
		day_split(day, &y, &m, &d);
		snprintf(t, sizeof texts[0], "%04u-%02u-%02u",
			(unsigned)y % 10000, (unsigned)m % 100,
			(unsigned)d % 100);
	}
	return t;
}

int month_index(int day)
{
	int y, m, d;

	day_split(day, &y, &m, &d);
	return y * 12 + m - 1;
}

/* ---- facilities */

struct level_plan {
	int kind, level, n;
	bool main;
	const char *word;
};

static const struct level_plan plan[] = {
	{ 0, 11, 16, true, "大药房" },
	{ 1, 8, 14, true, "镇卫生院" }, { 1, 9, 3, false, "社区服务中心" },
	{ 1, 14, 3, false, "门诊部" },
	{ 2, 5, 14, true, "县人民医院" }, { 2, 6, 3, false, "县中医院" },
	{ 2, 13, 2, false, "骨伤医院" },
	{ 3, 2, 14, true, "市中心医院" }, { 3, 1, 1, false, "大学附属医院" },
	{ 3, 3, 2, false, "市第三医院" }, { 3, 12, 1, false, "肿瘤医院" },
};

enum { PLANS = sizeof plan / sizeof plan[0], PLANNED = 73 };

static void name_facility(struct facility *f, const struct level_plan *p,
	int number)
{
	static const char *const places[] = { "青川", "云岭", "沙河", "柳溪",
		"长桥", "白塔", "松江", "东湖", "石门", "南屏", "平安", "金水" };

	snprintf(f->code, sizeof f->code, "%c4403%07d", p->kind ? 'H' : 'P',
		number + 1);
	snprintf(f->name, sizeof f->name, "%s%s(%d)",
		places[number % 12], p->word, number + 1);
	f->level = p->level;
	f->kind = p->kind;
}

/* How many of this row, when the kind's main row takes the growth. */
static int plan_count(const struct level_plan *p, int wanted, long lines)
{
	int extra = wanted > PLANNED ? (wanted - PLANNED) / 4
		: (int)(lines / 1000000);

	return p->main ? p->n + (extra > 400 ? 400 : extra) : p->n;
}

void world_init(struct world *w, int wanted, long lines)
{
	int n = 0;

	for (int i = 0; i < PLANS; i++)
		n += plan_count(&plan[i], wanted, lines);
	w->facs = calloc((size_t)n, sizeof *w->facs);
	w->counters = calloc((size_t)n, sizeof *w->counters);
	if (!w->facs || !w->counters)
		abort();
	for (int i = 0; i < PLANS; i++) {
		const struct level_plan *p = &plan[i];
		int count = plan_count(p, wanted, lines);
		if (p->main) {
			w->first[p->kind] = w->nfacs;
			w->mains[p->kind] = count;
		}
		for (int k = 0; k < count; k++, w->nfacs++)
			name_facility(&w->facs[w->nfacs], p, w->nfacs);
		w->count[p->kind] += count;
	}
}

void world_fini(struct world *w)
{
	free(w->facs);
	free(w->counters);
}

int world_pick(const struct world *w, struct rng *r, int kind)
{
	return w->first[kind] + rng_below(r, w->count[kind]);
}

int world_main(const struct world *w, struct rng *r, int kind)
{
	return w->first[kind] + rng_below(r, w->mains[kind]);
}
