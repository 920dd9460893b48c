/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * form_each.c - rules about one record alone, and the marks every form leaves on records.
 *
 * With a table each record is joined to the table rows its code fits; the rest of the
 * condition is tried per row.
 */
#include "lib/rule/form.h"
#include "lib/rule/kernel.h"

/* ---- marks ---- */

void mark_row(struct eval *e, uint32_t row, enum mark m)
{
	struct marks *k = &e->marks;

	if (k->still)
		return;
	if (k->mark[row] == MARK_NONE) {
		GROW(k->list, k->cap_list, k->n + 1);
		k->list[k->n++] = row;
	}
	if (k->mark[row] < m)
		k->mark[row] = (uint8_t)m;
}

/* A field of the condition that is missing in the row, for the report. */
static enum field missing_field(struct eval *e, const struct node *n, uint32_t row)
{
	struct frame f;
	struct value v;

	if (n->op == EXPR_FIELD) {
		frame_row(&f, e, field_get(n->field)->stream, row);
		v = node_value(&f, n);
		return v.known ? FIELD_NONE : n->field;
	}
	for (uint32_t i = 0; i < n->n_arg && n->role < ROLE_RELATED; i++) {
		enum field found = missing_field(e, n->arg[i], row);

		if (found != FIELD_NONE)
			return found;
	}
	return FIELD_NONE;
}

/* A field for the report, if none is known yet. */
static void note_field(struct eval *e, const struct rule_plan *rp, uint32_t row)
{
	const struct side *s = &rp->side[rp->n_side - 1];
	struct account *a = &e->account[rp->index];

	for (uint32_t i = 0; i < s->n_conj && a->unknown_field == FIELD_NONE; i++)
		a->unknown_field = missing_field(e, s->conj[i], row);
	for (uint32_t i = 0; s->keys && i < s->keys->n && a->unknown_field == FIELD_NONE; i++)
		a->unknown_field = missing_field(e, s->keys->node[i], row);
	if (rp->when && a->unknown_field == FIELD_NONE && rp->n_side == 1)
		a->unknown_field = missing_field(e, rp->when, row);
}

/* Of another stream a row may not even be there. */
static bool any_gaps(struct eval *e, const struct node *n, enum stream s)
{
	if (n->op == EXPR_FIELD &&
	    (field_get(n->field)->stream != s || column_gaps(e, n->field) != GAPS_NONE))
		return true;
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (any_gaps(e, n->arg[i], s))
			return true;
	return false;
}

/* Whether note_field can find anything in this batch. */
static bool field_possible(struct eval *e, const struct rule_plan *rp)
{
	const struct side *s = &rp->side[rp->n_side - 1];

	if (e->account[rp->index].unknown_field != FIELD_NONE)
		return false;
	for (uint32_t i = 0; i < s->n_conj; i++)
		if (any_gaps(e, s->conj[i], s->stream))
			return true;
	for (uint32_t i = 0; s->keys && i < s->keys->n; i++)
		if (any_gaps(e, s->keys->node[i], s->stream))
			return true;
	return rp->when && rp->n_side == 1 && any_gaps(e, rp->when, s->stream);
}

void note_unknown(struct eval *e, const struct rule_plan *rp, uint32_t row)
{
	if (e->marks.still)
		return;
	if (e->trouble == NOT_ASKED)
		e->trouble = trouble_possible(e, rp) ? ANSWER_YES : ANSWER_NO;
	if (e->lacking == NOT_ASKED)
		e->lacking = field_possible(e, rp) ? ANSWER_YES : ANSWER_NO;
	if (e->marks.mark[row] == MARK_NONE && e->trouble == ANSWER_YES)
		trouble_of_row(e, rp, row);
	mark_row(e, row, MARK_UNKNOWN);
	if (e->lacking == ANSWER_YES)
		note_field(e, rp, row);
}

