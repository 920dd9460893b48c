/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_judge.c - how fast a year already in memory is judged again, and one more day of it.
 *
 * Loads extract files once, then judges everybody by all rules, with gathering and from columns
 * that were kept; by each rule alone, as when it changed; and takes in the files of further days
 * one after another, judging what each touched. At last everybody is judged anew by a fresh
 * evaluator: when that finds another number, it says so and fails. With one thread processor time,
 * with several, each with a shard as in a scan, what the clock says. Medians. A CSV row a
 * measurement: what, lines, seconds, findings.
 *
 * usage: bench_judge THREADS RUNS RULES FEED YEAR [DAY...]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/work/chunkref.h"
#include "daemon/work/files.h"
#include "lib/finding/judge.h"
#include "lib/record/decode.h"

enum { MOST_RUNS = 99, MOST_THREADS = 16 };

/* A judge a thread. */
struct bench {
	struct judge *j[MOST_THREADS];
	uint32_t n;
	struct chunk_ref *chunk;     /* to be taken in */
	const struct plan *plan;     /* to be judged by */
	struct verdict *v;           /* over cells, NULL before the first */
	bool all;                    /* everybody, not only whom something came for */
	struct findings out[MOST_THREADS];
};

typedef void part_fn(struct bench *b, uint32_t part);

struct thread {
	pthread_t id;
	struct bench *b;
	part_fn *fn;
	uint32_t part;
};

static void *run_part(void *ctx)
{
	struct thread *t = ctx;

	t->fn(t->b, t->part);
	return NULL;
}

/* On every part at once; the first on this thread. */
static void on_parts(struct bench *b, part_fn *fn)
{
	struct thread t[MOST_THREADS];

	for (uint32_t i = 1; i < b->n; i++) {
		t[i] = (struct thread){ .b = b, .fn = fn, .part = i };
		if (pthread_create(&t[i].id, NULL, run_part, &t[i]) != 0)
			abort();
	}
	fn(b, 0);
	for (uint32_t i = 1; i < b->n; i++)
		pthread_join(t[i].id, NULL);
}

static double now(const struct bench *b)
{
	struct timespec t;

	/* others may use the machine too */
	clock_gettime(b->n > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
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

static void take_part(struct bench *b, uint32_t part)
{
	const struct chunk *c = chunk_ref_chunk(b->chunk);
	struct err e;

	for (unsigned s = 0; s < STREAM_STORED; s++) {
		uint32_t n;
		const uint32_t *row = chunk_ref_rows(b->chunk, (enum stream)s, part, &n);

		if (n && !judge_add(b->j[part], c, (enum stream)s, row, n, 0, &e))
			die("timeline", e.text);
	}
}

static void take_chunks(struct bench *b, struct decoder *d)
{
	struct chunk *c;

	while ((c = decoder_take(d))) {
		b->chunk = chunk_ref_new(c, 0);
		chunk_ref_scatter(b->chunk, b->n);
		on_parts(b, take_part);
		chunk_ref_put(b->chunk);
	}
}

static void load_file(struct bench *b, struct feed *feed, const uint8_t *needed, const char *path)
{
	static char block[1 << 20];
	struct err e = { 0 };
	struct decoder *d = decoder_new(feed, path_base(path), needed, &e);
	FILE *f = d ? fopen(path, "rb") : NULL;
	size_t n;

	while (f && (n = fread(block, 1, sizeof block, f)) > 0) {
		if (!decoder_push(d, block, n, &e))
			die(path, e.text);
		take_chunks(b, d);
	}
	if (f) {
		if (!decoder_finish(d, &e))
			die(path, e.text);
		take_chunks(b, d);
		fclose(f);
	}
	if (d)
		decoder_free(d);
}

static void load(struct bench *b, struct feed *feed, const char *path)
{
	uint8_t *needed = xcalloc(FIELD_BITMAP, 1);
	struct path_list files = { NULL, 0, 0 };
	struct err e = { 0 };

	timeline_needs(plan_wanted(judge_plan(b->j[0])), needed);
	if (!input_files_find(path, &files, &e))
		die(path, e.text);
	for (uint32_t i = 0; i < files.n; i++)
		load_file(b, feed, needed, files.path[i]);
	path_list_fini(&files);
	xfree(needed);
}

static uint64_t lines_of(const struct bench *b)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		struct timeline_stats ts;

		timeline_stats_get(judge_timeline(b->j[i]), &ts);
		sum += ts.records[STREAM_FEE] - ts.resent[STREAM_FEE] - ts.superseded[STREAM_FEE];
	}
	return sum;
}

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

/* ---- judging ---- */

static void judge_part(struct bench *b, uint32_t part)
{
	findings_init(&b->out[part]);
	if (b->all)
		judge_all(b->j[part], NULL, &b->out[part]);
	else
		judge_dirty(b->j[part], NULL, &b->out[part]);
}

static void split_part(struct bench *b, uint32_t part)
{
	verdict_split(b->v, part);
}

static void cells_part(struct bench *b, uint32_t part)
{
	verdict_judge(b->v, part);
}

static void compare_part(struct bench *b, uint32_t part)
{
	verdict_compare(b->v, part);
}

static void evidence_part(struct bench *b, uint32_t part)
{
	judge_evidence(b->j[part], b->v, part);
}

/* One round over cells, if there are any. */
static void judge_over_cells(struct bench *b)
{
	if (!plan_has_cells(judge_plan(b->j[0])))
		return;
	if (!b->v)
		b->v = verdict_new(b->j, b->n);
	verdict_begin(b->v);
	on_parts(b, split_part);
	on_parts(b, cells_part);
	if (verdict_group(b->v))
		on_parts(b, compare_part);
	verdict_decide(b->v);
	on_parts(b, evidence_part);
	verdict_findings(b->v, &b->out[0]);
}

