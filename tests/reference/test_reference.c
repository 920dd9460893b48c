/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_reference.c - random rules over random histories: the engine against the reference.
 *
 *   test_reference [--cases N] [--seed S] [--jobs J] [--show K]
 *
 * A case is one rule over one history. The engine is also given each history in other orders,
 * batches and shards, some rows twice: its findings must not change. A case on which the two
 * differ is made smaller and printed as a rule with its lists and an example that shows it, and
 * what either found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/dec.h"
#include "tests/reference/engine.h"

enum { RULES = 25, HISTORIES = 8, WAYS = 3, ORDER_SEED = 77 };

struct sums {
	uint64_t cases, findings, refused, wide, different;
};

struct options {
	uint64_t cases, seed, jobs, show;
};

/* One set of rules with its files. */
struct set {
	struct arena arena;
	struct gen_files files;
	struct gen_rule rule[RULES];
	uint32_t n;
	struct subject subject;
};

/* ---- one case ---- */

static bool same_lines(const struct rule *r, struct lines *a, struct lines *b)
{
	lines_sort(a);
	lines_sort(b);
	if (a->n != b->n || (ref_counts(r) && (a->hit != b->hit || a->unknown != b->unknown)))
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (strcmp(a->line[i], b->line[i]) != 0)
			return false;
	return true;
}

static void reference_all(const struct subject *s, const struct history *h, struct lines *out)
{
	struct world w;

	world_make(&w, h);
	for (uint32_t i = 0; i < s->rs->n_rule; i++)
		if (s->rs->rule[i].form != FORM_COMPARE)
			reference_judge(&w, s->rs, &s->rs->rule[i], &out[i]);
		else
			reference_cells(&w, s->rs, &s->rs->rule[i], &out[i]);
	world_fini(&w);
}

/* Runs both sides of a set over a history; got[n_rule], want[n_rule] are filled. */
static void both(const struct subject *s, struct history *h, struct lines *got, struct lines *want)
{
	for (uint32_t i = 0; i < s->rs->n_rule; i++) {
		lines_init(&got[i]);
		lines_init(&want[i]);
	}
	engine_judge(s, h, got);
	reference_all(s, h, want);
}

static bool same_findings(struct lines *a, struct lines *b)
{
	lines_sort(a);
	lines_sort(b);
	for (uint32_t i = 0; i < a->n && a->n == b->n; i++)
		if (strcmp(a->line[i], b->line[i]) != 0)
			return false;
	return a->n == b->n;
}

static void drop(struct lines *l, uint32_t n);

/* Whether the history, offered in other ways, gives every rule the same findings; else *rule is
 * the first that differs. */
static bool any_order(const struct subject *s, struct history *h, uint64_t seed, struct lines *got,
		      uint32_t *rule)
{
	struct lines *other = calloc(s->rs->n_rule, sizeof *other);
	bool same = true;

	for (uint32_t way = 0; same && way < WAYS; way++) {
		struct rng r = { seed + way };

		for (uint32_t i = 0; i < s->rs->n_rule; i++)
			lines_init(&other[i]);
		engine_judge_anyhow(s, h, &r, other);
		for (*rule = 0; *rule < s->rs->n_rule; ++*rule)
			if (!same_findings(&got[*rule], &other[*rule])) {
				same = false;
				break;
			}
		drop(other, s->rs->n_rule);
	}
	free(other);
	return same;
}

static void drop(struct lines *l, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		lines_fini(&l[i]);
}

/* Whether one rule differs over a history. */
static bool differs(struct gen_files *f, const struct gen_rule *g, struct history *h)
{
	struct lines got[1], want[1];
	struct subject s;
	uint32_t rule;
	bool differ;

	if (!subject_compile(&s, f, g, 1, NULL))
		return false;
	both(&s, h, got, want);
	differ = !want[0].too_wide && !same_lines(&s.rs->rule[0], &got[0], &want[0]);
	differ = differ || !any_order(&s, h, ORDER_SEED, got, &rule);
	drop(got, 1);
	drop(want, 1);
	subject_free(&s);
	return differ;
}

