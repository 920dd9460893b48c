/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.c - see world.h.
 */
#include "tests/support/world.h"

#include "lib/finding/example_build.h"
#include "tests/check.h"

static bool load(void *ctx, const char *path, struct buf *out, struct err *e)
{
	for (const struct world_file *f = ctx; f && f->name; f++) {
		if (strcmp(f->name, path) != 0)
			continue;
		buf_adds(out, f->text);
		return true;
	}
	return err_set(e, ERR_INPUT, "no file %s", path);
}

static void show_diagnostics(const struct world *w)
{
	struct buf out;

	buf_init(&out, 0);
	diag_print(&w->diag, &out);
	fprintf(stderr, "%s\n", buf_cstr(&out));
	buf_fini(&out);
}

void world_init(struct world *w, const char *text, const struct world_file *file)
{
	struct rule_text rt = { "test.rules", str_of(text) };
	struct loader loader = { load, (void *)file };
	struct rule_settings settings = { .insurance_year_month = 1, .insurance_year_day = 1 };

	memset(w, 0, sizeof *w);
	diag_init(&w->diag, false);
	w->rules = ruleset_compile(&rt, 1, &loader, &settings, &w->diag);
	if (!w->rules)
		show_diagnostics(w);
	assert_non_null(w->rules);
	for (uint32_t i = 0; i < w->rules->n_rule; i++)
		w->rules->rule[i].state = STATE_ON;
	w->plan = plan_new(w->rules);
	findings_init(&w->found);
	buf_init(&w->line, 0);
}

void world_fini(struct world *w)
{
	findings_fini(&w->found);
	buf_fini(&w->line);
	plan_free(w->plan);
	ruleset_free(w->rules);
	diag_fini(&w->diag);
}

uint32_t world_rule(const struct world *w, const char *id)
{
	const struct rule *r = ruleset_find(w->rules, str_of(id));

	assert_non_null(r);
	return (uint32_t)(r - w->rules->rule);
}

/* One round of the verdict over the cells of all shards; how many hits it told anew. */
static uint32_t judge_round(struct verdict *v, struct judge **j, uint32_t n, struct findings *out)
{
	uint32_t anew;

	verdict_begin(v);
	for (uint32_t i = 0; i < n; i++)
		verdict_split(v, i);
	for (uint32_t i = 0; i < n; i++)
		verdict_judge(v, i);
	(void)verdict_group(v);
	for (uint32_t i = 0; i < n; i++)
		verdict_compare(v, i);
	verdict_decide(v);
	anew = verdict_count(v);
	for (uint32_t i = 0; i < n; i++)
		judge_evidence(j[i], v, i);
	verdict_findings(v, out);
	return anew;
}

static void judge_touched(struct world *w, struct judge **j, uint32_t n)
{
	struct findings out;

	findings_init(&out);
	judge_reconcile(j, n);
	for (uint32_t i = 0; i < n; i++) {
		judge_dirty(j[i], NULL, NULL);
		judge_clean(j[i]);
	}
	if (plan_has_cells(w->plan)) {
		w->verdict = w->verdict ? w->verdict : verdict_new(j, n);
		judge_round(w->verdict, j, n, &out);
	}
	findings_fini(&out);
}

static void scatter(struct world *w, struct judge **j, uint32_t n, const struct chunk *c)
{
	struct err e;

	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t row = 0; row < c->table[s].n; row++) {
			uint32_t to = timeline_shard(c, (enum stream)s, row, n);

			for (uint32_t i = 0; i < n; i++)
				if (to == UINT32_MAX || to == i)
					assert_true(judge_add(j[i], c, (enum stream)s, &row, 1, 0,
							      &e));
			if (w->stepwise)
				judge_touched(w, j, n);
		}
}

/* ---- bin by bin ---- */

struct cut_piece {
	uint32_t bin;
	struct buf bytes;
};

struct cut_pieces {
	struct cut_piece *v;
	uint32_t n, cap;
};

static void keep_piece(void *ctx, uint32_t bin, struct str bytes)
{
	struct cut_pieces *c = ctx;

	GROW(c->v, c->cap, c->n + 1);
	c->v[c->n].bin = bin;
	buf_init(&c->v[c->n].bytes, 0);
	buf_addstr(&c->v[c->n++].bytes, bytes);
}

static void judge_bin(struct world *w, struct verdict *v, const struct cut_pieces *pieces,
		      uint32_t bin, struct account *account)
{
	struct cells *cells = cells_new(w->plan, false);
	struct err e = { 0 };

	for (uint32_t i = 0; i < pieces->n; i++) {
		struct str bytes = buf_str(&pieces->v[i].bytes);

		if (pieces->v[i].bin != bin)
			continue;
		assert_true(cells_join(cells, bytes, 1, &e));
		if (i % 2)
			continue;
		assert_true(cells_join(cells, bytes, -1, &e));
		assert_true(cells_join(cells, bytes, 1, &e));
	}
	verdict_range(v, cells, account);
	cells_free(cells);
}

static void pieces_fini(struct cut_pieces *pieces)
{
	for (uint32_t i = 0; i < pieces->n; i++)
		buf_fini(&pieces->v[i].bytes);
	xfree(pieces->v);
}

