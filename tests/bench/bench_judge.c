/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_judge.c - how fast a year already in memory is judged again, rule by rule.
 *
 * Loads a folder of extract files once, then gathers all subjects without judging, judges by
 * each rule alone, by all person rules, and fills the cells. Not a test: prints, never fails.
 *
 * usage: bench_judge RULES FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/work/files.h"
#include "lib/finding/judge.h"
#include "lib/record/decode.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may use the machine too */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_judge: %s: %s\n", what, why);
	exit(2);
}

static struct ruleset *load_rules(const char *path)
{
	struct path_list files = { NULL, 0, 0 };
	struct rule_settings settings = { .insurance_year_month = 1, .insurance_year_day = 1 };
	struct diag_list d;
	struct err e = { 0 };
	struct ruleset *rs;

	diag_init(&d, true);
	if (!rule_files_find(path, &files, &e) || !(rs = rules_load(&files, &settings, &d, &e)))
		die(path, e.text);
	path_list_fini(&files);
	diag_fini(&d);
	return rs;
}

static void take_chunks(struct judge *j, struct decoder *d)
{
	struct chunk *c;
	struct err e;

	while ((c = decoder_take(d))) {
		for (unsigned s = 0; s < STREAM_STORED; s++)
			if (c->table[s].n &&
			    !judge_add(j, c, (enum stream)s, NULL, c->table[s].n, 0, &e))
				die("timeline", e.text);
		chunk_free(c);
	}
}

static void load_file(struct judge *j, struct feed *feed, const uint8_t *needed, const char *path)
{
	static char block[1 << 20];
	struct err e = { 0 };
	struct decoder *d = decoder_new(feed, path_base(path), needed, &e);
	FILE *f = d ? fopen(path, "rb") : NULL;
	size_t n;

	while (f && (n = fread(block, 1, sizeof block, f)) > 0) {
		if (!decoder_push(d, block, n, &e))
			die(path, e.text);
		take_chunks(j, d);
	}
	if (f) {
		if (!decoder_finish(d, &e))
			die(path, e.text);
		take_chunks(j, d);
		fclose(f);
	}
	if (d)
		decoder_free(d);
}

static void load_folder(struct judge *j, const char *path)
{
	uint8_t *needed = xcalloc(FIELD_BITMAP, 1);
	struct path_list files = { NULL, 0, 0 };
	struct feed *feed = feed_default();
	struct err e = { 0 };

	timeline_needs(plan_wanted(judge_plan(j)), needed);
	if (!input_files_find(path, &files, &e))
		die(path, e.text);
	for (uint32_t i = 0; i < files.n; i++)
		load_file(j, feed, needed, files.path[i]);
	path_list_fini(&files);
	feed_free(feed);
	xfree(needed);
}

static void show(const char *what, uint64_t lines, double seconds, uint64_t hits)
{
	printf("%-28s %7.3f s %9.2f M lines/s %8llu findings\n", what, seconds,
	       (double)lines / seconds / 1e6, (unsigned long long)hits);
}

static void hit(void *ctx, const struct hit *h)
{
	(void)h;
	++*(uint64_t *)ctx;
}

static void give(void *ctx, const struct contributions *c)
{
	*(uint64_t *)ctx += c->n;
}

/* All subjects once: gathered, and handed to what is to be measured. */
struct passing {
	struct timeline *t;
	struct eval *eval;
	const uint8_t *only;
	bool judge, cells;
	uint64_t lines, hits;
};

static double pass(struct passing *p)
{
	uint32_t n = timeline_subjects(p->t), step = 64;
	uint32_t *subject = xcalloc(n, sizeof *subject);
	struct batch b;
	double spent = 0;

	batch_init(&b);
	p->lines = p->hits = 0;
	for (uint32_t i = 0; i < n; i++)
		subject[i] = i;
	for (uint32_t i = 0; i < n; i += step) {
		uint32_t take = n - i < step ? n - i : step;
		double start = now();

		timeline_gather(p->t, subject + i, take, &b, NULL);
		if (p->judge || p->cells)
			start = now();
		if (p->judge)
			eval_batch(p->eval, &b, p->only, hit, &p->hits);
		if (p->cells)
			eval_contributions(p->eval, &b, give, &p->hits);
		spent += now() - start;
		p->lines += b.rows[STREAM_FEE].n;
	}
	batch_fini(&b);
	xfree(subject);
	return spent;
}

static void measure(struct passing *p, const struct ruleset *rs)
{
	uint8_t *only = xcalloc(rs->n_rule / 8 + 1, 1);
	double seconds = pass(p);

	show("gather alone", p->lines, seconds, 0);
	p->judge = true;
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		if (!rs->rule[i].person_local || !rule_active(&rs->rule[i]))
			continue;
		only[i / 8] = (uint8_t)(1u << (i % 8));
		p->only = only;
		pass(p);
		seconds = pass(p);
		show(rs->rule[i].id.p, p->lines, seconds, p->hits);
		only[i / 8] = 0;
	}
	p->only = NULL;
	seconds = pass(p);
	show("all person rules", p->lines, seconds, p->hits);
	p->judge = false;
	p->cells = true;
	seconds = pass(p);
	show("contributions to cells", p->lines, seconds, p->hits);
	xfree(only);
}

int main(int argc, char **argv)
{
	struct judge_conf conf = { .batch_rows = 0 };
	struct passing p = { NULL, NULL, NULL, false, false, 0, 0 };
	struct ruleset *rs;
	struct plan *plan;
	struct judge *j;

	if (argc != 3)
		die("usage", "bench_judge RULES FOLDER");
	rs = load_rules(argv[1]);
	plan = plan_new(rs);
	j = judge_new(plan, &conf);
	load_folder(j, argv[2]);
	p.t = judge_timeline(j);
	p.eval = eval_new(plan, timeline_dict(p.t));
	measure(&p, rs);
	eval_free(p.eval);
	judge_free(j);
	plan_free(plan);
	ruleset_free(rs);
	return 0;
}