/* ---- smaller ---- */

static bool drop_one_record(struct gen_files *f, const struct gen_rule *g, struct history *h)
{
	struct record **all = h->rec, **less = arena_array(&h->arena, h->n + 1, sizeof *less);
	uint32_t n = h->n;

	for (uint32_t i = n; i-- > 0; ) {
		h->n = 0;
		for (uint32_t k = 0; k < n; k++)
			if (k != i)
				less[h->n++] = all[k];
		h->rec = less;
		if (differs(f, g, h))
			return true;
	}
	h->rec = all;
	h->n = n;
	return false;
}

static bool drop_one_clause(struct gen_files *f, struct gen_rule *g, struct history *h)
{
	struct gen_rule less;

	for (uint32_t step = 0; rule_smaller(g, step, &less); step++) {
		if (memcmp(&less, g, sizeof less) == 0 || !differs(f, &less, h))
			continue;
		*g = less;
		return true;
	}
	return false;
}

/* Cells that do not matter become missing or go back to what examples have by default. */
static void drop_cells(struct gen_files *f, const struct gen_rule *g, struct history *h)
{
	for (uint32_t i = 0; i < h->n; i++) {
		for (unsigned k = 0; k < stream_stored_width(h->rec[i]->stream); k++) {
			struct cell *c = &h->rec[i]->cell[k], was = *c;
			enum field id = (enum field)(stream_first(h->rec[i]->stream) + k);

			if (!was.known || field_get(id)->req == REQ_REQUIRED ||
			    field_get(id)->role == ROLE_KEY ||
			    field_get(id)->dflt[0] != '\0')
				continue;
			c->known = false;
			if (!differs(f, g, h))
				*c = was;
		}
	}
}

/* ---- shown ---- */

static bool column_used(const struct history *h, enum stream s, unsigned k)
{
	enum field f = (enum field)(stream_first(s) + k);

	for (uint32_t i = 0; i < h->n; i++)
		if (h->rec[i]->stream == s && (h->rec[i]->cell[k].known ||
					       field_get(f)->dflt[0] != '\0'))
			return true;
	return f == FIELD_fee_inscp_amt || f == FIELD_fee_det_item_fee_sumamt;
}

static void show_rows(const struct history *h, enum stream s, struct buf *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->n; i++)
		n += h->rec[i]->stream == s;
	if (n == 0)
		return;
	buf_addf(b, "    %s |", stream_title(s));
	for (unsigned k = 0; k < stream_stored_width(s); k++)
		if (column_used(h, s, k))
			buf_addf(b, " %s |", field_get((enum field)(stream_first(s) + k))->name);
	for (uint32_t i = 0; i < h->n; i++) {
		if (h->rec[i]->stream != s)
			continue;
		buf_adds(b, "\n      |");
		for (unsigned k = 0; k < stream_stored_width(s); k++) {
			if (!column_used(h, s, k))
				continue;
			buf_addc(b, ' ');
			history_show_cell(b, (enum field)(stream_first(s) + k),
					  &h->rec[i]->cell[k]);
			buf_adds(b, " |");
		}
	}
	buf_addc(b, '\n');
}

static void show_lines(const char *who, const struct lines *l)
{
	printf("%s (%u records hit, %u in doubt)\n", who, l->hit, l->unknown);
	for (uint32_t i = 0; i < l->n; i++)
		printf("    %s\n", l->line[i]);
}

/* The lists and tables the rule names. */
static void show_files(const struct gen_files *f, const char *rule)
{
	const char *head = f->head;

	for (uint32_t i = 0; i < N_FILES; i++) {
		const char *end = strchr(head, '\n'), *open = strstr(head, "「"), *close =
				strstr(head, "」");
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)(close + 3 - open), open);
		if (strstr(rule, name) != NULL)
			printf("---- %s\n%s----\n%.*s\n", f->file[i].path, f->file[i].text,
			       (int)(end - head), head);
		head = end + 1;
	}
}

