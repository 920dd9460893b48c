/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refjudge.c - the forms each, group and pair.
 *
 * What is unknown: a record whose condition is unknown is tried in and out of its group; a rule
 * fires only when it fires every way, and then names the records that are in for sure. A record
 * with a missing key belongs to no group and makes no pair. For other subjects nothing is tried: a
 * record in doubt makes the aggregates missing that it could change.
 */
#include "tests/reference/reference.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"

bool ref_rule_in_force(const struct rule *r, int32_t day)
{
	if (day == MISSING_I32)
		return true;
	return (r->from == MISSING_I32 || r->from <= day) &&
			(r->until == MISSING_I32 || day <= r->until);
}

bool ref_in_scope(const struct rule *r, const struct row *x)
{
	if (r->scope == SCOPE_ALL)
		return true;
	if (r->scope == SCOPE_SETTLED)
		return x->scope;
	return x->stream == STREAM_FEE && !record_cell(x->rec, FIELD_fee_setl_id)->known;
}

/* What the rule asks but its 除外; that 除外 holds, but of a record in a person's group. */
static enum truth passes_but(struct scene *s)
{
	const struct expr *e = s->r->where;
	enum truth t = TRUTH_TRUE, u;

	for (uint32_t i = 0; e->op == EXPR_AND && i + 1 < e->n_arg; i++)
		if ((u = ref_truth(s, e->arg[i])) < t)
			t = u;
	if ((s->r->form != FORM_GROUP || !s->r->person_local) &&
	    (u = ref_truth(s, s->r->unless)) < t)
		t = u;
	return t;
}

enum truth ref_passes(struct scene *s)
{
	if (s->held)
		return passes_but(s);
	return s->r->where == NULL ? TRUTH_TRUE : ref_truth(s, s->r->where);
}

struct value ref_row_key(struct scene *s, const struct expr *key, const struct row *r)
{
	struct scene in = *s;

	in.role[0] = in.role[1] = r;
	in.day = row_day(r);
	return ref_value(&in, key);
}

/* ---- findings ---- */

static void value_text(struct scene *s, const struct value *v, struct str *out)
{
	struct buf b;
	int64_t fen;

	buf_init(&b, 0);
	if (v->known && v->type == TYPE_MONEY && rat_round(v->rat, 2, &fen))
		dec_add(&b, fen, 2, 2);
	else
		value_add(&b, v);
	*out = arena_str(s->a, buf_str(&b));
	buf_fini(&b);
}

void ref_found_row(struct scene *s, struct found *f, const struct row *r, const char *role)
{
	if (f->n_record == 0 || r->time < f->begin)
		f->begin = r->time;
	if (f->n_record == 0 || r->time > f->end)
		f->end = r->time;
	f->record[f->n_record].name = arena_printf(s->a, "%s/%s/%s/%s", stream_name(r->stream),
						   r->facility,
						   r->mdtrt, r->serial);
	f->record[f->n_record++].role = role;
}

/* Whether an exception in force has the finding's fields: of its first record, of 乙. */
static bool excepted(struct scene *s)
{
	const struct rule *r = s->r;

	for (uint32_t i = 0; i < r->n_exception; i++) {
		const struct exception *x = &r->exception[i];
		bool fits = (x->from == MISSING_I32 || x->from <= s->day) &&
			    (x->until == MISSING_I32 || s->day <= x->until);

		for (uint32_t k = 0; k < r->n_except; k++) {
			enum field f = r->except[k], twin = FIELD_NONE;
			struct value v;

			if (r->form == FORM_PAIR)
				twin = field_twin(f, r->stream[1]);
			v = twin != FIELD_NONE ? world_value(s->w, s->role[1], twin)
			  : world_value(s->w, r->form == FORM_GROUP ? s->group[0] : s->role[0], f);
			fits = fits && v.known && str_eq(v.text, x->cell[k]);
		}
		if (fits)
			return true;
	}
	return false;
}

