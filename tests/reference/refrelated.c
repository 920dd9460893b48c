/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refrelated.c - 关联: every record of the person is held against the one in hand, key by key.
 *
 * A key or a time that is missing makes it unknown whether a record belongs: then it is tried
 * both ways.
 */
#include "tests/reference/reference.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/civil.h"

/* The record in hand: 乙 of a pair; of a group any, for its keys are the same in all. */
static const struct row *in_hand(const struct scene *s)
{
	if (s->r->form == FORM_GROUP)
		return s->group[0];
	return s->role[s->r->n_role - 1];
}

static enum truth same_key(struct scene *s, const struct expr *mine, const struct expr *theirs,
			   const struct row *x, const struct row *y)
{
	bool visit = mine->op == EXPR_BUCKET &&
		     (mine->bucket == BUCKET_VISIT || mine->bucket == BUCKET_STAY);
	struct value a = ref_row_key(s, mine, x), b = ref_row_key(s, theirs, y);

	if (!a.known || !b.known)
		return TRUTH_UNKNOWN;
	if (value_cmp(&a, &b) != 0 || (visit && strcmp(x->facility, y->facility) != 0))
		return TRUTH_FALSE;
	return TRUTH_TRUE;
}

static enum truth near(const struct window *w, const struct row *x, const struct row *y)
{
	int64_t apart;

	if (w->kind == WINDOW_NONE)
		return TRUTH_TRUE;
	if (x->time == MISSING_I64 || y->time == MISSING_I64)
		return TRUTH_UNKNOWN;
	if (w->kind == WINDOW_DAYS)
		return llabs((long long)row_day(x) - row_day(y)) < w->n ? TRUTH_TRUE : TRUTH_FALSE;
	apart = llabs((long long)(x->time - y->time));
	if (x->time % CIVIL_DAY != 0 && y->time % CIVIL_DAY != 0)
		return apart <= w->n * 3600 ? TRUTH_TRUE : TRUTH_FALSE;
	return apart > w->n * 3600 + CIVIL_DAY ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

static enum truth belongs(struct scene *s, const struct related *k, const struct row *x,
			  const struct row *y)
{
	enum truth t = near(&k->window, x, y);

	if (strcmp(x->psn, y->psn) != 0)
		return TRUTH_FALSE;
	for (uint32_t i = 0; i < k->n_key; i++) {
		enum truth u = same_key(s, k->key[i], k->twin[i], x, y);

		t = u < t ? u : t;
	}
	return t;
}

uint32_t ref_related(struct scene *s, unsigned role, const struct row **out)
{
	const struct related *k = &s->r->related[role - ROLE_RELATED];
	const char *name = role == ROLE_RELATED ? "related 0" : "related 1";
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->w->n[k->stream]; i++) {
		const struct row *y = s->w->rows[k->stream][i];
		enum truth t = belongs(s, k, in_hand(s), y);

		if (t == TRUTH_TRUE || (t == TRUTH_UNKNOWN && oracle_choose(s->o, y, name)))
			out[n++] = y;
	}
	return n;
}

/* A condition on one record says the same whatever role the record has. */
const char *ref_choice_name(struct scene *s, const struct expr *cond)
{
	static const char *const other[] = { "(field 0", "(field 1", "(bucket 0", "(bucket 1",
					     "(key", "(col", "(let" };
	struct buf b;
	char *text, *at;

	buf_init(&b, 0);
	expr_canon(cond, &b);
	text = arena_strdup(s->a, buf_cstr(&b));
	buf_fini(&b);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		if (strstr(text, other[i]) != NULL)
			return text;
	while ((at = strstr(text, "(field 2")) != NULL || (at = strstr(text, "(bucket 2")) != NULL)
		at[at[1] == 'f' ? 7 : 8] = '0';
	return text;
}

enum truth ref_trigger(struct scene *s, struct lines *out)
{
	bool all = true, none = true;

	if (s->r->when == NULL)
		return TRUTH_TRUE;
	if (s->r->n_related == 0)
		return ref_truth(s, s->r->when);
	*s->o = (struct oracle){ .counting = true };
	do {
		enum truth t = ref_truth(s, s->r->when);

		all &= t == TRUTH_TRUE;
		none &= t == TRUTH_FALSE;
	} while (oracle_next(s->o) && !s->o->too_many);
	out->too_wide |= s->o->too_many;
	return all ? TRUTH_TRUE : none ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

static bool is_found(struct scene *s, const struct found *f, const struct row *y)
{
	const char *name = arena_printf(s->a, "%s/%s/%s/%s", stream_name(y->stream), y->facility,
					y->mdtrt, y->serial);

	for (uint32_t i = 0; i < f->n_record; i++)
		if (strcmp(f->record[i].name, name) == 0)
			return true;
	return false;
}

static void of_expr(struct scene *s, const struct expr *e, struct found *f)
{
	const struct row *row[REF_ROWS];
	struct scene in = *s;
	uint32_t n;

	while (e->op == EXPR_LET)
		e = s->r->let[e->index].expr;
	for (uint32_t i = 0; e->op != EXPR_AGG && i < e->n_arg; i++)
		of_expr(s, e->arg[i], f);
	if (e->op != EXPR_AGG || e->role < ROLE_RELATED)
		return;
	n = ref_related(s, e->role, row);
	for (uint32_t i = 0; i < n; i++) {
		in.role[e->role] = row[i];
		if (ref_counts_row(&in, e) && !is_found(s, f, row[i]))
			ref_found_row(s, f, row[i], "against");
	}
}

void ref_found_related(struct scene *s, struct found *f)
{
	bool counting = s->o->counting;

	s->o->counting = false;
	if (s->r->n_related > 0 && s->r->when != NULL)
		of_expr(s, s->r->when, f);
	s->o->counting = counting;
}
