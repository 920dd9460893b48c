/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Building one visit: lines, returns, settlements, and the checks that keep
 * unplanted lines from breaking a rule by accident.
 */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

static uint64_t seen_key(int item, int day)
{
	return (uint64_t)item << 32 | (uint32_t)day;
}

/* The slot of (item, day) in the person's set, taken or free. */
static unsigned seen_slot(const struct person *p, uint64_t key)
{
	unsigned at = (unsigned)(mix64(key)) & (SEEN_SLOTS - 1);

	while (p->seen_stamp[at] == p->stamp && p->seen_key[at] != key)
		at = (at + 1) & (SEEN_SLOTS - 1);
	return at;
}

static bool seen(const struct person *p, int item, int day)
{
	return p->seen_stamp[seen_slot(p, seen_key(item, day))] == p->stamp;
}

static void too_dense(void)
{
	fprintf(stderr, "fundwatch-gen: one person cannot have so many lines; "
		"ask for more --persons\n");
	exit(1);
}

static void add_mark(struct mark *marks, int *n, struct mark m)
{
	if (*n >= MAX_MARKS)
		too_dense();
	marks[(*n)++] = m;
}

static void remember(struct gen *g, const struct visit *v, int item, int day)
{
	struct person *p = &g->person;
	const struct item *it = &g->cat.items[item];
	unsigned at = seen_slot(p, seen_key(item, day));
	struct mark m = { item, day, (int)v->id };

	if (g->opt.wild)
		return;
	if (++p->nseen > SEEN_SLOTS / 4 * 3)
		too_dense();
	p->seen_stamp[at] = p->stamp;
	p->seen_key[at] = seen_key(item, day);
	if (it->flags & (ITEM_PAIRED | ITEM_PANEL))
		add_mark(p->marks, &p->nmarks, m);
	if (it->interval)
		add_mark(p->tests, &p->ntests, m);
}

static bool too_soon(const struct gen *g, int item, int day)
{
	const struct person *p = &g->person;

	for (int i = 0; i < p->ntests; i++)
		if (p->tests[i].item == item && abs(p->tests[i].day - day)
				< g->cat.items[item].interval)
			return true;
	return false;
}

static bool excluded(const struct gen *g, const struct visit *v, int item,
	int day)
{
	const struct person *p = &g->person;

	for (int i = 0; i < p->nmarks; i++)
		if ((p->marks[i].day == day || p->marks[i].visit == (int)v->id)
				&& catalogue_exclusive(&g->cat,
					p->marks[i].item, item))
			return true;
	return false;
}

bool visit_free_for(const struct gen *g, const struct visit *v, int item,
	int day)
{
	const struct item *it = &g->cat.items[item];

	if (g->opt.wild)
		return true;
	if (!(it->flags & ITEM_REPEATABLE) && seen(&g->person, item, day))
		return false;
	if (it->interval && too_soon(g, item, day))
		return false;
	return !(it->flags & (ITEM_PAIRED | ITEM_PANEL))
		|| !excluded(g, v, item, day);
}

static void free_of_sex(const struct gen *g, struct visit *v)
{
	while (g->cat.diags[v->diag].limited)
		v->diag = (v->diag + 1) % g->cat.ndiags;
}

/* Whoever is given what is for one sex is of it, whatever was drawn before, in all visits. */
static void fit_sex(struct gen *g, struct visit *v, int gender)
{
	struct person *p = &g->person;

	if (p->gender != gender)
		free_of_sex(g, v);
	for (int i = 0; i < p->nvisits && p->gender != gender; i++)
		free_of_sex(g, p->visits[i]);
	p->gender = gender;
}

struct line *visit_line(struct gen *g, struct visit *v, int item, int64_t time)
{
	struct line *l;

	if (v->nlines >= MAX_LINES)
		abort();
	l = &v->lines[v->nlines++];
	memset(l, 0, sizeof *l);
	l->item = item;
	l->time = time;
	l->cnt = l->left = 1;
	l->sn = ++v->nsn;
	l->setl = v->open ? -1 : 0;
	remember(g, v, item, (int)(time / DAY_SECONDS));
	if (g->cat.items[item].flags & (ITEM_MALE | ITEM_FEMALE))
		fit_sex(g, v, g->cat.items[item].flags & ITEM_MALE ? 1 : 2);
	return l;
}

/* The whole line goes back, some minutes later (or days: set its time). */
struct line *visit_return(struct gen *g, struct visit *v, struct line *of,
	bool linked)
{
	struct line *l = visit_line(g, v, of->item, of->time + 240);

	l->cnt = -of->cnt;
	l->setl = of->setl;
	l->ownpay = of->ownpay;
	l->late = true;
	l->left = of->left = 0;
	l->init_sn = linked ? of->sn : 0;
	return l;
}

int visit_settle(struct gen *g, struct visit *v)
{
	struct setl *s;

	if (v->nsetls >= MAX_SETLS)
		abort();
	s = &v->setls[v->nsetls];
	memset(s, 0, sizeof *s);
	s->id = ++g->next_setl;
	s->begin = v->day;
	s->end = v->end_day;
	s->mirrors = s->like = -1;
	s->invoice = s->id;
	return v->nsetls++;
}

/* Cancels a settlement by a negative one under a new number. */
int visit_mirror(struct gen *g, struct visit *v, int setl)
{
	int at = visit_settle(g, v);

	v->setls[at].mirrors = setl;
	v->setls[at].init = v->setls[setl].id;
	v->setls[at].begin = v->setls[setl].begin;
	v->setls[at].end = v->setls[setl].end;
	v->setls[at].invoice = v->setls[setl].invoice;
	v->setls[at].late = true;
	return at;
}

