/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fundwatch-gen: options, and the loop that alternates ordinary people with
 * planted cases until the wanted number of fee lines is written.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "gen.h"

#ifndef GEN_CATALOGUE
#define GEN_CATALOGUE "scripts/gen.d"
#endif
#ifndef GEN_KNOWLEDGE
#define GEN_KNOWLEDGE "rules/knowledge"
#endif

static const char help[] =
"usage: fundwatch-gen --out DIR [option…]\n"
"Writes invented settlement extracts (core tables) with planted violations,\n"
"their legitimate look-alikes, and truth.csv. The same seed gives the same\n"
"bytes.\n\n"
"  --out DIR            folder for the files; made when missing\n"
"  --truth FILE         what was planted (default DIR/truth.csv)\n"
"  --lines N            fee lines wanted (default 300000)\n"
"  --persons N          population behind them (default lines/8 a month)\n"
"  --facilities N       facilities wanted (never fewer than 73)\n"
"  --month YYYY-MM      one month (default 2026-03)\n"
"  --from YYYY-MM-DD    first day, with --days N (at least 28)\n"
"  --days N             length of the period\n"
"  --seed N             default 1\n"
"  --lookalikes R       look-alikes per violation of a kind (default 1)\n"
"  --wild               nothing planted and nothing avoided: accidental\n"
"                       findings everywhere, for comparing two evaluators\n"
"  --goods              stock of the pharmacies and registers of people and\n"
"                       doctors beside the other tables\n"
"  --gzip STEM          file to compress (default fee_list_d_02; none)\n"
"  --gb18030 STEM       file in GB18030 (default fee_list_d_03; none)\n"
"  --catalogue DIR      folder of catalogue.csv and diagnoses.csv\n"
"  --knowledge DIR      folder of the rules' tables\n"
"  --help               this text\n";

static const struct option long_options[] = {
	{ "out", 1, NULL, 'o' }, { "lines", 1, NULL, 'n' },
	{ "persons", 1, NULL, 'p' }, { "facilities", 1, NULL, 'f' },
	{ "month", 1, NULL, 'm' }, { "from", 1, NULL, 'b' },
	{ "days", 1, NULL, 'd' }, { "seed", 1, NULL, 's' },
	{ "lookalikes", 1, NULL, 'l' }, { "gzip", 1, NULL, 'z' },
	{ "gb18030", 1, NULL, 'g' }, { "catalogue", 1, NULL, 'c' },
	{ "knowledge", 1, NULL, 'k' }, { "truth", 1, NULL, 't' },
	{ "help", 0, NULL, 'h' },
	{ "wild", 0, NULL, 'w' }, { "goods", 0, NULL, 'G' }, { NULL, 0, NULL, 0 },
};

static bool parse_day(const char *text, int *day)
{
	int y, m, d = 1;

	if (sscanf(text, "%d-%d-%d", &y, &m, &d) < 2 || m < 1 || m > 12
			|| y < 1990 || y > 2100 || d < 1 || d > 31)
		return false;
	*day = day_of(y, m, d);
	return true;
}

static bool set_month(struct options *o, const char *text)
{
	int y, m, d;

	if (!parse_day(text, &o->first_day))
		return false;
	day_split(o->first_day, &y, &m, &d);
	o->days = day_of(m == 12 ? y + 1 : y, m == 12 ? 1 : m + 1, 1)
		- o->first_day;
	return true;
}

static bool set_option(struct options *o, int c, const char *arg)
{
	switch (c) {
	case 'o': o->out = arg; return true;
	case 'n': o->lines = atol(arg); return o->lines > 0;
	case 'p': o->persons = atol(arg); return o->persons > 0;
	case 'f': o->facilities = atoi(arg); return o->facilities > 0;
	case 'm': return set_month(o, arg);
	case 'b': return parse_day(arg, &o->first_day);
	case 'd': o->days = atoi(arg); return o->days >= 28;
	case 's': o->seed = strtoull(arg, NULL, 10); return true;
	case 'l': o->lookalikes = atof(arg); return o->lookalikes >= 0;
	case 'z': o->gzip = arg; return true;
	case 'g': o->gb18030 = arg; return true;
	case 'c': o->catalogue = arg; return true;
	case 'k': o->knowledge = arg; return true;
	case 't': o->truth = arg; return true;
	case 'w': return o->wild = true;
	case 'G': return o->goods = true;
	default: return false;
	}
}

