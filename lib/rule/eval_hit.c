/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_hit.c - a judged group made into a hit: its values, its records, their parts.
 *
 * Lines beyond the limit in event order are the excess; all lines of a group share the amount
 * by their in-scope money, since the formula is over all of them. Of a pair those records bear
 * that the amount reads. Money that is missing weighs nothing; if all weigh nothing, each
 * weighs the same.
 */
#include <stdlib.h>

#include "lib/rule/frame.h"

static int64_t money_at(struct eval *e, enum field f, uint32_t row)
{
	return f == FIELD_NONE ? MISSING_I64 : ((const int64_t *)slot_column(e, f))[row];
}

struct hit_record hit_record_of(struct eval *e, const struct side *s, uint32_t at)
{
	int64_t weight = money_at(e, s->weight, at);

	return (struct hit_record){
		.stream = s->stream, .at = at, .row = e->b->rows[s->stream].row[at],
		.time = s->time == FIELD_NONE ? MISSING_I64 : row_time(e, s->time, at),
		.weight = weight > 0 ? weight : 0,
		.fund = money_at(e, s->fund, at), .base = money_at(e, s->base, at),
	};
}

/* ---- excess ---- */

/* The count or sum that the trigger says is too great; NULL when it says something else. */
static const struct node *limited(const struct rule_plan *rp)
{
	const struct node *w = rp->when, *n = w && w->n_arg ? w->arg[0] : NULL;

	if (!n || (w->op != EXPR_GT && w->op != EXPR_GE) || n->op != EXPR_AGG ||
	    n->role >= ROLE_RELATED)
		return NULL;
	return n->agg == AGG_COUNT || n->agg == AGG_SUM || n->agg == AGG_RUNNING ? n : NULL;
}

/* What one row adds to the observed sum; false when it does not count. */
static bool step_of(struct frame *f, const struct node *n, uint32_t row, struct value *step)
{
	struct frame inner;

	if ((f->filter && f->filter[row] != TRUTH_TRUE) ||
	    (n->cond && frame_cond(f, n->cond, n->role, row) != TRUTH_TRUE))
		return false;
	*step = value_int(TYPE_COUNT, 1);
	if (n->agg != AGG_COUNT) {
		frame_member(f, &inner, n->role, row);
		*step = node_value(&inner, n->arg[0]);
	}
	return true;
}

bool hit_excess(struct frame *f, const struct rule_plan *rp, const struct value *limit,
		uint8_t *excess)
{
	const struct node *n = limited(rp);
	struct rat sum = { 0, 1 };

	if (!n || !limit->known)
		return false;
	for (uint32_t i = 0; i < f->n[0]; i++) {
		struct value step;

		if (!step_of(f, n, f->rows[0][i], &step))
			continue;
		if (!step.known || !num_add(&sum, sum, step.rat))
			return false;
		excess[i] |= rat_sign(step.rat) != 0 &&
			     num_cmp(sum, limit->rat) >= (rp->when->op == EXPR_GT);
	}
	return true;
}

/* ---- records ---- */

static int record_order(const void *a, const void *b)
{
	const struct hit_record *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static void even_out(struct hit_record *r, uint32_t n)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum |= r[i].weight;
	for (uint32_t i = 0; i < n && sum == 0; i++)
		r[i].weight = 1;
}

static uint32_t group_records(const struct hit_group *g, const struct value *limit,
			      struct hit_record *out)
{
	struct frame *f = g->frame;
	struct eval *e = f->e;
	const uint8_t *excess = g->excess;
	bool single = g->rp->rule->form == FORM_EACH;
	uint32_t n = 0;

	if (!excess && !single) {
		GROW(e->excess, e->cap_excess, f->n[0]);
		for (uint32_t i = 0; i < f->n[0]; i++)
			e->excess[i] = 0;
		excess = hit_excess(f, g->rp, limit, e->excess) ? e->excess : NULL;
	}
	for (uint32_t i = 0; i < f->n[0]; i++) {
		uint32_t row = f->rows[0][i];

		if (f->filter && f->filter[row] != TRUTH_TRUE)
			continue;
		out[n] = hit_record_of(e, &g->rp->side[0], row);
		out[n++].role = single ? HIT_THIS : !excess ? HIT_PART
				: excess[i] ? HIT_EXCESS : HIT_AGAINST;
	}
	even_out(out, n);
	return n;
}

static uint32_t pair_records(const struct hit_group *g, struct hit_record *out)
{
	struct frame *f = g->frame;

	for (uint32_t i = 0; i < 2; i++) {
		out[i] = hit_record_of(f->e, &g->rp->side[i], f->at[i]);
		out[i].role = i ? HIT_THIS : HIT_AGAINST;
		if (!g->rp->bears[i])
			out[i].weight = 0;
		else if (!g->rp->bears[!i])
			out[i].weight = 1;
	}
	if (!out[0].weight && !out[1].weight)
		out[0].weight = g->rp->bears[0], out[1].weight = g->rp->bears[1] || !out[0].weight;
	qsort(out, 2, sizeof *out, record_order);
	return 2;
}

/* Related records that the trigger counts, each once: they bear nothing. */
static uint32_t related_records(const struct hit_group *g, const struct node *n,
				struct hit_record *out, uint32_t used)
{
	struct agg_walk w;
	uint32_t row, i;

