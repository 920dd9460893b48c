/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_intake.c - what one line costs on its way from bytes to findings, stage by stage.
 *
 * Each stage is a function of its own that does its part for the whole file and nothing else,
 * so that callgrind can count it by name: stage_inflate, stage_split, stage_decode ... What a
 * stage needs is made before. Decode holds charset and split; judge holds predicate, group and
 * pair, which are the rules bench.tests, bench.dup and bench.split alone. Not a test: prints,
 * never fails.
 *
 * usage: bench_intake RULES FEED FILE[.gz] [--json]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/sink/encode.h"
#include "daemon/work/chunkref.h"
#include "daemon/work/files.h"
#include "lib/base/buf.h"
#include "lib/finding/diff.h"
#include "lib/record/charset.h"
#include "lib/record/csv.h"
#include "lib/record/decode.h"
#include "lib/record/inflate.h"
#include "lib/rule/eval.h"
#include "lib/timeline/timeline.h"

#define STAGE __attribute__((noinline))
#define BLOCK (256u << 10)
#define SHARDS 2u

struct bench {
	struct buf bytes, text; /* as it lies on disk; inflated */
	const struct feed *feed;
	const char *name;
	uint8_t needed[FIELD_BITMAP];
	struct chunk **chunk;
	uint32_t n_chunk, cap_chunk;
	struct chunk_ref **ref;
	struct timeline *t[SHARDS];
	const struct plan *plan;
	uint8_t *only;          /* rules of the stage in hand; NULL = all */
	struct findings found;  /* for the difference */
	const struct finding **by_subject;
	uint64_t lines, count;
	bool json, told;        /* told: something has been printed */
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may use the machine too */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool ok, const char *what, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "bench_intake: %s: %s\n", what, e->text);
	exit(2);
}

/* ---- stages ---- */

static bool count_bytes(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct bench *b = ctx;
	(void)p, (void)suspect, (void)e;
	b->count += n;
	return true;
}

static bool keep_bytes(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct bench *b = ctx;
	(void)suspect, (void)e;
	buf_add(&b->text, p, n);
	return true;
}

static void inflate_all(struct bench *b, struct flow to)
{
	struct err e = { 0 };
	struct inflate *in = inflate_new();
	for (size_t at = 0; at < b->bytes.n; at += BLOCK) {
		size_t n = b->bytes.n - at < BLOCK ? b->bytes.n - at : BLOCK;
		must(inflate_push(in, b->bytes.p + at, n, to, &e), "inflate", &e);
	}
	must(inflate_finish(in, to, &e), "inflate", &e);
	inflate_free(in);
}

STAGE static void stage_inflate(struct bench *b)
{
	inflate_all(b, (struct flow){ count_bytes, b });
}

STAGE static void stage_charset(struct bench *b)
{
	struct err e = { 0 };
	struct flow to = { count_bytes, b };
	struct charset *cs = charset_new(CHARSET_AUTO, DECODE_LINE_MAX);
	for (size_t at = 0; at < b->text.n; at += BLOCK) {
		size_t n = b->text.n - at < BLOCK ? b->text.n - at : BLOCK;
		must(charset_push(cs, b->text.p + at, n, to, &e), "charset", &e);
	}
	must(charset_finish(cs, to, &e), "charset", &e);
	charset_free(cs);
}

struct split {
	struct csv *csv;
	unsigned width;
	uint64_t cells;
};

static bool count_rows(void *ctx, const struct csv_row *row, unsigned n, struct err *e)
{
	struct split *s = ctx;
	(void)e;
	if (!s->width)
		csv_width(s->csv, s->width = row->cells.n); /* the header's, as a decoder does */
	s->cells += n * row->cells.n;
	return true;
}

STAGE static void stage_split(struct bench *b)
{
	struct err e = { 0 };
	struct split s = { 0 };
	struct csv *csv = s.csv = csv_new(',', count_rows, &s);
	for (size_t at = 0, n; at < b->text.n; at += n) {
		n = b->text.n - at < BLOCK ? b->text.n - at : BLOCK;
		while (at + n < b->text.n && b->text.p[at + n - 1] != '\n')
			n--; /* whole lines, as they come from the charset */
		must(csv_push(csv, b->text.p + at, n, false, &e), "split", &e);
	}
	must(csv_finish(csv, &e), "split", &e);
	csv_free(csv);
	b->count += s.cells;
}