/* All unknown rows of a rule that judges each row once, counted together. */
static void note_all_unknown(struct eval *e, const struct rule_plan *rp, const uint8_t *truth)
{
	uint32_t n = e->b->rows[rp->side[0].stream].n;
	bool trouble, field;

	if (e->marks.still)
		return;
	e->unknown = kernel_count(truth, n, TRUTH_UNKNOWN);
	if (!e->unknown)
		return;
	trouble = trouble_possible(e, rp);
	field = field_possible(e, rp);
	for (uint32_t i = 0; (trouble || field) && i < n; i++) {
		if (truth[i] != TRUTH_UNKNOWN)
			continue;
		if (trouble)
			trouble_of_row(e, rp, i);
		if (field) {
			note_field(e, rp, i);
			field = e->account[rp->index].unknown_field == FIELD_NONE;
		}
	}
}

/* ---- one record ---- */

struct each {
	struct eval *e;
	const struct rule_plan *rp;
	uint32_t subject;
	const uint8_t *filter;
};

static enum truth least(enum truth a, enum truth b)
{
	return a < b ? a : b;
}

static void judge(const struct each *x, uint32_t row, uint32_t table_row)
{
	const struct rule_plan *rp = x->rp;
	struct hit_group g = { .rp = rp, .subject = x->subject };
	enum truth t = (enum truth)x->filter[row];
	struct frame f;

	frame_row(&f, x->e, rp->side[0].stream, row);
	f.rows[0] = &row;
	f.n[0] = 1;
	f.table = rp->rule->table;
	f.table_row = table_row;
	for (uint32_t i = 0; i < rp->n_rest && t; i++)
		t = least(t, node_truth(&f, rp->rest[i]));
	if (t && rp->n_related)
		related_find(&f, rp, x->subject, row);
	if (t && rp->when)
		t = least(t, rp->n_related ? group_trigger(&f, rp) : node_truth(&f, rp->when));
	if (t == TRUTH_UNKNOWN && (rp->n_related || rp->rule->table))
		trouble_count(&x->e->account[rp->index], trouble_of(&f, rp->when));
	if (t == TRUTH_UNKNOWN)
		note_unknown(x->e, rp, row);
	if (t != TRUTH_TRUE)
		return;
	g.frame = &f;
	mark_row(x->e, row, hit_give(&g) ? MARK_EXCEPTED : MARK_HIT);
}

static void judge_table(const struct each *x, uint32_t row)
{
	const struct join *j = &x->rp->side[0].join;
	const struct knowledge *k = x->rp->rule->table;
	int32_t day = slot_day(x->e, x->rp->side[0].stream)[row];
	const uint32_t *fit = NULL;
	uint32_t n = k->n_row, dense = 0;

	if (j->field) {
		dense = domain_rows(x->e, j->field->field)[row];
		fit = table_rows(x->e, j->memo, dense, &n);
	}
	if (j->field && !dense)
		note_unknown(x->e, x->rp, row);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = fit ? fit[i] : i;

		if (table_in_force(k, r, day))
			judge(x, row, r);
	}
}

/* With the trigger among the tests, what is true has hit. */
static void judge_alone(struct each *x)
{
	const struct rows *rows = &x->e->b->rows[x->rp->side[0].stream];

	if (x->rp->when && !filter_fold(x->e, x->rp->when, x->e->filter[0].truth))
		return;
	note_all_unknown(x->e, x->rp, x->filter);
	for (uint32_t i = 0; (i = filter_true(x->filter, i, rows->n)) < rows->n; i++) {
		while (rows->start[x->subject + 1] <= i)
			x->subject++;
		judge(x, i, KNOWLEDGE_NONE);
	}
}

void form_each(struct eval *e, const struct rule_plan *rp)
{
	const struct rows *rows = &e->b->rows[rp->side[0].stream];
	struct each x = { .e = e, .rp = rp };

	x.filter = side_filter(e, &rp->side[0], rp->rule->scope, &e->filter[0]);
	if (!x.filter)
		return;
	if (rp->side[0].join.field &&
	    !filter_and(e->filter[0].truth, join_truth(e, &rp->side[0].join), rows->n))
		return;
	if (rp->alone) {
		judge_alone(&x);
		return;
	}
	for (uint32_t i = 0; (i = filter_next(x.filter, i, rows->n)) < rows->n; i++) {
		while (rows->start[x.subject + 1] <= i)
			x.subject++;
		if (rp->rule->table)
			judge_table(&x, i);
		else
			judge(&x, i, KNOWLEDGE_NONE);
	}
}
