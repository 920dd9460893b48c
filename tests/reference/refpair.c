/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refpair.c - two records, in an order or together.
 *
 * What is missing makes no pair: a key, a time, the end of a stay that has not ended.
 */
#include "tests/reference/reference.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/civil.h"

/* Where a record ends: stays and visits have an end, others end when they begin. */
static int64_t end_of(struct scene *s, const struct row *x)
{
	enum field f = x->stream == STREAM_STAY ? FIELD_stay_endtime
		     : x->stream == STREAM_VISIT ? FIELD_visit_endtime : FIELD_NONE;
	struct value v;

	if (f == FIELD_NONE)
		return x->time;
	v = world_value(s->w, x, f);
	return v.known ? (int64_t)(v.rat.num / v.rat.den) : MISSING_I64;
}

static bool before(const struct row *a, const struct row *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	if (a->stream != b->stream)
		return a->stream < b->stream;
	return strcmp(a->ident, b->ident) < 0;
}

static bool pair_ordered(struct scene *s, const struct row *a, const struct row *b)
{
	const struct rule *r = s->r;
	int64_t end = end_of(s, a), gap;

	if (!r->ordered)
		return true;
	if (end == MISSING_I64 || b->time == MISSING_I64 || a->time == MISSING_I64 || !before(a, b))
		return false;
	gap = r->gap_days ? civil_day_of(b->time) - civil_day_of(end) : b->time - end;
	return gap >= r->gap_min && gap <= r->gap_max;
}

static bool same_bucket(struct scene *s, const struct row *a, const struct row *b, enum bucket k)
{
	struct value x = ref_bucket(s, a, k), y = ref_bucket(s, b, k);

	if (!x.known || !y.known || value_cmp(&x, &y) != 0)
		return false;
	return (k != BUCKET_VISIT && k != BUCKET_STAY) || strcmp(a->facility, b->facility) == 0;
}

static bool pair_window(struct scene *s, const struct row *a, const struct row *b)
{
	struct window w = s->r->window;
	int64_t apart;

	if (w.kind == WINDOW_TABLE &&
	    !window_parse(s->table->cell[s->table_row * s->table->n_col + w.index], &w))
		return false;
	if (w.kind == WINDOW_NONE)
		return true;
	if (w.kind == WINDOW_BUCKET)
		return same_bucket(s, a, b, w.bucket);
	if (a->time == MISSING_I64 || b->time == MISSING_I64)
		return false;
	if (w.kind == WINDOW_DAYS)
		return llabs((long long)row_day(a) - row_day(b)) < w.n;
	apart = llabs((long long)(a->time - b->time));
	return a->time % CIVIL_DAY != 0 && b->time % CIVIL_DAY != 0 && apart <= w.n * 3600;
}

static bool pair_keys(struct scene *s, const struct row *a, const struct row *b)
{
	for (uint32_t i = 0; i < s->r->n_key; i++) {
		const struct expr *k = s->r->key[i];
		struct value x, y;

		if (k->op == EXPR_BUCKET) {
			if (!same_bucket(s, a, b, k->bucket))
				return false;
			continue;
		}
		x = ref_row_key(s, k, a);
		y = ref_row_key(s, s->r->key_twin[i], b);
		if (!x.known || !y.known || value_cmp(&x, &y) != 0)
			return false;
	}
	return true;
}

static bool pair_holds(struct scene *s, const struct row *a, const struct row *b,
		       struct lines *out)
{
	if (a == b || strcmp(a->psn, b->psn) != 0 || !pair_keys(s, a, b) ||
	    !pair_ordered(s, a, b) ||
	    !pair_window(s, a, b))
		return false;
	s->role[0] = a;
	s->role[1] = b;
	s->day = before(a, b) ? row_day(b) : row_day(a);
	if (!ref_rule_in_force(s->r, s->day) ||
	    (s->table != NULL && !ref_in_force(s->table, s->table_row, s->day)))
		return false;
	return ref_passes(s) == TRUTH_TRUE && ref_trigger(s, out) == TRUTH_TRUE;
}

/* Without an order two records of one kind may fit both ways round: then the later one is 乙. */
static bool pair_fires(struct scene *s, const struct row *a, const struct row *b,
		       struct lines *out)
{
	if (!s->r->ordered && a->stream == b->stream && before(b, a) &&
	    pair_holds(s, b, a, out))
		return false;
	return pair_holds(s, a, b, out);
}

static int64_t distance(struct scene *s, const struct row *a, const struct row *b)
{
	return llabs((long long)(b->time - (s->r->ordered ? end_of(s, a) : a->time)));
}

static void give_pair(struct scene *s, const struct row *a, const struct row *b, struct lines *out)
{
	struct found f = { .n_key = 0 };

	pair_fires(s, a, b, out); /* sets the scene */
	s->n_key = s->r->n_key;
	for (uint32_t i = 0; i < s->n_key; i++)
		s->key[i] = ref_row_key(s, s->r->key[i], a);
	ref_found_row(s, &f, a, "against");
	ref_found_row(s, &f, b, "this");
	ref_found_related(s, &f);
	s->hit[b->n] = true;
	ref_give(s, &f, out);
}

void ref_judge_pair(struct scene *s, struct lines *out)
{
	const struct rule *r = s->r;

	for (uint32_t j = 0; j < s->w->n[r->stream[1]]; j++) {
		const struct row *b = s->w->rows[r->stream[1]][j], *nearest = NULL;

		for (uint32_t i = 0; i < s->w->n[r->stream[0]] && ref_in_scope(r, b); i++) {
			const struct row *a = s->w->rows[r->stream[0]][i];

			if (!ref_in_scope(r, a) || !pair_fires(s, a, b, out))
				continue;
			if (r->pick == PICK_EACH)
				give_pair(s, a, b, out);
			else if (nearest == NULL || distance(s, a, b) < distance(s, nearest, b))
				nearest = a;
		}
		if (nearest != NULL)
			give_pair(s, nearest, b, out);
	}
}
