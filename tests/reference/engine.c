/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.c - drives ruleset_compile and the judge, turns findings into comparable lines.
 */
#include "tests/reference/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/finding/judge.h"

enum { MAX_ROWS = 512 };

struct loading {
	const struct gen_files *files;
	const struct gen_rule *rule;
	uint32_t n;
};

/* Lists and tables, and the exceptions of each rule. */
static bool load(void *ctx, const char *path, struct buf *out, struct err *e)
{
	const struct loading *all = ctx;
	char own[32];

	for (uint32_t i = 0; i < all->n; i++) {
		snprintf(own, sizeof own, "%s.csv", all->rule[i].id);
		if (strcmp(own, path) != 0)
			continue;
		buf_adds(out, all->rule[i].except_csv);
		return true;
	}
	return files_load(all->files, path, out, e);
}

bool subject_compile(struct subject *s, struct gen_files *f, const struct gen_rule *g, uint32_t n,
		     struct buf *why)
{
	struct loading all = { f, g, n };
	const struct loader loader = { .load = load, .ctx = &all };
	struct rule_text text = { .name = "random.rules" };
	struct diag_list d;
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, f->head);
	for (uint32_t i = 0; i < n; i++)
		rule_text(&g[i], &b);
	text.text = buf_str(&b);
	diag_init(&d, false);
	s->plan = NULL;
	s->rs = ruleset_compile(&text, 1, &loader, &f->settings, &d);
	if (s->rs != NULL)
		s->plan = plan_new(s->rs);
	else if (why != NULL)
		diag_print(&d, why);
	diag_fini(&d);
	buf_fini(&b);
	return s->rs != NULL;
}

void subject_free(struct subject *s)
{
	plan_free(s->plan);
	ruleset_free(s->rs);
}

static const char *role_name(const struct rule *r, enum hit_role role)
{
	if (!r->person_local)
		return "member";
	return role == HIT_THIS ? "this" : role == HIT_AGAINST ? "against" : role == HIT_EXCESS
			? "excess" : "part";
}

/* The part of 除外 without the row it found. */
static struct str held_by(const struct finding *f)
{
	struct str s = f->excepted && f->except_owner.n == 0 ? f->except_reason : STR("");

	for (uint32_t i = 0; i + 3 <= s.n; i++)
		if (memcmp(s.p + i, "：", 3) == 0)
			s.n = i;
	return s;
}

static void take_finding(const struct ruleset *rs, const struct finding *f, struct lines *out)
{
	const struct rule *r = &rs->rule[f->rule_index];
	struct found x = { .rule = f->rule, .observed = f->observed, .limit = f->limit,
			   .has_amount = f->has_amount, .amount = f->amount,
			   .excepted = f->excepted, .held = held_by(f) };
	struct arena a;
	int64_t shares = 0;

	arena_init(&a);
	for (uint32_t i = 0; i < f->n_key; i++)
		x.key[x.n_key++] = f->key_value[i];
	for (uint32_t i = 0; i < f->n_record; i++) {
		const struct finding_record *k = &f->record[i];

		x.record[x.n_record].name = arena_printf(&a, "%s/" STR_FMT "/" STR_FMT "/" STR_FMT,
			stream_name(k->stream), STR_ARG(k->fixmedins_code), STR_ARG(k->mdtrt_id),
					STR_ARG(k->id));
		x.record[x.n_record++].role = role_name(r, k->role);
		shares += k->amount;
	}
	x.begin = f->begin;
	x.end = f->end;
	lines_found(&out[f->rule_index], &x);
	if (f->has_amount && shares != f->amount)
		lines_add(&out[f->rule_index], STR("!! the shares do not add up to the amount"));
	arena_fini(&a);
}

static void check_account(const struct account *k, struct lines *out)
{
	out->hit += (uint32_t)(k->hit + k->excepted);
	out->unknown += (uint32_t)k->unknown;
	if (k->scope_out + k->hit + k->excepted + k->unknown + k->no_hit != k->records)
		lines_add(out, STR("!! the account does not add up"));
}

static void add_chunk(struct judge *j, const struct chunk *c, const uint32_t *row,
		      const uint32_t *n)
{
	struct err e;

	for (unsigned k = 0; k < STREAM_STORED; k++)
		if (n[k] > 0 && !judge_add(j, c, (enum stream)k, row + k * MAX_ROWS, n[k], 0, &e)) {
			fprintf(stderr, "%s\n", e.text);
			abort();
		}
}

