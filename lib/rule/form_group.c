/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * form_group.c - rules about records that are alike in some keys.
 *
 * Within each subject the rows that pass are sorted by the hash of their keys (and the table row
 * they fit), so that groups are runs; rows of a run stay in event order. The trigger is tried with
 * every completion of the rows that are unknown: it is decided when all agree; a group that may
 * have no record at all is never sure. Sliding windows are form_window.c.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/rule/form.h"
#include "lib/rule/kernel.h"

/* Whether the group has any record in the completion at hand. */
static bool is_there(struct frame *f)
{
	bool any = !f->filter;

	for (uint32_t i = 0; i < f->n[0] && !any; i++)
		any = f->filter[f->rows[0][i]] == TRUTH_TRUE;
	for (uint32_t i = 0; i < f->n[0] && !any; i++)
		any = choose(f, f->rows[0][i], NULL);
	return any;
}

static enum truth when_of(struct frame *f, const struct rule_plan *rp)
{
	f->n_memo = 0;
	if (!is_there(f))
		return TRUTH_FALSE;
	return rp->when ? node_truth(f, rp->when) : TRUTH_TRUE;
}

/* Too many to try: with all out and with all in, if more records can only make it truer. */
static enum truth both_ends(struct frame *f, const struct rule_plan *rp, enum truth all_out)
{
	enum truth all_in;

	f->choices->all = true;
	all_in = when_of(f, rp);
	return all_in == all_out && rp->rising ? all_out : TRUTH_UNKNOWN;
}

enum truth group_trigger(struct frame *f, const struct rule_plan *rp)
{
	struct choices c;
	enum truth t;

	c.n = c.bits = 0; /* the list itself is filled as it grows */
	c.many = c.all = false;
	f->choices = &c;
	t = when_of(f, rp);
	for (c.bits = 1; c.bits < 1u << c.n && t != TRUTH_UNKNOWN && !c.many; c.bits++)
		if (when_of(f, rp) != t)
			t = TRUTH_UNKNOWN;
	if (c.many && t != TRUTH_UNKNOWN) {
		c.bits = 0;
		t = both_ends(f, rp, when_of(f, rp));
	}
	f->choices = NULL;
	if (c.n)
		f->n_memo = 0;
	return t;
}

void group_mark(const struct group *g, const struct frame *f, enum mark m)
{
	for (uint32_t i = 0; i < f->n[0]; i++) {
		uint32_t row = f->rows[0][i];
		bool sure = !f->filter || f->filter[row] == TRUTH_TRUE;

		if (m == MARK_UNKNOWN || !sure)
			note_unknown(g->e, g->rp, row);
		else
			mark_row(g->e, row, m);
	}
}

int32_t group_day(const struct group *g, const uint32_t *row, uint32_t n)
{
	const struct rule_plan *rp = g->rp;
	const struct node *b = rp->anchor;
	uint64_t number;

	if (!b)
		return slot_day(g->e, rp->side[0].stream)[row[n - 1]];
	number = slot_key(g->e, b, rp->side[0].stream)[row[0]];
	return bucket_start(b->bucket, b->bucket == BUCKET_DAY ? (int32_t)(uint32_t)number
							       : (int64_t)number,
			    &g->e->p->rs->settings);
}

void group_frame(const struct group *g, struct frame *f, const uint32_t *row, uint32_t n)
{
	frame_init(f, g->e);
	f->stream[0] = g->rp->side[0].stream;
	f->rows[0] = row;
	f->n[0] = n;
	f->at[0] = row[0];
	f->filter = g->maybe ? g->filter : NULL;
	f->day = group_day(g, row, n);
	f->table = g->rp->rule->table;
	f->table_row = g->table_row;
	if (g->rp->n_related)
		related_find(f, g->rp, g->subject, row[0]);
}

bool group_in_force(const struct group *g, const struct frame *f)
{
	const struct rule *r = g->rp->rule;

	return in_force(r->from, r->until, f->day) &&
	       (!f->table || table_in_force(f->table, f->table_row, f->day));
}

/* Before a hit is told: it is as of its last sure record, and unknown ones are not in it. */
void group_settle(const struct group *g, struct frame *f)
{
	uint32_t n = f->n[0], first = 0;

	while (n > 1 && f->filter && f->filter[f->rows[0][n - 1]] != TRUTH_TRUE)
		n--;
	while (first + 1 < n && f->filter && f->filter[f->rows[0][first]] != TRUTH_TRUE)
		first++;
	f->at[0] = f->rows[0][first]; /* whose fields an exception looks at */
	f->day = group_day(g, f->rows[0], n);
	f->n_memo = 0;
}

