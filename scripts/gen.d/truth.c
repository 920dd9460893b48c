/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * truth.csv: one row per planted violation or look-alike. Lines are named
 * mdtrt_id/feedetl_sn, because feedetl_sn is unique only within a visit.
 */
#include <string.h>

#include "gen.h"

bool truth_open(struct gen *g)
{
	char path[4096];

	if (g->opt.truth)
		snprintf(path, sizeof path, "%s", g->opt.truth);
	else
		snprintf(path, sizeof path, "%s/truth.csv", g->opt.out);
	g->truth = fopen(path, "w");
	if (!g->truth) {
		fprintf(stderr, "fundwatch-gen: cannot write %s\n", path);
		return false;
	}
	fprintf(g->truth, "rule,kind,psn_no,fixmedins_code,mdtrt_ids,lines,"
		"date,amount,why,key\n");
	return true;
}

bool truth_close(struct gen *g)
{
	return fclose(g->truth) == 0;
}

static void count_row(struct gen *g, const struct plant *p)
{
	if (strcmp(p->kind, "violation") == 0)
		g->violations++;
	else
		g->lookalikes++;
}

static void write_refs(FILE *f, const struct truth_row *row)
{
	bool first = true;
	char text[32];

	for (int i = 0; i < 8 && row->lines[i]; i++, first = false)
		fprintf(f, "%s%s/%06d", first ? "" : ";",
			visit_text(row->line_of[i], text), row->lines[i]->sn);
	for (int i = 0; i < 2 && row->setls[i]; i++, first = false)
		fprintf(f, "%sS440300%012llu", first ? "" : ";",
			(unsigned long long)row->setls[i]->id);
}

void truth_write(struct gen *g, const struct truth_row *row)
{
	const struct plant *p = row->plant;
	FILE *f = g->truth;
	char text[32];

	count_row(g, p);
	fprintf(f, "%s,%s,%s,%s,", p->rule, p->kind, g->person.no,
		g->world.facs[row->visits[0]->fac].code);
	for (int i = 0; i < MAX_VISITS && row->visits[i]; i++)
		fprintf(f, "%s%s", i ? ";" : "",
			visit_text(row->visits[i], text));
	fputc(',', f);
	write_refs(f, row);
	fprintf(f, ",%s,", day_text(row->day));
	if (row->amount >= 0)
		fprintf(f, "%lld.%02d", (long long)(row->amount / 100),
			(int)(row->amount % 100));
	fprintf(f, ",%s,\n", p->why);
}

void truth_facility(struct gen *g, const struct plant *p, int fac,
	const char *month, const char *key)
{
	count_row(g, p);
	fprintf(g->truth, "%s,%s,,%s,,,%s,,%s,%s\n", p->rule, p->kind,
		g->world.facs[fac].code, month, p->why, key);
}