/* The first part of 除外 that holds for the record or pair in hand. */
static struct str part_that_holds(struct scene *s)
{
	for (uint32_t i = 0; i < s->r->n_unless; i++)
		if (ref_truth(s, s->r->unless_part[i].expr) == TRUTH_TRUE)
			return s->r->unless_part[i].name;
	return STR("");
}

static struct str all_parts(struct scene *s)
{
	const char *text = "";

	for (uint32_t i = 0; i < s->r->n_unless; i++)
		text = arena_printf(s->a, "%s%s" STR_FMT, text, i > 0 ? " 或 " : "",
				    STR_ARG(s->r->unless_part[i].name));
	return str_of(text);
}

/* Why it was held back: none of its records is told, one of them is taken out. */
static struct str held_by(struct scene *s)
{
	struct str why = { NULL, 0 };

	if (!s->r->person_local)
		return all_parts(s);
	if (s->r->form != FORM_GROUP)
		return s->told[s->role[s->r->n_role - 1]->n] ? why : part_that_holds(s);
	for (uint32_t i = 0; i < s->n_group; i++)
		if (s->told[s->group[i]->n])
			return why;
	for (uint32_t i = 0; i < s->n_group && why.n == 0; i++) {
		struct scene in = *s;

		in.role[0] = in.role[1] = s->group[i];
		in.day = row_day(s->group[i]);
		why = part_that_holds(&in);
	}
	return why;
}

/* Fills in what is read from the scene, nothing unknown counting. */
void ref_give(struct scene *s, struct found *f, struct lines *out)
{
	const struct rule *r = s->r;
	struct value v;

	s->o->counting = false;
	f->rule = r->id;
	for (uint32_t i = 0; i < s->n_key; i++)
		value_text(s, &s->key[i], &f->key[f->n_key++]);
	for (uint32_t i = 0; s->table != NULL && i < s->table->n_key; i++)
		f->key[f->n_key++] = s->table->key_cell[s->table_row * s->table->n_key + i];
	if (f->observed.p == NULL && r->observed != NULL) {
		v = ref_value(s, r->observed);
		value_text(s, &v, &f->observed);
	}
	if (f->limit.p == NULL && r->limit != NULL) {
		v = ref_value(s, r->limit);
		value_text(s, &v, &f->limit);
	}
	if (r->amount != NULL) {
		v = ref_value(s, r->amount);
		f->has_amount = v.known && rat_round(v.rat, 2, &f->amount);
	}
	f->excepted = r->form != FORM_COMPARE && excepted(s);
	if (s->held) {
		f->held = held_by(s);
		f->excepted = true;
	}
	if (!s->held || f->held.n > 0)
		lines_found(out, f);
	s->o->counting = true;
}

/* ---- each ---- */

static void each_row(struct scene *s, const struct row *x, struct lines *out)
{
	const struct rule *r = s->r;
	struct found f = { .n_key = 0 };
	enum truth t;

	s->role[0] = x;
	s->day = row_day(x);
	if (!ref_rule_in_force(r, s->day) || (s->table != NULL &&
					      !ref_in_force(s->table, s->table_row, s->day)))
		return;
	t = ref_passes(s);
	if (t != TRUTH_FALSE) {
		enum truth w = ref_trigger(s, out);

		t = w < t ? w : t;
	}
	s->hit[x->n] |= t == TRUTH_TRUE;
	s->unknown[x->n] |= t == TRUTH_UNKNOWN;
	if (t != TRUTH_TRUE)
		return;
	s->n_key = r->n_key;
	for (uint32_t i = 0; i < r->n_key; i++)
		s->key[i] = ref_row_key(s, r->key[i], x);
	ref_found_row(s, &f, x, "this");
	ref_found_related(s, &f);
	ref_give(s, &f, out);
}

