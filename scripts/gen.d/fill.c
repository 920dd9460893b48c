/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clean background of a visit: what an ordinary outpatient, inpatient or
 * pharmacy bill holds, and the ordinary noise of returns, cancellations,
 * corrections and repeated uploads. Nothing here may break a rule.
 */
#include <string.h>

#include "gen.h"

static double uniform(struct gen *g)
{
	return (double)(rng_next(&g->rng) >> 11) / 9007199254740992.0;
}

static int draw_item(struct gen *g, const struct visit *v, enum pool_id pool,
	int day)
{
	int at = pool_draw(&g->cat.pools[pool], uniform(g));

	return pool == POOL_GROUP ? tiers_draw(g, v->fac, at, day) : at;
}

static int usual_count(struct gen *g, const struct item *it)
{
	if (it->list_type == 101)
		return 1 + rng_below(&g->rng, 6);
	if (it->list_type == 102)
		return 5 + rng_below(&g->rng, 10);
	if (it->list_type == 301)
		return 1 + rng_below(&g->rng, 3);
	if (it->flags & ITEM_REPEATABLE)
		return 1 + rng_below(&g->rng, 3);
	return it->cap >= 24 ? 2 + rng_below(&g->rng, 22) : 1;
}

static void fill_item(struct gen *g, struct visit *v, enum pool_id pool,
	int64_t time)
{
	int day = (int)(time / DAY_SECONDS);

	for (int tries = 0; tries < 20; tries++) {
		int item = draw_item(g, v, pool, day);
		struct line *l;
		if (item < 0)
			continue;
		if (g->opt.wild) {
			item = wild_item(g, item);
			time = wild_time(g, time);
		}
		if (g->cat.items[item].list_type == 201
				&& !visit_free_for(g, v, item, day))
			continue;
		l = visit_line(g, v, item, time);
		l->cnt = l->left = usual_count(g, &g->cat.items[item]);
		l->ownpay = rng_chance(&g->rng, 8);
		if (g->opt.wild)
			l->name = wild_name(g, item);
		return;
	}
}

/* An item that is billed once a day through a stay, if nothing forbids it. */
static void fill_daily(struct gen *g, struct visit *v, int item, int day)
{
	int64_t time = (int64_t)day * DAY_SECONDS + 6 * 3600;

	if (time < v->begin)
		time = v->begin + 60;
	if (item >= 0 && visit_free_for(g, v, item, day))
		visit_line(g, v, item, time);
}

static const enum pool_id out_mix[20] = {
	POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP,
	POOL_DRUG, POOL_DRUG, POOL_DRUG, POOL_HERB, POOL_LAB, POOL_LAB,
	POOL_LAB, POOL_LAB, POOL_EXAM, POOL_EXAM, POOL_TREAT, POOL_TREAT,
	POOL_TREAT, POOL_MATERIAL };

static const enum pool_id in_mix[20] = {
	POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP,
	POOL_GROUP, POOL_DRUG, POOL_DRUG, POOL_DRUG, POOL_LAB, POOL_LAB,
	POOL_LAB, POOL_EXAM, POOL_TREAT, POOL_TREAT, POOL_REPEATABLE,
	POOL_REPEATABLE, POOL_MATERIAL, POOL_SURGERY };

static const enum pool_id shop_mix[20] = {
	POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP,
	POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP, POOL_GROUP,
	POOL_GROUP, POOL_DRUG, POOL_DRUG, POOL_DRUG, POOL_DRUG, POOL_DRUG,
	POOL_DRUG, POOL_HERB };

void fill_some(struct gen *g, struct visit *v, int lines)
{
	const enum pool_id *mix = v->kind == VISIT_PHARMACY ? shop_mix
		: out_mix;

	for (int i = 0; i < lines; i++)
		fill_item(g, v, mix[rng_below(&g->rng, 20)],
			v->begin + 60 + rng_below(&g->rng, 1500));
}

static void fill_stay_day(struct gen *g, struct visit *v, int day)
{
	int64_t from = (int64_t)day * DAY_SECONDS + 8 * 3600;
	int n = day == v->end_day ? 4 : 8 + rng_below(&g->rng, 6);

	if (from < v->begin)
		from = v->begin;
	for (int i = 0; i < n; i++) {
		enum pool_id pool = in_mix[rng_below(&g->rng, 20)];
		if (pool == POOL_SURGERY && !rng_chance(&g->rng, 100))
			pool = POOL_DRUG;
		fill_item(g, v, pool, from + rng_below(&g->rng, 6 * 3600));
	}
}

void settle_midway(struct gen *g, struct visit *v)
{
	int half = v->day + (v->end_day - v->day) / 2;
	int last = visit_settle(g, v);

	v->setls[0].end = half;
	v->setls[0].mid = true;
	v->setls[last].begin = half + 1;
	for (int i = 0; i < v->nlines; i++)
		if (v->lines[i].time / DAY_SECONDS > half)
			v->lines[i].setl = last;
}