/* Each row to the shard of its person; registers to all. */
static void scatter(struct judge **j, uint32_t n_shard, const struct chunk *c)
{
	static uint32_t row[STREAM_STORED * MAX_ROWS];

	for (uint32_t i = 0; i < n_shard; i++) {
		uint32_t n[STREAM_STORED] = { 0 };

		for (enum stream k = 0; k < STREAM_STORED; k++)
			for (uint32_t r = 0; r < c->table[k].n; r++) {
				uint32_t to = timeline_shard(c, k, r, n_shard);

				if (to == i || to >= n_shard)
					row[k * MAX_ROWS + n[k]++] = r;
			}
		add_chunk(j[i], c, row, n);
	}
	if (n_shard > 1)
		judge_reconcile(j, n_shard);
}

static void judge_cell_rules(struct judge **j, uint32_t n, struct findings *out)
{
	struct verdict *v = judge_cells(j, n, NULL);

	for (uint32_t i = 0; i < n; i++)
		judge_evidence(j[i], v, i);
	verdict_findings(v, out);
	verdict_free(v);
}

/* Shards and batch sizes vary with the history: they must not show. */
void engine_judge(const struct subject *s, struct history *h, struct lines *out)
{
	static const uint32_t batch_rows[] = { 0, 1, 20 };
	const struct judge_conf conf = { .batch_rows = batch_rows[h->n % 3] };
	uint32_t n = 1 + h->n % 2;
	struct chunk *c = history_chunk(h);
	struct judge *j[2];
	struct findings all;

	for (uint32_t i = 0; i < n; i++)
		j[i] = judge_new(s->plan, &conf);
	scatter(j, n, c);
	findings_init(&all);
	for (uint32_t i = 0; i < n; i++)
		judge_all(j[i], NULL, &all);
	for (uint32_t i = 0; i < s->rs->n_rule * n; i++)
		check_account(&judge_accounts(j[i % n])[i / n], &out[i / n]);
	if (plan_has_cells(s->plan))
		judge_cell_rules(j, n, &all);
	for (uint32_t i = 0; i < all.n; i++)
		take_finding(s->rs, &all.item[i], out);
	findings_fini(&all);
	chunk_free(c);
	for (uint32_t i = 0; i < n; i++)
		judge_free(j[i]);
}

/* ---- any order, any batches ---- */

struct offer {
	enum stream stream;
	uint32_t row;
};

/* All rows in any order, one in five of them twice. */
static uint32_t make_offers(const struct chunk *c, struct rng *r, struct offer *out)
{
	uint32_t n = 0;

	for (enum stream k = 0; k < STREAM_STORED; k++)
		for (uint32_t i = 0; i < c->table[k].n; i++)
			for (uint32_t times = rng_below(r, 5) ? 1 : 2; times > 0; times--)
				out[n++] = (struct offer){ k, i };
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = rng_below(r, i);
		struct offer t = out[i - 1];

		out[i - 1] = out[k];
		out[k] = t;
	}
	return n;
}

static void offer_rows(struct judge **j, uint32_t n_shard, const struct chunk *c,
		       const struct offer *o, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t to = timeline_shard(c, o[i].stream, o[i].row, n_shard);
		struct err e;

		for (uint32_t k = 0; k < n_shard; k++)
			if ((to == k || to >= n_shard) &&
			    !judge_add(j[k], c, o[i].stream, &o[i].row, 1, 0, &e))
				abort();
	}
	if (n_shard > 1)
		judge_reconcile(j, n_shard);
}

void engine_judge_anyhow(const struct subject *s, struct history *h, struct rng *r,
			 struct lines *out)
{
	const struct judge_conf conf = { .batch_rows = 1 + rng_below(r, 40), .replaceable = true,
					 .keep = rng_below(r, 2) };
	struct chunk *c = history_chunk(h);
	struct offer offer[2 * MAX_ROWS];
	uint32_t n = 1 + rng_below(r, 4), rows = make_offers(c, r, offer);
	struct judge *j[4];
	struct findings all;

	for (uint32_t i = 0; i < n; i++)
		j[i] = judge_new(s->plan, &conf);
	for (uint32_t at = 0, some; at < rows; at += some) {
		some = 1 + rng_below(r, rows - at);
		offer_rows(j, n, c, offer + at, some);
		for (uint32_t i = 0; i < n; i++) {
			if (conf.keep && rng_below(r, 2))
				judge_all(j[i], NULL, NULL);
			else
				judge_dirty(j[i], NULL, NULL);
			judge_clean(j[i]);
		}
	}
	findings_init(&all);
	for (uint32_t i = 0; i < n; i++)
		judge_all(j[i], NULL, &all);
	if (plan_has_cells(s->plan))
		judge_cell_rules(j, n, &all);
	for (uint32_t i = 0; i < all.n; i++)
		take_finding(s->rs, &all.item[i], out);
	findings_fini(&all);
	chunk_free(c);
	for (uint32_t i = 0; i < n; i++)
		judge_free(j[i]);
}