static void judge_each(struct scene *s, struct lines *out)
{
	for (uint32_t i = 0; i < s->w->n[s->r->stream[0]]; i++) {
		const struct row *x = s->w->rows[s->r->stream[0]][i];

		if (ref_in_scope(s->r, x))
			each_row(s, x, out);
	}
}

/* ---- group ---- */

static const struct expr *calendar_key(const struct rule *r)
{
	for (uint32_t i = 0; i < r->n_key; i++)
		if (r->key[i]->op == EXPR_BUCKET && r->key[i]->bucket != BUCKET_VISIT &&
		    r->key[i]->bucket != BUCKET_STAY)
			return r->key[i];
	return NULL;
}

/* As of: the bucket's start, else the last record. */
int32_t ref_anchor(struct scene *s, const struct row *const *row, uint32_t n)
{
	const struct expr *k = calendar_key(s->r);
	int32_t day = row_day(row[n - 1]);

	if (s->r->window.kind == WINDOW_BUCKET && s->r->window.bucket != BUCKET_VISIT &&
	    s->r->window.bucket != BUCKET_STAY)
		return ref_bucket_start(s->rs, day, s->r->window.bucket);
	return k == NULL || day == MISSING_I32 ? day : ref_bucket_start(s->rs, day, k->bucket);
}

/* The records of a cell that are in doubt. */
static void ref_doubts(struct scene *s, const struct ref_group *g)
{
	s->doubt = arena_array(s->a, g->n + 1, sizeof *s->doubt);
	s->n_doubt = 0;
	for (uint32_t i = 0; i < g->n; i++)
		if (g->maybe[i])
			s->doubt[s->n_doubt++] = g->row[i];
}

void ref_complete(struct scene *s, const struct ref_group *g, uint32_t lo, uint32_t hi,
		  const struct row **row)
{
	s->group = row;
	s->n_group = 0;
	for (uint32_t i = lo; i < hi; i++)
		if (!g->maybe[i] ||
		    (s->r->person_local && oracle_choose(s->o, g->row[i], "in")))
			row[s->n_group++] = g->row[i];
	if (!s->r->person_local)
		ref_doubts(s, g);
}

/* The trigger over the rows [lo, hi) of the group, every completion tried. */
static enum truth decide(struct scene *s, const struct ref_group *g, uint32_t lo, uint32_t hi,
			 struct lines *out)
{
	const struct row *row[REF_ROWS];
	bool all = true, none = true;