/* A failing case, complete: files, rule, example, what either side found. */
static void show(struct gen_files *f, const struct gen_rule *g, struct history *h)
{
	struct lines got[1], want[1];
	struct subject s;
	struct buf b;

	if (!subject_compile(&s, f, g, 1, NULL))
		return;
	both(&s, h, got, want);
	same_lines(&s.rs->rule[0], &got[0], &want[0]);
	buf_init(&b, 0);
	rule_text(g, &b);
	buf_addf(&b, "  %s「失败的一例」\n", g->english ? "example " : "试例");
	for (enum stream k = 0; k < STREAM_STORED; k++)
		show_rows(h, k, &b);
	if (g->english)
		buf_addf(&b, "    expect %u", want[0].n - want[0].excepted);
	else
		buf_addf(&b, "    应命中 %u 条", want[0].n - want[0].excepted);
	if (want[0].n > 0 && g->amount != NULL) {
		buf_adds(&b, g->english ? ", amount " : "，违规金额 ");
		dec_add(&b, want[0].amount, 2, 2);
	}
	if (ref_counts(&s.rs->rule[0]))
		buf_addf(&b, g->english ? "\n    expect-unknown %u" : "\n    应无法判断 %u 条",
			 want[0].unknown);
	if (g->except != NULL)
		printf("---- %s.csv\n%s----\n", g->id, g->except_csv);
	show_files(f, buf_cstr(&b));
	printf("%s\n", buf_cstr(&b));
	show_lines("the reference finds", &want[0]);
	show_lines("the engine finds", &got[0]);
	fflush(stdout);
	buf_fini(&b);
	drop(got, 1);
	drop(want, 1);
	subject_free(&s);
}

/* The history of a case again, made smaller together with its rule. */
static void report(struct set *set, uint32_t rule, uint64_t seed)
{
	struct gen_rule g = set->rule[rule];
	struct rng r = { seed };
	struct history h;

	history_make(&h, &r);
	printf("\n==== different: rule %s, history seed %llu\n", g.id, (unsigned long long)seed);
	if (!differs(&set->files, &g, &h)) {
		printf("(not when judged alone)\n");
		history_fini(&h);
		return;
	}
	while (drop_one_record(&set->files, &g, &h) || drop_one_clause(&set->files, &g, &h))
		;
	drop_cells(&set->files, &g, &h);
	show(&set->files, &g, &h);
	history_fini(&h);
}

/* ---- rounds ---- */

/* Compiles the set; refused rules are left out and counted. */
static void make_set(struct set *set, struct rng *r, struct sums *sums, bool tell)
{
	struct subject one;
	struct buf why;

	arena_init(&set->arena);
	files_make(&set->files, &set->arena, r);
	for (uint32_t i = 0; i < RULES; i++)
		rule_make(&set->rule[i], &set->arena, r, i + 1);
	set->n = RULES;
	if (subject_compile(&set->subject, &set->files, set->rule, set->n, NULL))
		return;
	set->n = 0;
	for (uint32_t i = 0; i < RULES; i++) {
		buf_init(&why, 0);
		if (subject_compile(&one, &set->files, &set->rule[i], 1, &why)) {
			subject_free(&one);
			set->rule[set->n++] = set->rule[i];
		} else {
			sums->refused++;
			if (tell)
				printf("%s\n", buf_cstr(&why));
		}
		buf_fini(&why);
	}
	if (set->n == 0 || !subject_compile(&set->subject, &set->files, set->rule, set->n, NULL)) {
		fprintf(stderr, "rules that compile alone do not compile together\n");
		abort();
	}
}

static uint32_t rule_number(const struct set *set, struct str id)
{
	for (uint32_t i = 0; i < set->n; i++)
		if (str_eq(id, str_of(set->rule[i].id)))
			return i;
	abort();
}

