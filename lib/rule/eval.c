/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval.c - a worker's evaluator: its life, and all person rules over one batch.
 */
#include <string.h>

#include "lib/rule/frame.h"

#include <pcre2.h>

struct eval *eval_new(const struct plan *p, const struct dict *dict)
{
	struct eval *e = xcalloc(1, sizeof *e);

	e->p = p;
	e->dict = dict;
	e->slot = xcalloc(p->n_node + 1, sizeof *e->slot);
	e->key = xcalloc(p->n_node + 1, sizeof *e->key);
	e->keyset = xcalloc(p->n_keyset + 1, sizeof *e->keyset);
	e->breaks = xcalloc(p->n_keyset + 1, sizeof *e->breaks);
	e->day = xcalloc(STREAM_COUNT, sizeof *e->day);
	e->domain = xcalloc(FIELD_COUNT, sizeof *e->domain);
	e->classes = xcalloc(FIELD_COUNT, sizeof *e->classes);
	e->join = xcalloc(p->n_memo + 1, sizeof *e->join);
	e->clock = xcalloc(FIELD_COUNT, sizeof *e->clock);
	e->runs = xcalloc(p->n_keyset + 1, sizeof *e->runs);
	e->gaps = xcalloc(FIELD_COUNT, sizeof *e->gaps);
	e->fits = xcalloc(p->n_memo + 1, sizeof *e->fits);
	e->taken = xcalloc(p->n_source + 1, sizeof *e->taken);
	e->account = xcalloc(p->rs->n_rule + 1, sizeof *e->account);
	for (uint32_t i = 0; i < p->rs->n_rule; i++)
		e->account[i].unknown_field = FIELD_NONE;
	e->computed = dict_new();
	e->shown = xcalloc(SHOWN_BUCKETS, sizeof *e->shown);
	arena_init(&e->scratch);
	buf_init(&e->text, 0);
	return e;
}

static void free_slots(struct slot *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		xfree(s[i].buf);
		xfree(s[i].code_truth);
		xfree(s[i].code_key);
		xfree(s[i].code_number);
		xfree(s[i].spell);
		map64_fini(&s[i].pair_truth);
	}
}

static void taken_free(struct taken *t)
{
	xfree(t->v);
	xfree(t->row);
	xfree(t->filter.truth);
}

static void free_memory(struct eval *e)
{
	const struct plan *p = e->p;

	free_slots(e->slot, p->n_node);
	free_slots(e->key, p->n_node);
	free_slots(e->keyset, p->n_keyset);
	free_slots(e->breaks, p->n_keyset);
	free_slots(e->join, p->n_memo);
	free_slots(e->clock, FIELD_COUNT);
	free_slots(e->day, STREAM_COUNT);
	free_slots(e->absent, WIDTHS + 1);
	for (uint32_t i = 0; i < STREAM_COUNT; i++)
		xfree(e->digest[i].v);
	for (uint32_t i = 0; i < STREAM_COUNT; i++)
		for (uint32_t k = 0; k <= SCOPE_UNSETTLED; k++)
			xfree(e->scope[i][k].truth);
	for (uint32_t i = 0; i < FIELD_COUNT; i++) {
		xfree(e->domain[i].dense_of);
		xfree(e->domain[i].code_of);
		xfree(e->domain[i].row);
	}
	for (uint32_t i = 0; i < p->n_source; i++)
		taken_free(&e->taken[i]);
	for (uint32_t i = 0; i < p->n_memo; i++) {
		xfree(e->fits[i].at);
		xfree(e->fits[i].n);
		xfree(e->fits[i].row);
	}
}