	*s->o = (struct oracle){ .counting = s->r->person_local };
	s->day = ref_anchor(s, g->row + lo, hi - lo);
	if (!ref_rule_in_force(s->r, s->day) ||
	    (s->table != NULL && !ref_in_force(s->table, s->table_row, s->day)))
		return TRUTH_FALSE;
	do {
		enum truth t = TRUTH_FALSE;

		ref_complete(s, g, lo, hi, row);
		if (s->n_group > 0)
			t = s->r->when == NULL ? TRUTH_TRUE : ref_truth(s, s->r->when);
		all &= t == TRUTH_TRUE;
		none &= t == TRUTH_FALSE;
	} while (oracle_next(s->o) && !s->o->too_many);
	out->too_wide |= s->o->too_many;
	return all ? TRUTH_TRUE : none ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

/* The same, and what it makes of the records. */
static enum truth decide_and_count(struct scene *s, const struct ref_group *g, uint32_t lo,
				   uint32_t hi, struct lines *out)
{
	enum truth t = decide(s, g, lo, hi, out);

	for (uint32_t i = lo; i < hi; i++) {
		s->hit[g->row[i]->n] |= t == TRUTH_TRUE && !g->maybe[i];
		s->unknown[g->row[i]->n] |= t == TRUTH_UNKNOWN ||
					    (t == TRUTH_TRUE && g->maybe[i]);
	}
	return t;
}

/* The sure rows of [lo, hi) as the scene's group. */
void ref_sure_rows(struct scene *s, const struct ref_group *g, uint32_t lo, uint32_t hi,
		      const struct row **row)
{
	s->group = row;
	s->n_group = 0;
	for (uint32_t i = lo; i < hi; i++)
		if (!g->maybe[i])
			row[s->n_group++] = g->row[i];
	if (!s->r->person_local)
		ref_doubts(s, g);
}

/* A limit on a count or a sum that is gone over: the aggregate, else NULL. */
static const struct expr *limited(const struct rule *r)
{
	const struct expr *w = r->when, *a = w == NULL ? NULL : w->arg[0];

	if (w == NULL || (w->op != EXPR_GT && w->op != EXPR_GE) || a->op != EXPR_AGG ||
	    a->role >= ROLE_RELATED)
		return NULL;
	return a->agg == AGG_COUNT || a->agg == AGG_SUM || a->agg == AGG_RUNNING ? a : NULL;
}

/* What lies beyond the limit in event order, of the rows [lo, hi); others are within it. */
static void mark_beyond(struct scene *s, bool *beyond)
{
	const struct expr *a = limited(s->r);
	struct value limit = ref_value(s, s->r->when->arg[1]);
	struct scene in = *s;
	struct rat sum = rat_int(0);

	for (uint32_t i = 0; i < s->n_group; i++) {
		struct rat one = rat_int(1);
		int c;

		in.role[0] = s->group[i];
		if (a->cond != NULL && ref_truth(&in, a->cond) != TRUTH_TRUE)
			continue;
		if (a->agg != AGG_COUNT)
			one = ref_value(&in, a->arg[0]).rat;
		if (!rat_add(&sum, sum, one))
			abort();
		c = rat_cmp(sum, limit.rat, NULL);
		if (rat_sign(one) == 0)
			continue;
		if (s->r->when->op == EXPR_GT ? c > 0 : c >= 0)
			beyond[s->group[i]->n] = true;
	}
}

static void give_group(struct scene *s, struct found *f, const bool *beyond, struct lines *out)
{
	for (uint32_t i = 0; i < s->n_group; i++)
		ref_found_row(s, f, s->group[i], !s->r->person_local ? "member"
			      : limited(s->r) == NULL ? "part"
			      : beyond[s->group[i]->n] ? "excess" : "against");
	s->day = ref_anchor(s, s->group, s->n_group);
	ref_found_related(s, f);
	ref_give(s, f, out);
}

static void whole_group(struct scene *s, const struct ref_group *g, struct lines *out)
{
	bool beyond[REF_ROWS] = { false };
	const struct row *row[REF_ROWS];
	struct found f = { .n_key = 0 };

	if (decide_and_count(s, g, 0, g->n, out) != TRUTH_TRUE)
		return;
	ref_sure_rows(s, g, 0, g->n, row);
	s->day = ref_anchor(s, s->group, s->n_group);
	s->o->counting = false;
	if (limited(s->r) != NULL)
		mark_beyond(s, beyond);
	give_group(s, &f, beyond, out);
}

/* ---- sliding windows ---- */

static bool inside(const struct window *w, const struct row *x, const struct row *last)
{
	if (w->kind == WINDOW_DAYS)
		return row_day(x) > row_day(last) - w->n && row_day(x) <= row_day(last);
	return x->time >= last->time - w->n * 3600 && x->time <= last->time;
}

struct run {
	uint32_t lo, hi;           /* rows [lo, hi) */
	struct value observed, limit;
	bool any;
	bool beyond[REF_ROWS];     /* in one of its windows */
};

static void flush_run(struct scene *s, const struct ref_group *g, struct run *run,
		      struct lines *out)
{
	const struct row *row[REF_ROWS];
	struct found f = { .n_key = 0 };