static void run_history(struct set *set, uint64_t seed, struct sums *sums, uint64_t show_most)
{
	static struct lines got[RULES], want[RULES];
	const struct ruleset *rs = set->subject.rs;
	struct rng r = { seed };
	struct history h;
	uint32_t i;

	history_make(&h, &r);
	both(&set->subject, &h, got, want);
	for (i = 0; i < rs->n_rule; i++) {
		sums->cases++;
		sums->findings += want[i].n;
		sums->wide += want[i].too_wide;
		if (want[i].too_wide || same_lines(&rs->rule[i], &got[i], &want[i]))
			continue;
		if (sums->different++ < show_most)
			report(set, rule_number(set, rs->rule[i].id), seed);
	}
	if (!any_order(&set->subject, &h, ORDER_SEED, got, &i)) {
		printf("\n==== the order of records shows\n");
		if (sums->different++ < show_most)
			report(set, rule_number(set, rs->rule[i].id), seed);
	}
	drop(got, rs->n_rule);
	drop(want, rs->n_rule);
	history_fini(&h);
}

static void run_round(uint64_t seed, struct sums *sums, const struct options *o)
{
	static struct set set;
	struct rng r = { seed };

	make_set(&set, &r, sums, getenv("REFUSED") != NULL);
	for (uint32_t i = 0; i < HISTORIES; i++)
		run_history(&set, rng_next(&r), sums, o->show);
	subject_free(&set.subject);
	arena_fini(&set.arena);
}

/* Every jobs-th round, until this job's share of the cases is done. */
static struct sums run_job(const struct options *o, uint64_t job)
{
	struct sums sums = { 0 };

	for (uint64_t round = job; sums.cases < o->cases / o->jobs; round += o->jobs)
		run_round(o->seed * 1000003 + round, &sums, o);
	return sums;
}

/* ---- main ---- */

static bool read_options(struct options *o, int argc, char **argv)
{
	struct {
		const char *name;
		uint64_t *value;
	} known[] = { { "--cases", &o->cases }, { "--seed", &o->seed }, { "--jobs", &o->jobs },
		      { "--show", &o->show } };

	for (int i = 1; i < argc; i += 2) {
		bool found = false;

		for (size_t k = 0; k < sizeof known / sizeof *known && i + 1 < argc; k++)
			if (strcmp(argv[i], known[k].name) == 0) {
				*known[k].value = strtoull(argv[i + 1], NULL, 10);
				found = true;
			}
		if (!found)
			return false;
	}
	return o->jobs > 0;
}

/* Each job in a process of its own; sums come back through a pipe. */
static bool run_jobs(const struct options *o, struct sums *sums)
{
	uint64_t *all = (uint64_t *)sums;
	bool ok = true;
	int to[2];

	if (pipe(to) != 0)
		return false;
	for (uint64_t job = 0; job < o->jobs; job++) {
		if (fork() != 0)
			continue;
		struct sums mine = run_job(o, job);

		fflush(stdout);
		exit(write(to[1], &mine, sizeof mine) == (ssize_t)sizeof mine ? 0 : 1);
	}
	close(to[1]);
	for (uint64_t job = 0; job < o->jobs; job++) {
		struct sums one;
		int status = 1;

		if (read(to[0], &one, sizeof one) == (ssize_t)sizeof one)
			for (size_t i = 0; i < sizeof one / sizeof *all; i++)
				all[i] += ((uint64_t *)&one)[i];
		ok &= wait(&status) > 0 && status == 0;
	}
	close(to[0]);
	return ok;
}

int main(int argc, char **argv)
{
	struct options o = { .cases = 100000, .seed = 1, .jobs = 2, .show = 3 };
	struct sums sums = { 0 };

	if (!read_options(&o, argc, argv)) {
		fprintf(stderr, "usage: test_reference [--cases N] [--seed S] [--jobs J] "
				"[--show K]\n");
		return 2;
	}
	if (!run_jobs(&o, &sums)) {
		fprintf(stderr, "a job did not end well\n");
		return 1;
	}
	printf("%llu cases, %llu findings, %llu different; %llu rules refused, %llu cases too wide "
	       "to try\n",
	       (unsigned long long)sums.cases, (unsigned long long)sums.findings,
	       (unsigned long long)sums.different, (unsigned long long)sums.refused,
	       (unsigned long long)sums.wide);
	return sums.different == 0 && sums.cases >= o.cases / o.jobs * o.jobs ? 0 : 1;
}