static void judge_whole(struct group *g, const uint32_t *row, uint32_t n)
{
	struct hit_group h = { .rp = g->rp, .subject = g->subject };
	struct frame f;
	enum truth t;

	group_frame(g, &f, row, n);
	if (!group_in_force(g, &f)) {
		if (!f.table)
			g->e->filter[0].inside -= n;
		return;
	}
	t = group_trigger(&f, g->rp);
	if (t == TRUTH_UNKNOWN) {
		trouble_count(&g->e->account[g->rp->index], trouble_of(&f, g->rp->when));
		group_mark(g, &f, MARK_UNKNOWN);
	}
	if (t != TRUTH_TRUE)
		return;
	if (f.filter)
		group_settle(g, &f);
	h.frame = &f;
	group_mark(g, &f, hit_give(&h) ? MARK_EXCEPTED : MARK_HIT);
}

/* Conditions on the table row, per row of the group; rows that fail are taken out. */
static uint32_t apply_rest(struct group *g, uint32_t *row, uint32_t n)
{
	struct eval *e = g->e;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		enum truth t = (enum truth)g->base[row[i]];
		struct frame f;

		frame_row(&f, e, g->rp->side[0].stream, row[i]);
		f.table = g->rp->rule->table;
		f.table_row = g->table_row;
		for (uint32_t k = 0; k < g->rp->n_rest && t; k++) {
			enum truth u = node_truth(&f, g->rp->rest[k]);

			t = u < t ? u : t;
		}
		e->rest[row[i]] = (uint8_t)t;
		if (t)
			row[kept++] = row[i];
	}
	return kept;
}

/* So few records make the trigger false; those out of the rule's own dates are counted. */
static uint32_t least_rows(struct eval *e, const struct rule_plan *rp)
{
	if (rp->rule->from != MISSING_I32 || rp->rule->until != MISSING_I32)
		return 0;
	if (rp->least_distinct > rp->least && column_gaps(e, rp->distinct) == GAPS_NONE)
		return rp->least_distinct;
	return rp->least;
}

/* What the trigger's bound sums up, if nothing else need be looked at. */
static const int64_t *bound_numbers(struct eval *e, const struct rule_plan *rp)
{
	const int64_t *v;

	if (!rp->bound.of || rp->rule->from != MISSING_I32 || rp->rule->until != MISSING_I32)
		return NULL;
	v = slot_number(e, rp->bound.of);
	return e->slot[rp->bound.of->id].open ? NULL : v;
}

/* Whether all is known of the rows and their sum is below what the trigger asks for; of windows,
 * where nothing is negative, so that no part of them has more. */
static bool below_bound(const struct group *g, const uint32_t *row, uint32_t n)
{
	int64_t sum = 0;
	bool fine = !g->maybe, whole = g->rp->rule->window.kind == WINDOW_NONE ||
				       g->rp->rule->window.kind == WINDOW_BUCKET;

	for (uint32_t i = 0; i < n && fine; i++) {
		int64_t v = g->summed[row[i]];

		fine = v != MISSING_I64 && (whole || v >= 0) &&
		       !__builtin_add_overflow(sum, v, &sum);
	}
	return fine && sum < g->rp->bound.least;
}

static void judge_rows(struct group *g, uint32_t *row, uint32_t n)
{
	enum window_kind w = g->rp->rule->window.kind;

	if (g->rp->n_rest)
		n = apply_rest(g, row, n);
	if (n == 0 || n < g->least)
		return;
	g->maybe = false;
	for (uint32_t i = 0; i < n; i++)
		g->maybe |= g->filter[row[i]] == TRUTH_UNKNOWN;
	if (g->summed && below_bound(g, row, n))
		return;
	if (w == WINDOW_DAYS || w == WINDOW_HOURS)
		window_judge(g, row, n);
	else if (!g->quick || g->maybe || !quick_false(g, row, n))
		judge_whole(g, row, n);
}

/* ---- runs ---- */

static bool same_group(const struct group *g, const struct sort_pair *a, const struct sort_pair *b)
{
	const struct side *s = &g->rp->side[0];

	return a->value >> 32 == b->value >> 32 &&
	       keyset_same(g->e, s->keys, (uint32_t)a->value, s->stream, s->keys,
			   (uint32_t)b->value, s->stream);
}

/* Rows of v[0..n) (one hash) that are of v[0]'s group go to `rows`; others move to the front. */
static uint32_t take_group(struct group *g, struct sort_pair *v, uint32_t n)
{
	struct eval *e = g->e;
	struct sort_pair first = v[0];
	uint32_t left = 0, taken = 0;

	GROW(e->rows, e->cap_rows, n);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || same_group(g, &first, &v[i]))
			e->rows[taken++] = (uint32_t)v[i].value;
		else
			v[left++] = v[i];
	}
	g->table_row = g->rp->rule->table ? (uint32_t)(first.value >> 32) : KNOWLEDGE_NONE;
	judge_rows(g, e->rows, taken);
	return left;
}