	if (!run->any)
		return;
	if (s->r->observed != NULL)
		value_text(s, &run->observed, &f.observed);
	if (s->r->limit != NULL)
		value_text(s, &run->limit, &f.limit);
	ref_sure_rows(s, g, run->lo, run->hi, row);
	give_group(s, &f, run->beyond, out);
	memset(run->beyond, 0, sizeof run->beyond);
	run->any = false;
}

/* A triggering window joins the run it shares a sure record with. */
static void join_run(struct scene *s, const struct ref_group *g, struct run *run, uint32_t lo,
		     uint32_t hi,
		     struct lines *out)
{
	const struct row *row[REF_ROWS];
	struct value observed = { .known = false }, limit = { .known = false };
	bool shares = false;

	for (uint32_t i = lo; run->any && i < run->hi; i++)
		shares |= !g->maybe[i];
	if (!shares)
		flush_run(s, g, run, out);
	ref_sure_rows(s, g, lo, hi, row);
	s->day = ref_anchor(s, s->group, s->n_group);
	s->o->counting = false;
	if (s->r->observed != NULL)
		observed = ref_value(s, s->r->observed);
	if (s->r->limit != NULL)
		limit = ref_value(s, s->r->limit);
	if (limited(s->r) != NULL)
		mark_beyond(s, run->beyond);
	s->o->counting = true;
	if (!run->any) {
		run->lo = lo;
		run->hi = hi;
		run->observed = observed;
		run->limit = limit;
		run->any = true;
		return;
	}
	run->hi = hi;
	if (observed.known && (!run->observed.known ||
			       rat_cmp(observed.rat, run->observed.rat, NULL) > 0)) {
		run->observed = observed;
		run->limit = limit;
	}
}

static void sliding_group(struct scene *s, const struct ref_group *g, struct lines *out)
{
	const struct window *w = &s->r->window;
	struct run run = { .any = false };

	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t lo = i, hi = i + 1;

		while (lo > 0 && inside(w, g->row[lo - 1], g->row[i]))
			lo--;
		while (hi < g->n && inside(w, g->row[hi], g->row[i]))
			hi++;
		if (decide_and_count(s, g, lo, hi, out) == TRUTH_TRUE)
			join_run(s, g, &run, lo, hi, out);
	}
	flush_run(s, g, &run, out);
}

/* ---- grouping ---- */

