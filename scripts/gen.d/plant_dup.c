/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dup.same_day: the same service item twice on one day, and everything that
 * only looks like it.
 */
#include "plant.h"

enum { SAME_VISIT, OTHER_FACILITY, ONE_LINE_OF_TWO, SECOND_LATE, HOURS,
	ONE_OF_THREE_BACK, PART_BACK, OTHER_PERSON_FIRST,
	REPEATABLE, CAP_TWO, LINKED, UNLINKED, CANCELLED, MIRRORED, MIRRORED_LINES, RESENT,
	MIDNIGHT, UNSETTLED, REFUSED, OWN_MONEY, DELETED, CORRECTED, STALE };

static int64_t later(const struct line *l)
{
	return l->time + 1200;
}

/* Two lines, the second in a visit of its own where that is the point. */
struct twice {
	struct visit *va, *vb;
	struct line *a, *b;
};

static struct twice twice(struct gen *g, int day, enum pool_id pool,
	bool apart)
{
	struct twice t;
	int item;

	t.va = t.vb = plant_outpatient(g, day);
	if (apart)
		t.vb = plant_outpatient_at(g,
			plant_other_hospital(g, t.va->fac), day);
	item = plant_item(g, t.va, pool, day);
	t.a = visit_line(g, t.va, item, t.va->begin + 300);
	t.b = visit_line(g, t.vb, item, apart ? t.vb->begin + 300
		: later(t.a));
	return t;
}

static int64_t excess(const struct gen *g, const struct twice *t, int cap)
{
	int cnt = t->a->cnt + t->b->cnt;

	return plant_share(line_inscp(g, t->a) + line_inscp(g, t->b),
		cnt - cap, cnt);
}

static void make_twice(struct gen *g, const struct plant *p, int day)
{
	struct twice t = twice(g, day, p->arg == HOURS ? POOL_CAP24
		: POOL_PLAIN, p->arg == OTHER_FACILITY || p->arg == HOURS
		|| p->arg == OTHER_PERSON_FIRST);
	struct line *third;

	t.vb->wrong_person = p->arg == OTHER_PERSON_FIRST;
	if (p->arg == SECOND_LATE)
		t.b->late = true;
	if (p->arg == HOURS) {
		t.a->cnt = t.a->left = 20;
		t.b->cnt = t.b->left = 10;
	}
	if (p->arg == ONE_OF_THREE_BACK) {
		third = visit_line(g, t.va, t.a->item, later(t.b));
		visit_return(g, t.va, third, true);
	}
	plant_truth(g, p, t.va, t.a, t.vb, t.b,
		excess(g, &t, p->arg == HOURS ? 24 : 1));
	plant_finish(g, 4);
}

static void make_one_line(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_outpatient(g, day);
	struct line *l = visit_line(g, v, plant_item(g, v, POOL_PLAIN, day),
		v->begin + 300);

	l->cnt = l->left = 2;
	plant_truth(g, p, v, l, NULL, NULL, plant_share(line_inscp(g, l), 1,
		2));
	plant_finish(g, 4);
}

/* Three on one line and one of them returned: two are left. */
static void make_part_back(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_outpatient(g, day);
	int item;
	struct line *l, *back;

	do
		item = plant_item(g, v, POOL_PLAIN, day);
	while (g->cat.items[item].selfpay);
	l = visit_line(g, v, item, v->begin + 300);
	l->cnt = l->left = 3;
	back = visit_return(g, v, l, true);
	back->cnt = -1;
	l->left = 2;
	plant_truth(g, p, v, l, NULL, NULL, g->cat.items[item].price);
	plant_finish(g, 4);
}

/* The whole second visit is taken back. */
static void make_cancelled(struct gen *g, const struct plant *p, int day)
{
	struct twice t = twice(g, day, POOL_PLAIN, true);

	if (p->arg == CANCELLED)
		t.vb->setls[0].refunded = true;
	else
		visit_mirror(g, t.vb, 0);
	t.vb->negative_lines = p->arg == MIRRORED_LINES;
	t.vb->setls[0].flag_later = p->arg == CANCELLED
		&& rng_chance(&g->rng, 500);
	plant_truth(g, p, t.va, t.a, t.vb, t.b, -1);
	plant_finish(g, 4);
}