static void judge_runs(struct group *g, struct sort_pair *v, uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		uint32_t end = i + 1, left;

		while (end < n && v[end].key == v[i].key)
			end++;
		for (left = end - i; left && left >= g->least;)
			left = take_group(g, v + i, left);
		i = end;
	}
}

static void insertion(struct sort_pair *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct sort_pair x = v[i];
		uint32_t at = i;

		for (; at > 0 && (v[at - 1].key > x.key ||
				  (v[at - 1].key == x.key && v[at - 1].value > x.value)); at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

static bool is_sorted(const struct sort_pair *v, uint32_t n)
{
	uint32_t i = 1;

	while (i < n && (v[i - 1].key < v[i].key ||
			 (v[i - 1].key == v[i].key && v[i - 1].value <= v[i].value)))
		i++;
	return i >= n;
}

/* Keys are hashes, so their upper bits spread them evenly: after one pass by these little is left
 * to do. */
void pairs_sort(struct eval *e, unsigned list, uint32_t n)
{
	enum { FEW = 24, MOST_BITS = 12 };
	uint32_t at[(1u << MOST_BITS) + 1], bits = 4, sum = 0;
	struct sort_pair *v = e->pair[list];

	if (n <= FEW || is_sorted(v, n)) {
		insertion(v, n);
		return;
	}
	while (bits < MOST_BITS && 2u << bits < n)
		bits++;
	memset(at, 0, ((size_t)1 << bits) * sizeof *at);
	for (uint32_t i = 0; i < n; i++)
		at[v[i].key << 1 >> (64 - bits)]++;
	for (uint32_t i = 0; i < 1u << bits; i++) {
		uint32_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	GROW(e->room, e->cap_room, e->cap_pair[list]);
	for (uint32_t i = 0; i < n; i++)
		e->room[at[v[i].key << 1 >> (64 - bits)]++] = v[i];
	e->pair[list] = e->room;
	e->room = v;
	sum = e->cap_pair[list];
	e->cap_pair[list] = e->cap_room;
	e->cap_room = sum;
	insertion(e->pair[list], n);
}

uint32_t pairs_passing(struct eval *e, unsigned list, const uint64_t *key, const uint8_t *truth,
		       const uint32_t range[2])
{
	struct sort_pair *v;
	uint32_t n = 0, to = range[1];

	GROW(e->pair[list], e->cap_pair[list], to - range[0] + 1);
	v = e->pair[list];
	for (uint32_t i = filter_next(truth, range[0], to); i < to; i++) {
		v[n] = (struct sort_pair){ key[i], i };
		n += truth[i] != TRUTH_FALSE;
		if (i % 8 == 7)
			i = filter_next(truth, i + 1, to) - 1;
	}
	return n;
}

uint32_t pairs_add(struct eval *e, unsigned list, uint32_t n, uint64_t key, uint64_t value)
{
	GROW(e->pair[list], e->cap_pair[list], n + 1);
	e->pair[list][n] = (struct sort_pair){ key, value };
	return n + 1;
}

/* One entry per table row the record fits. */
static uint32_t add_fits(struct group *g, uint32_t n, uint64_t hash, uint32_t row)
{
	const struct join *j = &g->rp->side[0].join;
	const uint32_t *fit = NULL;
	uint32_t count = g->rp->rule->table->n_row, dense = 0;

	if (j->field) {
		dense = domain_rows(g->e, j->field->field)[row];
		fit = table_rows(g->e, j->memo, dense, &count);
	}
	if (j->field && !dense)
		note_unknown(g->e, g->rp, row);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t r = fit ? fit[i] : i;

		n = pairs_add(g->e, 0, n, hash_join(hash, r) >> 1, (uint64_t)r << 32 | row);
	}
	return n;
}

static uint32_t collect(struct group *g, const uint64_t *key, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from; (i = filter_next(g->base, i, to)) < to; i++) {
		if (key[i] == KEY_MISSING)
			note_unknown(g->e, g->rp, i);
		else if (g->rp->rule->table)
			n = add_fits(g, n, key[i], i);
		else
			n = pairs_add(g->e, 0, n, key[i], i);
	}
	return n;
}

static uint32_t pick_keys(struct group *g, const uint64_t *key, uint32_t from, uint32_t to)
{
	return pairs_passing(g->e, 0, key, g->base, (const uint32_t[]){ from, to });
}

/* All keys being known: only rows whose key others may have too, told by a few bits of it, of which
 * there have to be as many as the trigger asks for. */
static uint32_t collect_least(struct group *g, const uint64_t *key, uint32_t from, uint32_t to)
{
	enum { FEW_BITS = 6, MOST_BITS = 14, SPREAD = 8 };
	uint8_t count[1u << MOST_BITS];
	uint32_t n = pick_keys(g, key, from, to), bits = FEW_BITS, kept = 0;
	struct sort_pair *v = g->e->pair[0];

	if (n < g->least)
		return 0;
	while (bits < MOST_BITS && 1u << bits < SPREAD * n)
		bits++;
	memset(count, 0, (size_t)1 << bits);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *c = &count[v[i].key << 1 >> (64 - bits)];

		*c = (uint8_t)(*c + (*c < UINT8_MAX));
	}
	for (uint32_t i = 0; i < n; i++) {
		v[kept] = v[i];
		kept += count[v[i].key << 1 >> (64 - bits)] >= g->least;
	}
	return kept;
}