static bool same_key(const struct ref_group *g, const char *psn, const struct value *key,
		     uint32_t n)
{
	if (psn != NULL && strcmp(g->psn, psn) != 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (value_cmp(&g->key[i], &key[i]) != 0)
			return false;
	return true;
}

/* The facility is part of the identity of a visit. */
static struct value visit_facility(const struct row *x)
{
	return value_str(TYPE_CODE, str_of(x->facility));
}

/* Key of the row, with what only tells groups apart behind it; false when one is missing. */
static bool keys_of(struct scene *s, const struct row *x, struct value *key, uint32_t *n)
{
	const struct rule *r = s->r;

	*n = 0;
	for (uint32_t i = 0; i < r->n_key; i++) {
		key[*n] = ref_row_key(s, r->key[i], x);
		if (!key[(*n)++].known)
			return false;
	}
	for (uint32_t i = 0; i < r->n_key; i++)
		if (r->key[i]->op == EXPR_BUCKET &&
		    (r->key[i]->bucket == BUCKET_VISIT || r->key[i]->bucket == BUCKET_STAY))
			key[(*n)++] = visit_facility(x);
	if (r->window.kind != WINDOW_BUCKET)
		return true;
	key[*n] = ref_bucket(s, x, r->window.bucket);
	if (!key[(*n)++].known)
		return false;
	key[(*n)++] = visit_facility(x);
	if (r->window.bucket != BUCKET_VISIT && r->window.bucket != BUCKET_STAY)
		(*n)--;
	return true;
}

static bool clock_known(const struct rule *r, const struct row *x)
{
	if (r->window.kind != WINDOW_HOURS)
		return r->window.kind != WINDOW_DAYS || x->time != MISSING_I64;
	return x->time != MISSING_I64 && x->time % CIVIL_DAY != 0;
}

struct ref_group *ref_groups(struct scene *s, uint32_t *n_group)
{
	uint32_t n = 0, n_key, k, rows = s->w->n[s->r->stream[0]];
	struct ref_group *g = arena_array(s->a, rows + 1, sizeof *g);

	for (uint32_t i = 0; i < rows; i++) {
		const struct row *x = s->w->rows[s->r->stream[0]][i];
		struct value key[16];
		enum truth t;

		s->role[0] = x;
		s->day = row_day(x);
		if (!ref_in_scope(s->r, x) || (t = ref_passes(s)) == TRUTH_FALSE)
			continue;
		if (!keys_of(s, x, key, &n_key) || !clock_known(s->r, x)) {
			if (s->unknown != NULL)
				s->unknown[x->n] = true;
			continue;
		}
		for (k = 0; k < n && !same_key(&g[k], s->r->person_local ? x->psn : NULL, key,
					       n_key); k++)
			;
		if (k == n) {
			g[n].psn = x->psn;
			memcpy(g[n].key, key, sizeof key);
			g[n].row = arena_array(s->a, rows - i, sizeof *g->row);
			g[n++].maybe = arena_array(s->a, rows - i, sizeof *g->maybe);
		}
		g[k].maybe[g[k].n] = t == TRUTH_UNKNOWN;
		g[k].row[g[k].n++] = x;
	}
	*n_group = n;
	return g;
}

static void judge_group(struct scene *s, struct lines *out)
{
	uint32_t n;
	struct ref_group *g = ref_groups(s, &n);

	for (uint32_t i = 0; i < n; i++) {
		s->key = g[i].key;
		s->n_key = s->r->n_key;
		if (s->r->window.kind == WINDOW_DAYS || s->r->window.kind == WINDOW_HOURS)
			sliding_group(s, &g[i], out);
		else
			whole_group(s, &g[i], out);
	}
}

/* ---- any rule ---- */

bool ref_counts(const struct rule *r)
{
	return r->person_local && r->table == NULL && r->window.kind != WINDOW_HOURS &&
	       (r->form == FORM_EACH || r->form == FORM_GROUP);
}

/* Every row of the rule's table, or once. */
static void judge_rows(struct scene *s, struct value *key, struct lines *out)
{
	const struct rule *r = s->r;

	for (uint32_t row = 0; row < (r->table == NULL ? 1 : r->table->n_row); row++) {
		s->table_row = row;
		s->key = key;
		s->n_key = 0;
		if (r->form == FORM_EACH)
			judge_each(s, out);
		else if (r->form == FORM_GROUP)
			judge_group(s, out);
		else
			ref_judge_pair(s, out);
	}
}

void reference_judge(const struct world *w, const struct ruleset *rs, const struct rule *r,
		     struct lines *out)
{
	struct arena a;
	struct oracle o = { .counting = true };
	uint32_t rows = w->n[r->stream[r->n_role - 1]];
	struct value key[16];
	struct scene s = { .w = w, .rs = rs, .r = r, .a = &a, .o = &o, .table = r->table,
			   .key = key,
			   .day = MISSING_I32 };

	arena_init(&a);
	s.hit = arena_array(&a, rows + 1, sizeof *s.hit);
	s.unknown = arena_array(&a, rows + 1, sizeof *s.unknown);
	judge_rows(&s, key, out);
	for (uint32_t i = 0; i < rows; i++) {
		out->hit += s.hit[i];
		out->unknown += s.unknown[i] && !s.hit[i];
	}
	if (r->n_unless > 0) {
		s.told = s.hit;
		s.held = true;
		s.hit = arena_array(&a, rows + 1, sizeof *s.hit);
		judge_rows(&s, key, out);
	}
	arena_fini(&a);
}