static void fill_stay(struct gen *g, struct visit *v)
{
	int bed = pool_draw(&g->cat.pools[POOL_BED], uniform(g));
	int nursing = pool_draw(&g->cat.pools[POOL_NURSING], uniform(g));

	for (int day = v->day; day <= v->end_day; day++) {
		if (day >= g->opt.first_day + g->opt.days)
			break;
		if (day < v->end_day) {
			fill_daily(g, v, bed, day);
			fill_daily(g, v, nursing, day);
			fill_daily(g, v, g->cat.ward_fee, day);
		}
		fill_stay_day(g, v, day);
	}
	/* a long stay is often settled in the middle too */
	if (!v->quiet && !v->open && v->end_day - v->day >= 12)
		settle_midway(g, v);
}

void fill_visit(struct gen *g, struct visit *v)
{
	if (v->kind == VISIT_IN) {
		fill_stay(g, v);
		return;
	}
	if (v->kind == VISIT_OUT) {
		fill_item(g, v, POOL_VISIT_FEE, v->begin);
		fill_some(g, v, 1 + rng_below(&g->rng, 9));
		return;
	}
	fill_some(g, v, 1 + rng_below(&g->rng, 4));
}

/* ---- noise */

static struct line *any_line(struct gen *g, struct visit *v)
{
	for (int tries = 0; tries < 8 && v->nlines; tries++) {
		struct line *l = &v->lines[rng_below(&g->rng, v->nlines)];
		if (l->cnt > 0 && l->left == l->cnt && !l->deleted
				&& !l->was_cnt && !l->late)
			return l;
	}
	return NULL;
}

int bill_again(struct gen *g, struct visit *v, int first)
{
	int n = v->nlines, again = visit_settle(g, v);

	v->setls[again].late = true;
	for (int i = 0; i < n; i++) {
		struct line *l = visit_line(g, v, v->lines[i].item,
			v->lines[i].time), *of = &v->lines[i];
		l->cnt = l->left = of->cnt;
		l->ownpay = of->ownpay;
		l->late = true;
		l->setl = again;
	}
	v->setls[again].invoice = v->setls[first].invoice + 500000000u;
	return again;
}

static void noise_cancel(struct gen *g, struct visit *v)
{
	if (v->open || v->kind == VISIT_IN || v->nsetls != 1)
		return;
	if (rng_chance(&g->rng, 500)) {
		v->setls[0].refunded = true;
		v->setls[0].flag_later = rng_chance(&g->rng, 500);
	} else {
		visit_mirror(g, v, 0);
		v->negative_lines = rng_chance(&g->rng, 500);
	}
	if (rng_chance(&g->rng, 500))
		bill_again(g, v, 0);
}

static void noise_return(struct gen *g, struct visit *v)
{
	struct line *of = any_line(g, v), *back;
	bool linked = rng_chance(&g->rng, 660);
	int of_cnt = of ? of->cnt : 0;

	if (!of)
		return;
	back = visit_return(g, v, of, linked);
	if (linked && of_cnt > 1 && rng_chance(&g->rng, 500)) {
		back->cnt = -1 - rng_below(&g->rng, of_cnt - 1);
		of->left = of_cnt + back->cnt;
	}
	back->late = rng_chance(&g->rng, 500);
}

static void noise_deleted(struct gen *g, struct visit *v)
{
	struct line *of = any_line(g, v), *again;

	if (!of)
		return;
	again = visit_line(g, v, of->item, of->time);
	again->cnt = again->left = of->cnt;
	again->ownpay = of->ownpay;
	again->setl = of->setl;
	again->late = true;
	of->deleted = true;
}

static void noise_revision(struct gen *g, struct visit *v)
{
	struct line *l = any_line(g, v);

	if (!l)
		return;
	l->was_cnt = l->cnt + 1 + rng_below(&g->rng, 2);
	l->stale_late = rng_chance(&g->rng, 500);
}

static void noise_once(struct gen *g, struct visit *v)
{
	struct line *l;

	if (rng_chance(&g->rng, 20)) {
		noise_cancel(g, v);
		return;
	}
	if (rng_chance(&g->rng, 5)) {
		v->wrong_person = true;
		return;
	}
	if (rng_chance(&g->rng, 30))
		noise_return(g, v);
	if (rng_chance(&g->rng, 10))
		noise_deleted(g, v);
	if (rng_chance(&g->rng, 10))
		noise_revision(g, v);
	if (rng_chance(&g->rng, 20) && (l = any_line(g, v)))
		l->resend = true;
	if (rng_chance(&g->rng, 20) && (l = any_line(g, v)))
		l->late = true;
}

void noise_visit(struct gen *g, struct visit *v)
{
	noise_once(g, v);
	if (g->opt.wild)
		wild_settle(g, v);
	for (int i = 0; g->opt.wild && i < 6; i++)
		if (v->nsetls == 1 && !v->setls[0].refunded
				&& !v->wrong_person)
			noise_once(g, v);
}
