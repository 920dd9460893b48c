/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --goods: the pharmacies' goods and the registers of people and doctors. Each
 * drug sold has a traceability code of its own, what is returned goes back on
 * the shelf, and what a quarter sells was in stock before: nothing here breaks
 * a rule.
 */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

enum { SALE = 3505, RETURN = 3506, COUNT = 3501, PURCHASE = 3503 };

struct goods {
	FILE *stock, *person, *doctor;
	int quarters, first_quarter;
	int *sold;                      /* [fac][item][quarter] */
	unsigned long long rows;
};

static struct goods goods;

static FILE *table(const struct gen *g, const char *stem, const char *header)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s_d_01.csv", g->opt.out, stem);
	f = fopen(path, "w");
	if (f)
		fputs(header, f);
	else
		fprintf(stderr, "fundwatch-gen: cannot write %s\n", path);
	return f;
}

static int quarter_of(int day)
{
	return month_index(day) / 3;
}

bool goods_open(struct gen *g)
{
	if (!g->opt.goods)
		return true;
	goods.first_quarter = quarter_of(g->opt.first_day);
	goods.quarters = quarter_of(g->opt.first_day + g->opt.days + 40)
		- goods.first_quarter + 1;
	goods.sold = calloc((size_t)g->world.nfacs * (size_t)g->cat.nitems
		* (size_t)goods.quarters, sizeof *goods.sold);
	goods.stock = table(g, "stock", "infno,fixmedins_code,med_list_codg,"
		"fixmedins_bchno,inv_chg_time,mdtrt_id,setl_id,psn_no,cnt,pric,"
		"drug_trac_codg,trdn_flag,updt_time\n");
	goods.person = table(g, "person",
		"psn_no,psn_name,gend,brdy,insutype,updt_time\n");
	goods.doctor = table(g, "practitioner",
		"dr_code,fixmedins_code,dr_name,dr_profttl,updt_time\n");
	return goods.sold && goods.stock && goods.person && goods.doctor;
}

static int *sold_at(const struct gen *g, int fac, int item, int quarter)
{
	return &goods.sold[((size_t)fac * (size_t)g->cat.nitems + (size_t)item)
		* (size_t)goods.quarters + (size_t)quarter];
}

static const char *clock_text(int64_t time, char text[16])
{
	int s = (int)(time % DAY_SECONDS);

	snprintf(text, 16, "%02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
	return text;
}

/* A movement of one line; the code of what is sold comes back when it does. */
static void move_line(const struct gen *g, const struct visit *v,
	const struct line *l, int kind, int cnt, unsigned long long code)
{
	const struct item *it = &g->cat.items[l->item];
	int64_t time = l->time + (kind == RETURN ? 1800 : 0);
	char visit[32], clock[16];

	fprintf(goods.stock, "%d,%s,%s,B%012llu,%s %s,%s,S440300%012llu,%s,%d,"
		"%lld.%02d,81%018llu,0,%s 23:00:00\n", kind,
		g->world.facs[v->fac].code, it->code, ++goods.rows,
		day_text((int)(time / DAY_SECONDS)), clock_text(time, clock),
		visit_text(v, visit), (unsigned long long)v->setls[l->setl].id,
		g->person.no, cnt, (long long)(it->price / 100),
		(int)(it->price % 100), code,
		day_text((int)(time / DAY_SECONDS) + 1));
}

/* What a pharmacy's visit took from the shelf, and what came back. */
void goods_visit(struct gen *g, const struct visit *v)
{
	if (!g->opt.goods || v->kind != VISIT_PHARMACY)
		return;
	for (int i = 0; i < v->nlines; i++) {
		const struct line *l = &v->lines[i];
		int day = (int)(l->time / DAY_SECONDS);
		unsigned long long code = goods.rows + 1;
		bool back = l->setl >= 0 && v->setls[l->setl].refunded;
		int kept = back ? 0 : l->left;
		if (l->cnt <= 0 || l->setl < 0 || l->deleted
				|| g->cat.items[l->item].list_type != 101)
			continue;
		move_line(g, v, l, SALE, l->cnt, code);
		if (kept < l->cnt)
			move_line(g, v, l, RETURN, l->cnt - kept, code);
		*sold_at(g, v->fac, l->item, quarter_of(day)
			- goods.first_quarter) += l->cnt;
	}
}

void goods_person(const struct gen *g)
{
	const struct person *p = &g->person;

	if (!g->opt.goods)
		return;
	fprintf(goods.person, "%s,%s,%d,%s,%d,%s 00:00:00\n", p->no, p->name,
		p->gender, day_text(p->birth_day), p->insutype,
		day_text(g->opt.first_day));
}

/* Opening count and purchase of one drug in one quarter. */
static void stock_up(const struct gen *g, int fac, int item, int quarter,
	int sold)
{
	static const int kinds[2] = { COUNT, PURCHASE };
	int month = (goods.first_quarter + quarter) * 3;
	const struct item *it = &g->cat.items[item];

	for (int i = 0; i < 2; i++)
		fprintf(goods.stock, "%d,%s,%s,B%012llu,%s 07:00:00,,,,%d,"
			"%lld.%02d,,0,%s 23:00:00\n", kinds[i],
			g->world.facs[fac].code, it->code, ++goods.rows,
			day_text(day_of(month / 12, month % 12 + 1, 1 + 14 * i)),
			i ? sold : sold / 10 + 1, (long long)(it->price / 200),
			(int)(it->price / 2 % 100),
			day_text(g->opt.first_day + g->opt.days));
}

static void stock_all(const struct gen *g)
{
	for (int f = 0; f < g->world.nfacs; f++)
		for (int i = 0; i < g->cat.nitems; i++)
			for (int q = 0; q < goods.quarters; q++)
				if (*sold_at(g, f, i, q))
					stock_up(g, f, i, q,
						*sold_at(g, f, i, q));
}

bool goods_close(struct gen *g)
{
	bool ok;

	if (!g->opt.goods)
		return true;
	stock_all(g);
	for (int i = 0; i < g->world.nfacs * 20; i++)
		fprintf(goods.doctor, "D4403%08d,%s,医师%d,%d,%s 00:00:00\n", i,
			g->world.facs[i / 20].code, i, i % 5 == 0 ? 5 : 4,
			day_text(g->opt.first_day));
	ok = fclose(goods.stock) == 0;
	ok &= fclose(goods.person) == 0;
	ok &= fclose(goods.doctor) == 0;
	free(goods.sold);
	return ok;
}