static struct visit *blank(struct gen *g, enum visit_kind kind, int fac)
{
	int slot = g->person.nvisits++;
	struct visit *v;

	if (slot >= MAX_VISITS)
		abort();
	v = g->person.visits[slot] = g->pool[slot];
	memset(v, 0, offsetof(struct visit, lines));
	v->kind = kind;
	v->fac = fac;
	v->id = ++g->next_visit;
	/* some hospitals count for themselves: their numbers meet */
	v->number = fac % 5 ? v->id : ++g->world.counters[fac];
	v->dscg_way = 1;
	do
		v->diag = rng_below(&g->rng, g->opt.wild ? 4 : g->cat.ndiags);
	while (g->cat.diags[v->diag].planned
		|| g->cat.diags[v->diag].limited);
	return v;
}

struct visit *visit_new(struct gen *g, enum visit_kind kind, int fac, int day)
{
	static const char *const types[] = { "11", "11", "11", "13", "140104" };
	struct visit *v = blank(g, kind, fac);

	v->day = v->end_day = day;
	v->begin = (int64_t)day * DAY_SECONDS + 8 * 3600
		+ rng_below(&g->rng, 9 * 3600);
	v->end = v->begin + 1800 + rng_below(&g->rng, 3600);
	v->med_type = kind == VISIT_PHARMACY ? "41"
		: types[rng_below(&g->rng, 5)];
	visit_settle(g, v);
	return v;
}

struct visit *stay_new(struct gen *g, int fac, int day, int nights)
{
	struct visit *v = blank(g, VISIT_IN, fac);

	v->day = day;
	v->end_day = day + nights;
	v->begin = (int64_t)day * DAY_SECONDS + 8 * 3600
		+ rng_below(&g->rng, 6 * 3600);
	v->end = (int64_t)v->end_day * DAY_SECONDS + 15 * 3600
		+ rng_below(&g->rng, 2 * 3600);
	v->med_type = "21";
	visit_settle(g, v);
	return v;
}

const char *visit_text(const struct visit *v, char text[32])
{
	snprintf(text, 32, "M440300%012llu", (unsigned long long)v->number);
	return text;
}

int64_t line_amount(const struct gen *g, const struct line *l)
{
	return g->cat.items[l->item].price * l->cnt;
}

/* In scope: what is left after the part the person pays first. */
int64_t line_inscp(const struct gen *g, const struct line *l)
{
	int64_t amount = line_amount(g, l), size = amount < 0 ? -amount
		: amount;
	int64_t first = (size * g->cat.items[l->item].selfpay + 500) / 1000;

	if (l->ownpay || l->refused)
		return 0;
	return amount < 0 ? first - size : size - first;
}

/* ---- closing */

static bool cancelled(const struct visit *v, int setl)
{
	if (v->setls[setl].refunded)
		return true;
	for (int i = 0; i < v->nsetls; i++)
		if (v->setls[i].mirrors == setl)
			return true;
	return false;
}

static void sum_lines(struct gen *g, struct visit *v)
{
	for (int i = 0; i < v->nlines; i++) {
		const struct line *l = &v->lines[i];
		struct setl *s = l->setl >= 0 ? &v->setls[l->setl] : NULL;
		if (!s || l->deleted)
			continue;
		s->medfee += line_amount(g, l);
		s->inscp += line_inscp(g, l);
		if (l->cnt > 0 && l->left > 0 && line_inscp(g, l) > 0
				&& !cancelled(v, l->setl))
			tiers_count(g, v->fac, l->item,
				(int)(l->time / DAY_SECONDS));
	}
}

static void sum_settlements(struct visit *v)
{
	for (int i = 0; i < v->nsetls; i++) {
		struct setl *s = &v->setls[i];
		if (s->like >= 0) {
			s->medfee = v->setls[s->like].medfee;
			s->inscp = v->setls[s->like].inscp;
		}
		s->fund = s->no_fund ? 0 : s->inscp * 7 / 10;
	}
	for (int i = 0; i < v->nsetls; i++) {
		struct setl *s = &v->setls[i];
		if (s->mirrors < 0)
			continue;
		s->medfee = -v->setls[s->mirrors].medfee;
		s->inscp = -v->setls[s->mirrors].inscp;
		s->fund = -v->setls[s->mirrors].fund;
	}
}

/* Negative lines under the negative settlement, as some provinces send them. */
static void mirror_lines(struct gen *g, struct visit *v)
{
	int n = v->nlines, mirror = -1;

	for (int i = 0; i < v->nsetls; i++)
		if (v->setls[i].mirrors >= 0)
			mirror = i;
	for (int i = 0; i < n && mirror >= 0; i++) {
		struct line *of = &v->lines[i], *l;
		if (of->setl != v->setls[mirror].mirrors || of->cnt < 0
				|| of->deleted || of->left != of->cnt)
			continue;
		l = visit_line(g, v, of->item, of->time);
		l->cnt = -v->lines[i].cnt;
		l->left = 0;
		l->setl = mirror;
		l->ownpay = v->lines[i].ownpay;
		l->init_sn = v->lines[i].sn;
		l->late = true;
	}
}

void visit_close(struct gen *g, struct visit *v)
{
	if (!v->quiet)
		noise_visit(g, v);
	if (v->negative_lines)
		mirror_lines(g, v);
	sum_lines(g, v);
	sum_settlements(v);
	emit_encounter(g, v);
	if (!v->open)
		for (int i = 0; i < v->nsetls; i++)
			emit_settlement(g, v, &v->setls[i]);
	emit_lines(g, v);
}
