/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_judge.c - how fast a year already in memory is judged again, and one more day of it.
 *
 * Loads extract files once, then judges everybody by all rules, with gathering and from columns
 * that were kept; by each rule alone, as when it changed; and takes in the files of further days
 * one after another, judging what each touched. At last everybody is judged anew by a fresh
 * evaluator: when that finds another number, it says so and fails. Processor time of one thread,
 * one shard; medians. A CSV row a measurement: what, lines, seconds, findings.
 *
 * usage: bench_judge RUNS RULES FEED YEAR [DAY...]
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

enum { MOST_RUNS = 99 };

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, by_size);
	return v[n / 2];
}

static void show(const char *what, uint64_t lines, double seconds, uint64_t findings)
{
	printf("%s,%llu,%.5f,%llu\n", what, (unsigned long long)lines, seconds,
	       (unsigned long long)findings);
	fflush(stdout);
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

/* Everybody by a plan, from the beginning; *v is what stands over cells afterwards. */
static double judge_once(struct judge *j, const struct plan *p, struct verdict **v, uint32_t *found)
{
	struct findings out;
	double start;

	verdict_free(*v);
	*v = NULL;
	judge_replan(j, p);
	timeline_read(judge_timeline(j), plan_wanted(p));
	findings_init(&out);
	start = now();
	judge_all(j, NULL, &out);
	judge_over_cells(j, v, &out);
	start = now() - start;
	judge_clean(j);
	*found = out.n;
	findings_fini(&out);
	return start;
}

static void judge_by(struct judge *j, const struct plan *p, const char *what, int runs)
{
	double took[MOST_RUNS];
	struct verdict *v = NULL;
	uint32_t found = 0;

	for (int i = 0; i < runs; i++)
		took[i] = judge_once(j, p, &v, &found);
	verdict_free(v);
	show(what, lines_of(j), median(took, runs), found);
}

/* Each rule alone over what is kept, as when it changed. */
static void each_rule(struct judge *j, struct ruleset *rs, const struct plan *whole, int runs)
{
	enum rule_state *was = xcalloc(rs->n_rule, sizeof *was);

	for (uint32_t i = 0; i < rs->n_rule; i++) {
		was[i] = rs->rule[i].state;
		rs->rule[i].state = STATE_OFF;
	}
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		struct plan *p;

		rs->rule[i].state = was[i];
		if (rule_active(&rs->rule[i])) {
			p = plan_new(rs);
			judge_by(j, p, rs->rule[i].id.p, runs);
			judge_replan(j, whole);
			plan_free(p);
		}
		rs->rule[i].state = STATE_OFF;
	}
	for (uint32_t i = 0; i < rs->n_rule; i++)
		rs->rule[i].state = was[i];
	xfree(was);
}

static double one_day(struct judge *j, struct feed *feed, const char *path, struct verdict **v)
{
	struct findings out;
	double start = now();

	findings_init(&out);
	load(j, feed, path);
	judge_dirty(j, NULL, &out);
	judge_over_cells(j, v, &out);
	judge_clean(j);
	findings_fini(&out);
	return now() - start;
}

static void days(struct judge *j, struct feed *feed, char **path, int n)
{
	const struct plan *p = judge_plan(j);
	double took[MOST_RUNS];
	struct verdict *v = NULL;
	uint64_t before;
	uint32_t found;

	judge_once(j, p, &v, &found);
	before = lines_of(j);
	for (int i = 0; i < n; i++)
		took[i] = one_day(j, feed, path[i], &v);
	if (n)
		show("one more day", (lines_of(j) - before) / (uint64_t)n, median(took, n), 0);
	verdict_free(v);
}

/* What stands after days and kept columns is what a judge finds that gathers everything. */
static uint32_t found_by(struct judge *j, const struct plan *p)
{
	struct verdict *v = NULL;
	uint32_t found;

	judge_once(j, p, &v, &found);
	verdict_free(v);
	return found;
}

static struct judge *loaded(const struct plan *p, struct feed *feed, char **path, int n, bool keep)
{
	struct judge_conf conf = { .replaceable = true, .keep = keep };
	struct judge *j = judge_new(p, &conf);

	for (int i = 0; i < n; i++)
		load(j, feed, path[i]);
	return j;
}

static int measure(struct ruleset *rs, struct feed *feed, char **path, int n, int runs)
{
	struct plan *plan = plan_new(rs);
	struct judge *j = loaded(plan, feed, path, 1, false), *all;
	uint32_t a, b;

	judge_by(j, plan, "all rules", runs);
	judge_free(j);
	j = loaded(plan, feed, path, 1, true);
	found_by(j, plan);
	judge_by(j, plan, "all rules kept", runs);
	show("bytes kept", lines_of(j), 0, judge_kept_bytes(j));
	each_rule(j, rs, plan, runs);
	days(j, feed, path + 1, n - 1);
	a = found_by(j, plan);
	judge_free(j);
	all = loaded(plan, feed, path, n, false);
	b = found_by(all, plan);
	show(a == b ? "same findings" : "FINDINGS DIFFER", lines_of(all), 0, b);
	judge_free(all);
	plan_free(plan);
	return a == b ? 0 : 1;
}

int main(int argc, char **argv)
{
	int runs = argc > 1 ? atoi(argv[1]) : 0, rc;
	struct ruleset *rs;
	struct feed *feed;
	struct err e;

	if (argc < 5 || argc > 4 + MOST_RUNS || runs < 1 || runs > MOST_RUNS)
		die("usage", "bench_judge RUNS RULES FEED YEAR [DAY...]");
	rs = load_rules(argv[2]);
	feed = feed_load(argv[3], &e);
	if (!feed)
		die(argv[3], e.text);
	puts("what,lines,seconds,findings");
	rc = measure(rs, feed, argv + 4, argc - 4, runs);
	feed_free(feed);
	ruleset_free(rs);
	return rc;
}