void eval_free(struct eval *e)
{
	void *const blocks[] = { e ? e->slot : NULL, e ? e->key : NULL, e ? e->keyset : NULL,
				 e ? e->day : NULL, e ? e->domain : NULL, e ? e->fits : NULL,
				 e ? e->account : NULL, e ? e->marks.mark : NULL,
				 e ? e->marks.list : NULL, e ? e->filter[0].truth : NULL,
				 e ? e->filter[1].truth : NULL, e ? e->rest : NULL,
				 e ? e->excess : NULL, e ? e->beyond : NULL,
				 e ? e->pair[0] : NULL, e ? e->pair[1] : NULL,
				 e ? e->room : NULL, e ? e->shown : NULL,
				 e ? e->rows : NULL, e ? e->list : NULL, e ? e->number : NULL,
				 e ? e->taken : NULL, e ? e->said : NULL,
				 e ? e->picked : NULL,
				 e ? e->quick_rows : NULL,
				 e ? e->gaps : NULL, e ? e->join : NULL,
				 e ? e->clock : NULL, e ? e->breaks : NULL };

	if (!e)
		return;
	free_memory(e);
	runs_free(e);
	classes_free(e);
	related_free(e);
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		xfree(blocks[i]);
	dict_free(e->computed);
	if (e->match)
		pcre2_match_data_free(e->match);
	arena_fini(&e->scratch);
	buf_fini(&e->text);
	xfree(e);
}

void eval_complete(struct eval *e, const struct complete *c)
{
	e->complete = c;
}

void eval_digests(struct eval *e)
{
	e->digests = true;
}

const struct account *eval_accounts(const struct eval *e)
{
	return e->account;
}

void eval_start(struct eval *e, const struct batch *b)
{
	e->b = b;
	e->judged = NULL;
	e->stamp++;
	arena_reset(&e->scratch);
}

static void marks_reach(struct marks *k, uint32_t n)
{
	if (k->cap >= n)
		return;
	xfree(k->mark);
	k->mark = xcalloc(n, 1);
	k->cap = n;
}

/* Every record falls into one of the five heaps. */
static void settle(struct eval *e, const struct rule_plan *rp, uint64_t records)
{
	struct account *a = &e->account[rp->index];
	uint64_t inside = e->filter[rp->n_side - 1].inside;
	uint64_t count[MARK_HIT + 1] = { 0 };
	const struct marks *k = &e->marks;

	for (uint32_t i = 0; i < k->n; i++)
		count[k->mark[k->list[i]]]++;
	a->records += records;
	a->scope_out += records - inside;
	a->hit += count[MARK_HIT];
	a->excepted += count[MARK_EXCEPTED];
	a->unknown += count[MARK_UNKNOWN] + e->unknown;
	a->no_hit += inside - k->n - e->unknown;
	e->unknown = 0;
}

static void wipe_marks(struct marks *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		k->mark[k->list[i]] = MARK_NONE;
	k->n = 0;
}

typedef void form_fn(struct eval *e, const struct rule_plan *rp);

static void judge_rule(struct eval *e, const struct rule_plan *rp)
{
	static form_fn *const forms[] = {
		[FORM_EACH] = form_each, [FORM_GROUP] = form_group, [FORM_PAIR] = form_pair,
	};
	uint32_t records = e->b->rows[rp->side[rp->n_side - 1].stream].n;

	if (!records)
		return;
	marks_reach(&e->marks, records);
	related_reset(e);
	e->trouble = e->lacking = NOT_ASKED;
	forms[rp->rule->form](e, rp);
	settle(e, rp, records);
	if (rp->held && e->fn) { /* beside the marks of what is told */
		related_reset(e);
		e->marks.still = true;
		forms[rp->rule->form](e, rp->held);
		e->marks.still = false;
	}
	wipe_marks(&e->marks);
	arena_reset(&e->scratch);
}

void eval_batch(struct eval *e, const struct batch *b, const uint8_t *only, hit_fn *fn, void *ctx)
{
	eval_start(e, b);
	e->fn = fn;
	e->fn_ctx = ctx;
	for (uint32_t i = 0; i < e->p->n_rule; i++) {
		const struct rule_plan *rp = e->p->rule[i];

		if (only && !(only[rp->index / 8] >> (rp->index % 8) & 1))
			continue;
		if (rp->rule->person_local)
			judge_rule(e, rp);
	}
}

void eval_same_batch(struct eval *e)
{
	e->judged = e->b;
}
