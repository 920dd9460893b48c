/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reference_case.c - one random case as files, for tests that go through the programs.
 *
 *   reference_case FOLDER SEED RULES
 *
 * FOLDER/rules gets lists, tables and one file a rule; FOLDER/STREAM.csv the rows of a random
 * history in order of arrival, in columns by field name. Prints the first day of the insurance
 * year, MM-DD.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "tests/reference/engine.h"
#include "tests/reference/history.h"
#include "tests/reference/rulegen.h"

#define RULES_MAX 16u

static const char *folder;

static void put(const char *name, const char *text)
{
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "w");

	if (!out || fputs(text, out) == EOF || fclose(out) != 0) {
		perror(path);
		exit(1);
	}
}

static void put_rule(const struct gen_rule *g)
{
	char name[64];
	struct buf b;

	buf_init(&b, 0);
	rule_text(g, &b);
	(void)snprintf(name, sizeof name, "rules/%s.rules", g->id);
	put(name, buf_cstr(&b));
	(void)snprintf(name, sizeof name, "rules/%s.csv", g->id);
	if (g->except_csv)
		put(name, g->except_csv);
	buf_fini(&b);
}

static void put_lists(const struct gen_files *f)
{
	char name[64];

	put("rules/0.rules", f->head);
	for (unsigned i = 0; i < N_FILES; i++) {
		(void)snprintf(name, sizeof name, "rules/%s", f->file[i].path);
		put(name, f->file[i].text);
	}
}

/* Rules that are refused alone are left out. */
static uint32_t put_rules(struct arena *a, struct gen_files *f, struct rng *r, uint32_t wanted)
{
	uint32_t n = 0;

	for (uint32_t number = 1; n < wanted && number < 10 * RULES_MAX; number++) {
		struct gen_rule g;
		struct subject one;

		rule_make(&g, a, r, number);
		if (!subject_compile(&one, f, &g, 1, NULL))
			continue;
		subject_free(&one);
		put_rule(&g);
		n++;
	}
	return n;
}

static void add_cell(struct buf *b, enum field f, const struct cell *c)
{
	struct buf text;

	if (!c->known)
		return;
	buf_init(&text, 0);
	history_show_cell(&text, f, c);
	bool plain = !strpbrk(buf_cstr(&text), ",\"\n");
	buf_addf(b, plain ? "%s" : "\"%s\"", buf_cstr(&text));
	buf_fini(&text);
}

static void put_stream(const struct history *h, enum stream s)
{
	char name[64];
	struct buf b;
	unsigned width = stream_stored_width(s);

	buf_init(&b, 0);
	for (unsigned k = 0; k < width; k++)
		buf_addf(&b, "%s%s", k ? "," : "",
			 field_get((enum field)(stream_first(s) + k))->name);
	buf_addc(&b, '\n');
	for (uint32_t i = 0; i < h->n; i++) {
		if (h->rec[i]->stream != s)
			continue;
		for (unsigned k = 0; k < width; k++) {
			buf_adds(&b, k ? "," : "");
			add_cell(&b, (enum field)(stream_first(s) + k), &h->rec[i]->cell[k]);
		}
		buf_addc(&b, '\n');
	}
	(void)snprintf(name, sizeof name, "%s.csv", stream_name(s));
	put(name, buf_cstr(&b));
	buf_fini(&b);
}

int main(int argc, char **argv)
{
	struct arena a;
	struct gen_files f;
	struct history h;

	if (argc != 4) {
		fprintf(stderr, "usage: reference_case FOLDER SEED RULES\n");
		return 2;
	}
	folder = argv[1];
	struct rng r = { strtoull(argv[2], NULL, 10) };
	arena_init(&a);
	files_make(&f, &a, &r);
	put_lists(&f);
	uint32_t n = put_rules(&a, &f, &r, (uint32_t)strtoul(argv[3], NULL, 10) % RULES_MAX);
	history_make(&h, &r);
	for (enum stream s = 0; s < STREAM_STORED; s++)
		put_stream(&h, s);
	if (f.settings.insurance_year_month)
		printf("%02d-%02d\n", f.settings.insurance_year_month,
		       f.settings.insurance_year_day);
	else
		printf("01-01\n");
	history_fini(&h);
	arena_fini(&a);
	return n > 0 ? 0 : 1;
}
