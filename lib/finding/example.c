/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * example.c - one example through a fresh judge, and what came of it beside what was expected.
 */
#include "lib/finding/example.h"

#include "lib/base/dec.h"
#include "lib/finding/example_build.h"
#include "lib/finding/judge.h"

enum { FEN = 2 };

/* What an example gave or should give; -1 = not said. */
struct outcome {
	int64_t hits, unknown;
	bool has_amount;
	int64_t amount;          /* 10^-6 yuan */
};

static bool add_chunk(struct judge *j, const struct chunk *c, struct err *e)
{
	for (unsigned s = 0; s < STREAM_STORED; s++)
		if (c->table[s].n &&
		    !judge_add(j, c, (enum stream)s, NULL, c->table[s].n, 0, e))
			return false;
	return true;
}

static void keep_findings(struct findings *out, const struct findings *from, uint32_t rule_index)
{
	for (uint32_t i = 0; i < from->n; i++)
		if (from->item[i].rule_index == rule_index && !from->item[i].excepted)
			finding_copy(out, &from->item[i]);
}

/* All periods are closed: an example is a world of its own. */
static void judge_cell_rule(struct judge *j, struct findings *out, struct account *account)
{
	struct verdict *v = judge_cells(&j, 1, account);

	judge_evidence(j, v, 0);
	verdict_findings(v, out);
	verdict_free(v);
}

static int64_t judge_example(struct judge *j, uint32_t rule_index, struct findings *out)
{
	const struct ruleset *rs = plan_ruleset(judge_plan(j));
	bool cells = !rs->rule[rule_index].person_local;
	uint8_t *only = xcalloc(rs->n_rule / 8 + 1, 1);
	struct account *account = xcalloc(rs->n_rule, sizeof *account);
	struct findings all;
	int64_t unknown;

	findings_init(&all);
	only[rule_index / 8] = (uint8_t)(1u << (rule_index % 8));
	judge_all(j, only, &all);
	if (cells && plan_has_cells(judge_plan(j)))
		judge_cell_rule(j, &all, account);
	else
		account_add(account, judge_accounts(j), rs->n_rule);
	keep_findings(out, &all, rule_index);
	findings_sort(out);
	unknown = (int64_t)account[rule_index].unknown;
	findings_fini(&all);
	xfree(account);
	xfree(only);
	return unknown;
}

static struct outcome found_of(const struct findings *f, int64_t unknown)
{
	struct outcome o = { .hits = f->n, .unknown = unknown };

	for (uint32_t i = 0; i < f->n; i++) {
		o.has_amount |= f->item[i].has_amount;
		if (f->item[i].has_amount)
			o.amount += dec_round(f->item[i].amount, FEN, MONEY_SCALE);
	}
	return o;
}

static bool passes(const struct outcome *want, const struct outcome *got)
{
	return (want->hits < 0 || want->hits == got->hits) &&
	       (want->unknown < 0 || want->unknown == got->unknown) &&
	       (!want->has_amount || want->amount == got->amount);
}

static char *outcome_text(struct arena *a, const struct outcome *o, bool english)
{
	struct buf b;
	char *text;

	buf_init(&b, 0);
	if (o->hits >= 0)
		buf_addf(&b, !english ? "命中 %lld 条" : o->hits == 1 ? "%lld hit" : "%lld hits",
			 (long long)o->hits);
	if (o->has_amount) {
		buf_adds(&b, english ? ", amount " : "，违规金额 ");
		dec_add(&b, o->amount, MONEY_SCALE, FEN);
	}
	if (o->unknown >= 0)
		buf_addf(&b, english ? "%s%lld cannot be judged" : "%s无法判断 %lld 条",
			 b.n == 0 ? "" : english ? ", " : "，", (long long)o->unknown);
	text = arena_strdup(a, buf_cstr(&b));
	buf_fini(&b);
	return text;
}

bool example_run(const struct plan *p, uint32_t rule_index, const struct example *x, bool english,
		 struct arena *a, struct example_result *out, struct err *e)
{
	struct judge_conf conf = { .batch_rows = 0 };
	struct outcome want = { x->expect_hits, x->expect_unknown, x->has_amount,
				x->expect_amount };
	struct chunk *c = example_build(x, e);
	struct outcome got;
	int64_t unknown;
	struct judge *j;
	bool ok;

	if (!c)
		return false;
	j = judge_new(p, &conf);
	ok = add_chunk(j, c, e);
	if (ok) {
		*out = (struct example_result){ .rule = &plan_ruleset(p)->rule[rule_index],
						.example = x };
		findings_init(&out->findings);
		unknown = judge_example(j, rule_index, &out->findings);
		got = found_of(&out->findings, unknown);
		out->passed = passes(&want, &got);
		out->expected = outcome_text(a, &want, english);
		out->found = outcome_text(a, &got, english);
	}
	judge_free(j);
	chunk_free(c);
	return ok;
}