/* Only a group with a record that 除外 takes out can have been held back by it. */
static bool any_held(const struct group *g, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; (i = filter_next(g->base, i, to)) < to; i++)
		if (g->unless[i] == TRUTH_TRUE)
			return true;
	return false;
}

/* Rows whose key is missing are in no group. */
static void note_keyless(struct group *g, const uint64_t *key, uint32_t n)
{
	for (uint32_t i = 0; (i = filter_next(g->base, i, n)) < n; i++)
		if (key[i] == KEY_MISSING)
			note_unknown(g->e, g->rp, i);
}

/* Of each run the rows that pass. */
static void judge_picked(struct group *g)
{
	struct eval *e = g->e;
	const struct keyset *keys = g->rp->side[0].keys;
	const struct runs *runs = key_runs(e, keys);
	uint32_t rows = e->b->rows[keys->stream].n;

	GROW(e->rows, e->cap_rows, rows + 1);
	if (e->keyset[keys->id].open)
		note_keyless(g, slot_keyset(e, keys, keys->stream), rows);
	g->table_row = KNOWLEDGE_NONE;
	for (uint32_t i = 0; i < runs->n; i++) {
		const struct run *run = &runs->run[i];
		const uint32_t *row = runs->row + run->from;
		bool held = !g->unless;
		uint32_t n = 0;

		if (run->n < g->least)
			continue;
		for (uint32_t r = 0; r < run->n; r++) {
			bool passes = g->base[row[r]] != TRUTH_FALSE;

			e->rows[n] = row[r];
			n += passes;
			held |= passes && g->unless && g->unless[row[r]] == TRUTH_TRUE;
		}
		g->subject = run->subject;
		if (held)
			judge_rows(g, e->rows, n);
	}
}

void form_group(struct eval *e, const struct rule_plan *rp)
{
	const struct side *s = &rp->side[0];
	const struct rows *rows = &e->b->rows[s->stream];
	struct group g = { .e = e, .rp = rp };
	const uint64_t *key;
	bool plain, few;

	g.unless = rp->unless ? slot_truth(e, rp->unless) : NULL;
	if (g.unless && !kernel_count(g.unless, rows->n, TRUTH_TRUE))
		return;
	g.base = g.filter = side_filter(e, s, rp->rule->scope, &e->filter[0]);
	if (!g.filter)
		return;
	g.least = least_rows(e, rp);
	g.summed = bound_numbers(e, rp);
	g.quick = rp->quick_when && rp->rule->from == MISSING_I32 &&
		  rp->rule->until == MISSING_I32;
	if (rp->n_rest) {
		GROW(e->rest, e->cap_rest, rows->n + 1);
		g.filter = e->rest;
	}
	if (!rp->rule->table && runs_pay(e, s->keys, g.base)) {
		judge_picked(&g);
		return;
	}
	key = slot_keyset(e, s->keys, s->stream);
	if (s->join.field && !e->keyset[s->keys->id].open &&
	    !filter_and(e->filter[0].truth, join_truth(e, &s->join), rows->n))
		return;
	plain = !rp->rule->table && !e->keyset[s->keys->id].open;
	few = plain && g.least > 1 && g.least < UINT8_MAX;
	for (g.subject = 0; g.subject < e->b->n_subjects; g.subject++) {
		uint32_t from = rows->start[g.subject], to = rows->start[g.subject + 1], n;

		if (g.unless && !any_held(&g, from, to))
			continue;
		n = few ? collect_least(&g, key, from, to) :
		    plain ? pick_keys(&g, key, from, to) : collect(&g, key, from, to);
		if (n < g.least)
			continue;
		pairs_sort(e, 0, n);
		judge_runs(&g, e->pair[0], n);
	}
}