/* Records are put off shard by shard, in as many bins. */
static void findings_by_bin(struct world *w, struct verdict *v, struct judge **j, uint32_t n,
			    struct findings *out)
{
	struct cut_pieces pieces = { .n = 0 };
	struct err e = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		judge_meet(j[i], v, i);
		judge_evidence(j[i], v, i);
		verdict_put_off(v, w->bins, keep_piece, &pieces);
	}
	for (uint32_t bin = 0; bin < w->bins; bin++) {
		for (uint32_t i = 0; i < pieces.n; i++)
			if (pieces.v[i].bin == bin)
				assert_true(verdict_take_back(v, buf_str(&pieces.v[i].bytes), &e));
		verdict_bin(v, bin, w->bins, out);
	}
	pieces_fini(&pieces);
}

static struct verdict *judge_bins(struct world *w, struct judge **j, uint32_t n,
				  struct account *account, struct findings *out)
{
	struct verdict *v = verdict_by_range(n, w->complete);
	struct cut_pieces pieces = { .n = 0 };

	for (uint32_t i = 0; i < n; i++)
		judge_cut_cells(j[i], w->bins, keep_piece, &pieces);
	for (uint32_t bin = 0; bin < w->bins; bin++)
		judge_bin(w, v, &pieces, bin, account);
	pieces_fini(&pieces);
	if (w->bins % 2) {
		findings_by_bin(w, v, j, n, out);
		return v;
	}
	for (uint32_t i = 0; i < n; i++) {
		judge_meet(j[i], v, i);
		judge_evidence(j[i], v, i);
	}
	verdict_findings(v, out);
	return v;
}

/* Cells are judged by all rules; only the one asked for counts. */
static void judge_cells_of(struct world *w, struct judge **j, uint32_t n, uint32_t rule,
			   struct account *account)
{
	struct verdict *v;
	struct findings all;

	findings_init(&all);
	if (w->bins) {
		v = judge_bins(w, j, n, account, &all);
	} else {
		v = w->verdict ? w->verdict : verdict_new(j, n);
		w->told_anew = judge_round(v, j, n, &all);
		verdict_accounts(v, account);
	}
	for (uint32_t i = 0; i < all.n; i++)
		if (all.item[i].rule_index == rule)
			finding_copy(&w->found, &all.item[i]);
	findings_fini(&all);
	verdict_free(v);
	w->verdict = NULL;
}

static void judge_shards(struct world *w, struct judge **j, uint32_t n, uint32_t rule)
{
	uint8_t *only = xcalloc(w->rules->n_rule / 8 + 1, 1);
	struct account *account = xcalloc(w->rules->n_rule, sizeof *account);

	only[rule / 8] = (uint8_t)(1u << (rule % 8));
	judge_reconcile(j, n);
	for (uint32_t i = 0; i < n; i++)
		judge_complete(j[i], w->complete);
	for (uint32_t i = 0; i < n && w->replaceable; i++)
		judge_all(j[i], only, NULL);
	for (uint32_t i = 0; i < n; i++)
		judge_all(j[i], only, &w->found);
	for (uint32_t i = 0; i < n; i++)
		account_add(account, judge_accounts(j[i]), w->rules->n_rule);
	if (plan_has_cells(w->plan))
		judge_cells_of(w, j, n, rule, account);
	w->account = account[rule];
	xfree(account);
	xfree(only);
}

void world_judge(struct world *w, const char *id, uint32_t n, uint32_t shards, uint32_t batch_rows)
{
	uint32_t rule = world_rule(w, id);
	struct judge_conf conf = { .batch_rows = batch_rows, .replaceable = w->replaceable,
				   .keep = w->keep };
	struct judge **j = xcalloc(shards, sizeof *j);
	struct err e = { 0 };
	struct chunk *c = example_build(&w->rules->rule[rule].example[n], &e);

	if (!c)
		fail_msg("%s", e.text);
	findings_clear(&w->found);
	for (uint32_t i = 0; i < shards; i++)
		j[i] = judge_new(w->plan, &conf);
	scatter(w, j, shards, c);
	judge_shards(w, j, shards, rule);
	findings_sort(&w->found);
	for (uint32_t i = 0; i < shards; i++)
		judge_free(j[i]);
	chunk_free(c);
	xfree(j);
}

const char *world_line(struct world *w, uint32_t i)
{
	assert_true(i < w->found.n);
	buf_reset(&w->line);
	finding_json(&w->found.item[i], &w->line);
	return buf_cstr(&w->line);
}

static int run_example(struct world *w, uint32_t rule, const struct example *x)
{
	struct example_result result;
	struct arena a;
	struct err e = { 0 };
	int failed = 1;

	arena_init(&a);
	if (!example_run(w->plan, rule, x, false, &a, &result, &e)) {
		fprintf(stderr, STR_FMT ": %s\n", STR_ARG(x->name), e.text);
	} else {
		failed = !result.passed;
		if (failed)
			fprintf(stderr, STR_FMT " " STR_FMT ": 应%s；实际%s\n",
				STR_ARG(w->rules->rule[rule].id), STR_ARG(x->name),
				result.expected, result.found);
		findings_fini(&result.findings);
	}
	arena_fini(&a);
	return failed;
}

int world_examples(struct world *w)
{
	int failed = 0;

	for (uint32_t i = 0; i < w->rules->n_rule; i++)
		for (uint32_t k = 0; k < w->rules->rule[i].n_example; k++)
			failed += run_example(w, i, &w->rules->rule[i].example[k]);
	return failed;
}