static bool read_options(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options) { .catalogue = GEN_CATALOGUE,
		.knowledge = GEN_KNOWLEDGE, .gzip = "fee_list_d_02",
		.gb18030 = "fee_list_d_03", .lines = 300000, .seed = 1,
		.lookalikes = 1 };
	set_month(o, "2026-03");
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			exit(0);
		}
		if (!set_option(o, c, optarg)) {
			fprintf(stderr, "fundwatch-gen: bad option or value;"
				" see --help\n");
			return false;
		}
	}
	if (!o->out)
		fprintf(stderr, "fundwatch-gen: --out DIR is needed\n");
	if (o->out && !o->persons)
		o->persons = o->lines * 30 / o->days / 8 + 1;
	return o->out != NULL;
}

/* One planted case with a new person. */
static void plant_case(struct gen *g, const struct plant *p, long person)
{
	int room;

	person_begin(g, person);
	room = g->opt.days - p->span - 1;
	p->make(g, p, g->opt.first_day + 1
		+ rng_below(&g->rng, room > 0 ? room : 1));
}

static void plain_person(struct gen *g, long person, double per_day)
{
	person_begin(g, person);
	person_walk(g, per_day, g->opt.first_day,
		g->opt.first_day + g->opt.days);
}

/* Which case comes next: kinds take turns, rarer ones drop out. */
static const struct plant *next_case(int *kind, long *round, int kinds,
	const long each[2])
{
	while (*round < each[0] || *round < each[1]) {
		const struct plant *p = plants_at(*kind);
		bool violation = strcmp(p->kind, "violation") == 0;
		long now = *round;
		if (++*kind == kinds) {
			*kind = 0;
			++*round;
		}
		if (now < each[!violation])
			return p;
	}
	return NULL;
}

static void generate(struct gen *g)
{
	long each[2], person = 0, since = 0, spacing, round = 0;
	int kinds = plants_count(g, &each[0], &each[1]), kind = 0;
	/* a visit makes about nine lines, planted cases a tenth of all */
	double per_day = (double)g->opt.lines / 10.0
		/ (double)g->opt.persons / g->opt.days;
	const struct plant *p = g->opt.wild ? NULL
		: next_case(&kind, &round, kinds, each);

	spacing = g->opt.persons / ((each[0] + each[1]) * kinds + 1) + 1;
	while (p || g->lines_out < g->opt.lines) {
		if (p && ++since >= spacing) {
			plant_case(g, p, person++);
			p = next_case(&kind, &round, kinds, each);
			since = 0;
		} else {
			plain_person(g, person++, per_day);
		}
		goods_person(g);
	}
	fprintf(stderr, "fundwatch-gen: %ld lines, %ld persons, %llu visits, "
		"%llu settlements, %d facilities\n", g->lines_out, person,
		(unsigned long long)g->next_visit,
		(unsigned long long)g->next_setl, g->world.nfacs);
}

static bool prepare(struct gen *g)
{
	if (mkdir(g->opt.out, 0777) != 0 && errno != EEXIST) {
		fprintf(stderr, "fundwatch-gen: cannot make %s: %s\n",
			g->opt.out, strerror(errno));
		return false;
	}
	if (!catalogue_load(&g->cat, g->opt.catalogue, g->opt.knowledge)
			|| !outputs_open(g) || !truth_open(g))
		return false;
	for (int i = 0; i < MAX_VISITS; i++)
		if (!(g->pool[i] = malloc(sizeof *g->pool[i])))
			abort();
	world_init(&g->world, g->opt.facilities, g->opt.lines);
	tiers_init(g);
	return goods_open(g);
}

int main(int argc, char **argv)
{
	static struct gen g;
	bool ok;

	if (!read_options(&g.opt, argc, argv))
		return 2;
	if (!prepare(&g))
		return 1;
	generate(&g);
	if (!g.opt.wild)
		tiers_truth(&g);
	ok = emit_registers(&g);
	ok &= outputs_close(&g);
	ok &= goods_close(&g);
	ok &= truth_close(&g);
	fprintf(stderr, "fundwatch-gen: %ld violations and %ld look-alikes "
		"planted\n", g.violations, g.lookalikes);
	tiers_fini(&g);
	world_fini(&g.world);
	catalogue_free(&g.cat);
	for (int i = 0; i < MAX_VISITS; i++)
		free(g.pool[i]);
	return ok ? 0 : 1;
}