	if (n->op != EXPR_AGG) {
		for (i = 0; i < n->n_arg; i++)
			used = related_records(g, n->arg[i], out, used);
		return used;
	}
	if (n->role < ROLE_RELATED)
		return used;
	agg_start(&w, g->frame, n);
	while (agg_next(&w, &row)) {
		const struct side *s = &g->rp->related[n->role - ROLE_RELATED].side;

		for (i = 0; i < used && (out[i].stream != s->stream || out[i].at != row);)
			i++;
		if (i < used)
			continue;
		out[used] = hit_record_of(g->frame->e, s, row);
		out[used].weight = 0;
		out[used++].role = HIT_AGAINST;
	}
	return used;
}

static uint32_t related_room(const struct hit_group *g)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->rp->n_related; i++)
		n += g->frame->kin[i].n;
	return n;
}

static void set_times(struct hit *h)
{
	h->begin = h->end = MISSING_I64;
	for (uint32_t i = 0; i < h->n_record; i++) {
		int64_t t = h->record[i].time;

		if (t == MISSING_I64)
			continue;
		if (h->begin == MISSING_I64)
			h->begin = t;
		h->end = t;
	}
}

/* ---- exceptions ---- */

static bool exception_fits(const struct exception *x, const struct value *v, uint32_t n,
			   int32_t day)
{
	if ((x->from != MISSING_I32 && (day == MISSING_I32 || day < x->from)) ||
	    (x->until != MISSING_I32 && (day == MISSING_I32 || day > x->until)))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!v[i].known || !str_eq(v[i].text, x->cell[i]))
			return false;
	return true;
}

/* The field's text on the record the hit is about: 乙 of a pair, the first of a group. */
static struct value except_value(struct frame *f, enum field field)
{
	struct eval *e = f->e;
	enum field second = f->n[1] ? field_twin(field, f->stream[1]) : FIELD_NONE;
	struct node n = { .op = EXPR_FIELD, .field = second == FIELD_NONE ? field : second,
			  .type = field_get(field)->type };
	struct value v;

	n.role = second != FIELD_NONE;
	v = node_value(f, &n);
	if (!v.known)
		return v;
	buf_reset(&e->text);
	value_add(&e->text, &v);
	v.text = arena_str(&e->scratch, buf_str(&e->text));
	return v;
}

static void find_exception(struct frame *f, struct hit *h)
{
	const struct rule *r = h->rule;
	struct value *v = arena_array(&f->e->scratch, r->n_except, sizeof *v);

	if (!r->n_exception)
		return;
	for (uint32_t i = 0; i < r->n_except; i++)
		v[i] = except_value(f, r->except[i]);
	h->n_except = r->n_except;
	h->except = v;
	for (uint32_t i = 0; i < r->n_exception && !h->excepted; i++) {
		if (!exception_fits(&r->exception[i], v, r->n_except, frame_day(f)))
			continue;
		h->excepted = true;
		h->exception = &r->exception[i];
	}
}

/* ---- the hit ---- */

static struct value maybe_value(struct frame *f, const struct node *n)
{
	return n ? node_value(f, n) : value_missing(TYPE_NONE);
}

static const struct value *values_of(struct frame *f, struct node *const *node, uint32_t n)
{
	struct value *v = arena_array(&f->e->scratch, n, sizeof *v);

	for (uint32_t i = 0; i < n; i++)
		v[i] = node_value(f, node[i]);
	return v;
}

static void set_records(const struct hit_group *g, struct hit *h)
{
	uint32_t room = g->rp->n_side > 1 ? 2 : g->frame->n[0];
	struct hit_record *r = arena_array(&g->frame->e->scratch, room + related_room(g),
					   sizeof *r);

	h->n_record = g->rp->n_side > 1 ? pair_records(g, r) : group_records(g, &h->limit, r);
	if (g->rp->n_related && g->rp->when) {
		h->n_record = related_records(g, g->rp->when, r, h->n_record);
		qsort(r, h->n_record, sizeof *r, record_order);
	}
	h->record = r;
	set_times(h);
}

bool hit_give(const struct hit_group *g)
{
	struct frame *f = g->frame;
	struct eval *e = f->e;
	const struct rule_plan *rp = g->rp;
	struct account *a = &e->account[rp->index];
	struct hit h = { .rule = rp->rule, .rule_index = (uint32_t)(rp->rule - e->p->rs->rule),
			 .subject = e->b->subject[g->subject], .table_row = f->table_row,
			 .amount_is_fund = rp->amount_is_fund };

	if (rp->is_held && !held_back(g, &h.held))
		return false;
	h.n_key = rp->rule->n_key;
	h.key = values_of(f, rp->key, h.n_key);
	h.observed = g->observed ? *g->observed : maybe_value(f, rp->observed);
	h.limit = g->limit ? *g->limit : maybe_value(f, rp->limit);
	h.amount = f->amount = maybe_value(f, rp->amount);
	f->has_amount = true;
	if (rp->amount && !h.amount.known)
		trouble_count(a, trouble_of(f, rp->amount));
	h.n_say = rp->n_say;
	h.say = values_of(f, rp->say, rp->n_say);
	set_records(g, &h);
	if (rp->is_held)
		h.excepted = true;
	else
		find_exception(f, &h);
	if (h.excepted)
		a->excepted_hits++;
	else
		a->hits++;
	if (e->fn)
		e->fn(e->fn_ctx, &h);
	arena_reset(&e->scratch);
	return h.excepted;
}