static void keep_chunks(struct bench *b, struct decoder *d)
{
	struct chunk *c;
	while ((c = decoder_take(d))) {
		GROW(b->chunk, b->cap_chunk, b->n_chunk + 1u);
		b->chunk[b->n_chunk++] = c;
	}
}

STAGE static void stage_decode(struct bench *b)
{
	struct err e = { 0 };
	struct decoder *d = decoder_new(b->feed, b->name, b->needed, &e);
	must(d != NULL, "decode", &e);
	for (size_t at = 0; at < b->text.n; at += BLOCK) {
		size_t n = b->text.n - at < BLOCK ? b->text.n - at : BLOCK;
		must(decoder_push(d, b->text.p + at, n, &e), "decode", &e);
		keep_chunks(b, d);
	}
	must(decoder_finish(d, &e), "decode", &e);
	keep_chunks(b, d);
	b->lines = decoder_stats(d)->rows;
	decoder_free(d);
}

STAGE static void stage_scatter(struct bench *b)
{
	for (uint32_t i = 0; i < b->n_chunk; i++)
		chunk_ref_scatter(b->ref[i], SHARDS);
}

/* What goes to the server for each row, as the daemon makes it; the server's part is not here. */
STAGE static void stage_copy(struct bench *b)
{
	struct encoder *en = encoder_new();
	struct buf sql, out;
	buf_init(&sql, 0);
	buf_init(&out, 0);
	for (unsigned s = 0; s < STREAM_STORED; s++) {
		encoder_stream(en, (enum stream)s, b->ref, b->n_chunk, &sql);
		for (uint32_t i = 0; i < b->n_chunk; i++) {
			encoder_chunk(en, b->ref[i]);
			for (uint32_t r = 0; r < b->chunk[i]->table[s].n; r++)
				encoder_row(en, r, &out);
			b->count += out.n;
			buf_reset(&out);
		}
	}
	buf_fini(&sql);
	buf_fini(&out);
	encoder_free(en);
}

/* Every text that a chunk is the first to bring into one dictionary: what a shard's codes cost. */
STAGE static void stage_dictionary(struct bench *b)
{
	struct dict *d = dict_new();
	for (uint32_t i = 0; i < b->n_chunk; i++) {
		const struct dict *from = b->chunk[i]->dict;
		for (uint32_t c = dict_below(from) + 1; c <= dict_count(from); c++)
			b->count += dict_code(d, dict_text(from, c));
	}
	dict_free(d);
}

STAGE static void stage_take(struct bench *b)
{
	struct err e = { 0 };
	for (uint32_t i = 0; i < b->n_chunk; i++)
		for (unsigned s = 0; s < STREAM_STORED; s++)
			for (uint32_t k = 0; k < SHARDS; k++) {
				uint32_t n;
				const uint32_t *row =
					chunk_ref_rows(b->ref[i], (enum stream)s, k, &n);
				must(timeline_add(b->t[k], b->chunk[i], (enum stream)s, row, n, 0,
						  &e),
				     "take", &e);
			}
}

/* ---- gathering, with or without rules ---- */

typedef void batch_stage(struct bench *b, struct eval *eval, const struct batch *batch);

static void count_hit(void *ctx, const struct hit *h)
{
	(void)h;
	((struct bench *)ctx)->count++;
}

static void count_part(void *ctx, const struct contributions *c)
{
	((struct bench *)ctx)->count += c->n;
}

STAGE static void stage_predicate(struct bench *b, struct eval *eval, const struct batch *batch)
{
	eval_batch(eval, batch, b->only, count_hit, b);
}

STAGE static void stage_group(struct bench *b, struct eval *eval, const struct batch *batch)
{
	eval_batch(eval, batch, b->only, count_hit, b);
	b->count++; /* so that no two stages are folded into one */
}