static void make_harmless(struct gen *g, const struct plant *p, int day)
{
	enum pool_id pool = p->arg == REPEATABLE ? POOL_REPEATABLE
		: p->arg == CAP_TWO ? POOL_CAP2 : POOL_PLAIN;
	struct twice t = twice(g, day, pool, false);

	switch (p->arg) {
	case LINKED:
	case UNLINKED:
		visit_return(g, t.va, t.b, p->arg == LINKED)->time
			+= p->arg == LINKED ? 3 * DAY_SECONDS : 0;
		break;
	case UNSETTLED: t.b->setl = -1; break;
	case REFUSED: t.b->refused = true; break;
	case OWN_MONEY: t.b->ownpay = true; break;
	case DELETED: t.b->deleted = true; break;
	default: break;
	}
	plant_truth(g, p, t.va, t.a, t.vb, t.b, -1);
	plant_finish(g, 4);
}

/* One line that was, for a while, two or sent twice. */
static void make_revised(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_outpatient(g, day);
	struct line *l = visit_line(g, v, plant_item(g, v, POOL_PLAIN, day),
		v->begin + 300);

	l->resend = p->arg == RESENT;
	if (p->arg != RESENT)
		l->was_cnt = 2;
	l->stale_late = p->arg == STALE;
	plant_truth(g, p, v, l, NULL, NULL, -1);
	plant_finish(g, 4);
}

/* 23:50 and 00:10: two days. */
static void make_midnight(struct gen *g, const struct plant *p, int day)
{
	struct visit *v = plant_stay(g, plant_hospital(g), day, 3);
	int64_t midnight = (int64_t)(day + 2) * DAY_SECONDS;
	int item = plant_item(g, v, POOL_PLAIN, day + 1);
	struct line *a = visit_line(g, v, item, midnight - 600);
	struct line *b = visit_line(g, v, item, midnight + 600);

	plant_truth(g, p, v, a, v, b, -1);
	plant_finish(g, 0);
}

#define ROW(kind, why, span, make, arg) \
	{ "dup.same_day", kind, why, span, make, arg }

const struct plant plants_dup[] = {
	ROW("violation", "twice in one visit", 2, make_twice, SAME_VISIT),
	ROW("violation", "two facilities on one day", 2, make_twice,
		OTHER_FACILITY),
	ROW("violation", "one line of two", 2, make_one_line, ONE_LINE_OF_TWO),
	ROW("violation", "second line comes late", 2, make_twice, SECOND_LATE),
	ROW("violation", "more than 24 hours a day", 2, make_twice, HOURS),
	ROW("violation", "three and one returned", 2, make_twice,
		ONE_OF_THREE_BACK),
	ROW("violation", "three on one line and one returned", 2,
		make_part_back, PART_BACK),
	ROW("violation", "first sent under another person", 2, make_twice,
		OTHER_PERSON_FIRST),
	ROW("lookalike", "item may be repeated", 2, make_harmless, REPEATABLE),
	ROW("lookalike", "within a cap of two", 2, make_harmless, CAP_TWO),
	ROW("lookalike", "second returned by a linked line", 6, make_harmless,
		LINKED),
	ROW("lookalike", "second returned by an unlinked line", 2,
		make_harmless, UNLINKED),
	ROW("lookalike", "second settlement flagged refunded", 2,
		make_cancelled, CANCELLED),
	ROW("lookalike", "second settlement mirrored negative", 2,
		make_cancelled, MIRRORED),
	ROW("lookalike", "mirrored negative with negative lines", 2,
		make_cancelled, MIRRORED_LINES),
	ROW("lookalike", "same identity uploaded again", 2, make_revised,
		RESENT),
	ROW("lookalike", "two days around midnight", 4, make_midnight, 0),
	ROW("lookalike", "second line not settled", 2, make_harmless,
		UNSETTLED),
	ROW("lookalike", "second line refused by the hospital", 2,
		make_harmless, REFUSED),
	ROW("lookalike", "second line outside the scope", 2, make_harmless,
		OWN_MONEY),
	ROW("lookalike", "second line deleted", 2, make_harmless, DELETED),
	ROW("lookalike", "quantity corrected from two to one", 2, make_revised,
		CORRECTED),
	ROW("lookalike", "older revision arrives last", 2, make_revised,
		STALE),
	{ NULL, NULL, NULL, 0, NULL, 0 },
};