static void judge_parts(struct bench *b, bool all)
{
	b->all = all;
	if (b->n > 1)
		judge_reconcile(b->j, b->n);
	on_parts(b, judge_part);
	judge_over_cells(b);
}

/* Their number. */
static uint32_t end_round(struct bench *b)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		judge_clean(b->j[i]);
		found += b->out[i].n;
		findings_fini(&b->out[i]);
	}
	return found;
}

static void replan_part(struct bench *b, uint32_t part)
{
	judge_replan(b->j[part], b->plan);
	timeline_read(judge_timeline(b->j[part]), plan_wanted(b->plan));
}

static void forget_verdict(struct bench *b)
{
	verdict_free(b->v);
	b->v = NULL;
}

/* Everybody by a plan, from the beginning; what stands over cells stays. */
static double judge_once(struct bench *b, const struct plan *p, uint32_t *found)
{
	double start;

	forget_verdict(b);
	b->plan = p;
	on_parts(b, replan_part);
	start = now(b);
	judge_parts(b, true);
	start = now(b) - start;
	*found = end_round(b);
	return start;
}

static void judge_by(struct bench *b, const struct plan *p, const char *what, int runs)
{
	double took[MOST_RUNS];
	uint32_t found = 0;

	for (int i = 0; i < runs; i++)
		took[i] = judge_once(b, p, &found);
	forget_verdict(b);
	show(what, lines_of(b), median(took, runs), found);
}

/* Each rule alone over what is kept, as when it changed. */
static void each_rule(struct bench *b, struct ruleset *rs, const struct plan *whole, int runs)
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
			judge_by(b, p, rs->rule[i].id.p, runs);
			b->plan = whole;
			on_parts(b, replan_part);
			plan_free(p);
		}
		rs->rule[i].state = STATE_OFF;
	}
	for (uint32_t i = 0; i < rs->n_rule; i++)
		rs->rule[i].state = was[i];
	xfree(was);
}

static double one_day(struct bench *b, struct feed *feed, const char *path)
{
	double start = now(b);

	load(b, feed, path);
	judge_parts(b, false);
	start = now(b) - start;
	end_round(b);
	return start;
}

static void days(struct bench *b, struct feed *feed, char **path, int n)
{
	double took[MOST_RUNS];
	uint64_t before;
	uint32_t found;

	judge_once(b, judge_plan(b->j[0]), &found);
	before = lines_of(b);
	for (int i = 0; i < n; i++)
		took[i] = one_day(b, feed, path[i]);
	if (n)
		show("one more day", (lines_of(b) - before) / (uint64_t)n, median(took, n), 0);
	forget_verdict(b);
}

/* What stands after days and kept columns is what a judge finds that gathers everything. */
static uint32_t found_by(struct bench *b, const struct plan *p)
{
	uint32_t found;

	judge_once(b, p, &found);
	forget_verdict(b);
	return found;
}

/* ---- all of it ---- */

struct year {
	struct feed *feed;
	char **path;
	int n;
};

static void loaded(struct bench *b, const struct plan *p, const struct year *y, bool keep)
{
	struct judge_conf conf = { .replaceable = true, .keep = keep };

	for (uint32_t i = 0; i < b->n; i++)
		b->j[i] = judge_new(p, &conf);
	for (int i = 0; i < y->n; i++)
		load(b, y->feed, y->path[i]);
}

static void unload(struct bench *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		judge_free(b->j[i]);
}

static uint64_t bytes_kept(const struct bench *b)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < b->n; i++)
		sum += judge_kept_bytes(b->j[i]);
	return sum;
}

static int measure(struct bench *b, struct ruleset *rs, const struct year *y, int runs)
{
	struct plan *plan = plan_new(rs);
	struct year first = { y->feed, y->path, 1 };
	uint32_t kept, anew;

	loaded(b, plan, &first, false);
	judge_by(b, plan, "all rules", runs);
	unload(b);
	loaded(b, plan, &first, true);
	found_by(b, plan);
	judge_by(b, plan, "all rules kept", runs);
	show("bytes kept", lines_of(b), 0, bytes_kept(b));
	each_rule(b, rs, plan, runs);
	days(b, y->feed, y->path + 1, y->n - 1);
	kept = found_by(b, plan);
	unload(b);
	loaded(b, plan, y, false);
	anew = found_by(b, plan);
	show(kept == anew ? "same findings" : "FINDINGS DIFFER", lines_of(b), 0, anew);
	unload(b);
	plan_free(plan);
	return kept == anew ? 0 : 1;
}

static int number(const char *text, int most)
{
	int v = text ? atoi(text) : 0;

	if (v < 1 || v > most)
		die("usage", "bench_judge THREADS RUNS RULES FEED YEAR [DAY...]");
	return v;
}

int main(int argc, char **argv)
{
	static struct bench b;
	struct ruleset *rs;
	struct year y;
	struct err e;
	int runs, rc;

	b.n = (uint32_t)number(argc > 1 ? argv[1] : NULL, MOST_THREADS);
	runs = number(argc > 2 ? argv[2] : NULL, MOST_RUNS);
	(void)number(argc > 5 && argc <= 5 + MOST_RUNS ? "1" : NULL, 1);
	rs = load_rules(argv[3]);
	y = (struct year){ feed_load(argv[4], &e), argv + 5, argc - 5 };
	if (!y.feed)
		die(argv[4], e.text);
	puts("what,lines,seconds,findings");
	rc = measure(&b, rs, &y, runs);
	feed_free(y.feed);
	ruleset_free(rs);
	return rc;
}
