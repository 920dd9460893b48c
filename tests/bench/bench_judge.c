/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_judge.c - how fast a year already in memory is judged again, and one more day of it.
 *
 * Loads extract files once, then judges everybody by each rule alone (as when it changed), by all
 * rules, and, when another file is given, takes that in and judges what it touched. Processor
 * time of one thread, one shard. Not a test: prints, never fails.
 *
 * usage: bench_judge RULES PATH [FEED [DAY]]
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

static void load(struct judge *j, struct feed *feed, const char *path)
{
	uint8_t *needed = xcalloc(FIELD_BITMAP, 1);
	struct path_list files = { NULL, 0, 0 };
	struct err e = { 0 };

	timeline_needs(plan_wanted(judge_plan(j)), needed);
	if (!input_files_find(path, &files, &e))
		die(path, e.text);
	for (uint32_t i = 0; i < files.n; i++)
		load_file(j, feed, needed, files.path[i]);
	path_list_fini(&files);
	xfree(needed);
}

static uint64_t lines_of(const struct judge *j)
{
	struct timeline_stats ts;

	timeline_stats_get(judge_timeline((struct judge *)j), &ts);
	return ts.records[STREAM_FEE] - ts.resent[STREAM_FEE] - ts.superseded[STREAM_FEE];
}

static void show(const char *what, uint64_t lines, double seconds, uint64_t findings)
{
	printf("%-28s %8.4f s %9.2f M lines/s %8llu findings\n", what, seconds,
	       (double)lines / seconds / 1e6, (unsigned long long)findings);
}

/* One round over cells, if there are any. */
static void judge_over_cells(struct judge *j, struct verdict **v, struct findings *out)
{
	if (!plan_has_cells(judge_plan(j)))
		return;
	if (!*v)
		*v = verdict_new(&j, 1);
	verdict_begin(*v);
	verdict_split(*v, 0);
	verdict_judge(*v, 0);
	verdict_decide(*v);
	judge_evidence(j, *v, 0);
	verdict_findings(*v, out);
}

/* Everybody by the rules as they are: one judging after a change of rules. */
static void judge_by(struct judge *j, const struct plan *p, const char *what, struct verdict **v)
{
	struct findings out;
	double start;

	judge_replan(j, p);
	timeline_read(judge_timeline(j), plan_wanted(p));
	findings_init(&out);
	start = now();
	judge_all(j, NULL, &out);
	judge_over_cells(j, v, &out);
	show(what, lines_of(j), now() - start, out.n);
	judge_clean(j);
	findings_fini(&out);
}

static void each_rule(struct judge *j, struct ruleset *rs, const struct plan *whole)
{
	enum rule_state *was = xcalloc(rs->n_rule, sizeof *was);

	for (uint32_t i = 0; i < rs->n_rule; i++) {
		was[i] = rs->rule[i].state;
		rs->rule[i].state = STATE_OFF;
	}
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		struct verdict *v = NULL;
		struct plan *p;

		rs->rule[i].state = was[i];
		if (rule_active(&rs->rule[i])) {
			p = plan_new(rs);
			judge_by(j, p, rs->rule[i].id.p, &v);
			verdict_free(v);
			judge_replan(j, whole);
			plan_free(p);
		}
		rs->rule[i].state = STATE_OFF;
	}
	for (uint32_t i = 0; i < rs->n_rule; i++)
		rs->rule[i].state = was[i];
	xfree(was);
}

static void one_day(struct judge *j, struct feed *feed, const char *path, struct verdict **v)
{
	uint64_t before = lines_of(j);
	struct findings out;
	double start = now(), added, judged;
	uint32_t dirty;

	findings_init(&out);
	load(j, feed, path);
	added = now();
	timeline_dirty(judge_timeline(j), &dirty);
	judge_dirty(j, NULL, &out);
	judged = now();
	judge_over_cells(j, v, &out);
	judge_clean(j);
	printf("one more day: %llu lines, %u subjects: taken in %.1f ms, judged %.1f ms, "
	       "cells %.1f ms; %u findings stand\n",
	       (unsigned long long)(lines_of(j) - before), dirty, (added - start) * 1e3,
	       (judged - added) * 1e3, (now() - judged) * 1e3, out.n);
	findings_fini(&out);
}

int main(int argc, char **argv)
{
	struct judge_conf conf = { .replaceable = true };
	struct verdict *v = NULL;
	struct ruleset *rs;
	struct feed *feed;
	struct plan *plan;
	struct judge *j;
	struct err e;

	if (argc < 3)
		die("usage", "bench_judge RULES PATH [FEED [DAY]]");
	rs = load_rules(argv[1]);
	plan = plan_new(rs);
	feed = argc > 3 ? feed_load(argv[3], &e) : feed_default();
	if (!feed)
		die(argv[3], e.text);
	j = judge_new(plan, &conf);
	load(j, feed, argv[2]);
	each_rule(j, rs, plan);
	judge_by(j, plan, "all rules", &v);
	if (argc > 4)
		one_day(j, feed, argv[4], &v);
	verdict_free(v);
	judge_free(j);
	feed_free(feed);
	plan_free(plan);
	ruleset_free(rs);
	return 0;
}