STAGE static void stage_pair(struct bench *b, struct eval *eval, const struct batch *batch)
{
	eval_batch(eval, batch, b->only, count_hit, b);
	b->count += 2;
}

STAGE static void stage_judge(struct bench *b, struct eval *eval, const struct batch *batch)
{
	eval_batch(eval, batch, NULL, count_hit, b);
}

STAGE static void stage_cells(struct bench *b, struct eval *eval, const struct batch *batch)
{
	eval_contributions(eval, batch, count_part, b);
}

/* All subjects of a shard in batches; returns the seconds spent in the stage. */
static double gather_shard(struct bench *b, struct timeline *t, struct eval *eval,
			   batch_stage *stage)
{
	enum { STEP = 64 };
	uint32_t subject[STEP], n = timeline_subjects(t);
	struct batch batch;
	double spent = 0;
	batch_init(&batch);
	for (uint32_t i = 0; i < n; i += STEP) {
		uint32_t take = n - i < STEP ? n - i : STEP;
		for (uint32_t k = 0; k < take; k++)
			subject[k] = i + k;
		timeline_gather(t, subject, take, &batch, NULL);
		double start = now();
		if (stage)
			stage(b, eval, &batch);
		spent += now() - start;
	}
	batch_fini(&batch);
	return spent;
}

STAGE static void stage_gather(struct bench *b)
{
	for (uint32_t k = 0; k < SHARDS; k++)
		gather_shard(b, b->t[k], NULL, NULL);
}

/* ---- findings now against alerts before ---- */

static void count_change(void *ctx, const struct change *c)
{
	(void)c;
	((struct bench *)ctx)->count++;
}

/* Everything raised, then everything the same again. */
STAGE static void stage_difference(struct bench *b)
{
	struct alertbook *book = alertbook_new();
	for (unsigned round = 0; round < 2; round++)
		for (uint32_t i = 0, end; i < b->found.n; i = end) {
			const struct finding *f = b->by_subject[i];
			for (end = i + 1; end < b->found.n; end++)
				if (!str_eq(b->by_subject[end]->subject, f->subject))
					break;
			alertbook_update(book, f->subject_kind, f->subject, NULL,
					 b->by_subject + i, end - i, count_change, b);
		}
	alertbook_free(book);
}

static int by_subject(const void *a, const void *b)
{
	const struct finding *const *x = a, *const *y = b;
	return str_cmp((*x)->subject, (*y)->subject);
}

static void find_all(struct bench *b)
{
	struct batch batch;
	findings_init(&b->found);
	batch_init(&batch);
	for (uint32_t k = 0; k < SHARDS; k++) {
		struct eval *eval = eval_new(b->plan, timeline_dict(b->t[k]));
		struct finding_maker maker;
		finding_maker_init(&maker, &b->found, b->t[k]);
		for (uint32_t i = 0; i < timeline_subjects(b->t[k]); i++) {
			timeline_gather(b->t[k], &i, 1, &batch, NULL);
			eval_batch(eval, &batch, NULL, finding_take_hit, &maker);
		}
		finding_maker_fini(&maker);
		eval_free(eval);
	}
	batch_fini(&batch);
	b->by_subject = xcalloc(b->found.n + 1u, sizeof(struct finding *));
	for (uint32_t i = 0; i < b->found.n; i++)
		b->by_subject[i] = &b->found.item[i];
	qsort(b->by_subject, b->found.n, sizeof(struct finding *), by_subject);
}

/* ---- all of it ---- */

static void tell(struct bench *b, const char *what, double seconds)
{
	double ns = seconds * 1e9 / (double)(b->lines ? b->lines : 1);
	if (b->json)
		printf("%s\"%s\": %.1f", b->told ? ", " : "{", what, ns);
	else
		printf("%-12s %8.1f ns/line %8.2f M lines/s\n", what, ns, ns > 0 ? 1e3 / ns : 0);
	b->told = true;
}

static void measure(struct bench *b, const char *what, void (*stage)(struct bench *b))
{
	double start = now();
	stage(b);
	tell(b, what, now() - start);
}

static void judge_shards(struct bench *b, const char *what, batch_stage *stage)
{
	double spent = 0;
	for (uint32_t k = 0; k < SHARDS; k++) {
		struct eval *eval = eval_new(b->plan, timeline_dict(b->t[k]));
		spent += gather_shard(b, b->t[k], eval, stage);
		eval_free(eval);
	}
	tell(b, what, spent);
}

/* One rule alone. */
static void judge_rule(struct bench *b, const char *what, const char *id, batch_stage *stage)
{
	const struct ruleset *rs = plan_ruleset(b->plan);
	b->only = xcalloc(rs->n_rule / 8 + 1, 1);
	for (uint32_t i = 0; i < rs->n_rule; i++)
		if (str_eq(rs->rule[i].id, str_of(id)))
			b->only[i / 8] |= (uint8_t)(1u << i % 8);
	judge_shards(b, what, stage);
	xfree(b->only);
	b->only = NULL;
}

static void count_lines(struct bench *b)
{
	for (size_t i = 0; i < b->text.n; i++)
		b->lines += b->text.p[i] == '\n';
}

static void run(struct bench *b)
{
	inflate_all(b, (struct flow){ keep_bytes, b });
	count_lines(b);
	measure(b, "inflate", stage_inflate);
	measure(b, "charset", stage_charset);
	measure(b, "split", stage_split);
	measure(b, "decode", stage_decode);
	b->ref = xcalloc(b->n_chunk + 1u, sizeof(struct chunk_ref *));
	for (uint32_t i = 0; i < b->n_chunk; i++)
		b->ref[i] = chunk_ref_new(b->chunk[i], 0);
	measure(b, "copy", stage_copy);
	measure(b, "scatter", stage_scatter);
	measure(b, "dictionary", stage_dictionary);
	measure(b, "take", stage_take);
	measure(b, "gather", stage_gather);
	judge_rule(b, "predicate", "bench.tests", stage_predicate);
	judge_rule(b, "group", "bench.dup", stage_group);
	judge_rule(b, "pair", "bench.split", stage_pair);
	judge_shards(b, "judge", stage_judge);
	judge_shards(b, "cells", stage_cells);
	find_all(b);
	measure(b, "difference", stage_difference);
	if (b->json)
		puts("}");
}

static struct ruleset *load_rules(char *path)
{
	struct path_list files = { &path, 1, 1 };
	struct rule_settings settings = { .insurance_year_month = 1, .insurance_year_day = 1 };
	struct diag_list d;
	struct err e = { 0 };
	diag_init(&d, true);
	struct ruleset *rs = rules_load(&files, &settings, &d, &e);
	must(rs != NULL, path, &e);
	diag_fini(&d);
	return rs;
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct err e = { 0 };
	b.json = argc == 5 && strcmp(argv[4], "--json") == 0;
	if (argc != 4 && !b.json) {
		fputs("usage: bench_intake RULES FEED FILE[.gz] [--json]\n", stderr);
		return 2;
	}
	struct ruleset *rs = load_rules(argv[1]);
	struct plan *plan = plan_new(rs);
	struct feed *feed = feed_load(argv[2], &e);
	must(feed != NULL, argv[2], &e);
	buf_init(&b.bytes, 0);
	buf_init(&b.text, 0);
	must(file_read(argv[3], SIZE_MAX, &b.bytes, &e), argv[3], &e);
	b.plan = plan;
	b.feed = feed;
	b.name = path_base(argv[3]);
	timeline_needs(plan_wanted(plan), b.needed);
	for (uint32_t k = 0; k < SHARDS; k++)
		b.t[k] = timeline_new(&(struct timeline_conf){ .wanted = plan_wanted(plan) });
	run(&b);
	for (uint32_t k = 0; k < SHARDS; k++)
		timeline_free(b.t[k]);
	for (uint32_t i = 0; i < b.n_chunk; i++)
		chunk_ref_put(b.ref[i]);
	findings_fini(&b.found);
	xfree(b.by_subject);
	xfree(b.chunk);
	xfree(b.ref);
	buf_fini(&b.bytes);
	buf_fini(&b.text);
	feed_free(feed);
	plan_free(plan);
	ruleset_free(rs);
	return 0;
}
