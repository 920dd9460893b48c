/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_held.c - whether a hit of a rule without its 除外 was held back by it, and by what part.
 *
 * Held back is what has a record that 除外 takes out, and none that the rule itself tells: the
 * marks the rule has just left say which. The first such record in event order gives the reason.
 */
#include "lib/rule/frame.h"

/* What the rule tells, or an exception takes, is not held back as well. */
static bool is_told(const struct hit_group *g)
{
	const struct frame *f = g->frame;
	const uint8_t *mark = f->e->marks.mark;

	if (g->rp->n_side > 1)
		return mark[f->at[1]] >= MARK_EXCEPTED;
	for (uint32_t i = 0; i < f->n[0]; i++)
		if (mark[f->rows[0][i]] >= MARK_EXCEPTED)
			return true;
	return false;
}

/* The first part that holds, n_unless when none does. */
static uint32_t part_that_holds(struct frame *f, const struct rule_plan *rp)
{
	uint32_t i = 0;

	while (i < rp->rule->n_unless && node_truth(f, rp->reason[i]) != TRUTH_TRUE)
		i++;
	return i;
}

/* The list or table that a part asks, NULL when it asks none. */
static const struct node *look_up_of(const struct node *n)
{
	const struct node *found = NULL;

	if (n->op == EXPR_LOOKUP || n->op == EXPR_INLIST)
		return n;
	for (uint32_t i = 0; i < n->n_arg && !found; i++)
		found = look_up_of(n->arg[i]);
	return found;
}

static void add_row(struct buf *b, const struct knowledge *k, uint32_t row)
{
	buf_adds(b, "：");
	for (uint32_t i = 0; i < k->n_key; i++)
		buf_addf(b, "%s" STR_FMT, i ? "、" : "",
			 STR_ARG(k->key_cell[row * k->n_key + i]));
	if (k->note && k->note[row].n)
		buf_addf(b, " " STR_FMT, STR_ARG(k->note[row]));
	for (uint32_t i = 0; i < k->n_col; i++)
		if (k->col[i].kind == COLUMN_TEXT && k->cell[row * k->n_col + i].n)
			buf_addf(b, " " STR_FMT, STR_ARG(k->cell[row * k->n_col + i]));
}

static struct str reason_of(struct frame *f, const struct rule_plan *rp, uint32_t part)
{
	const struct node *asked = look_up_of(rp->reason[part]);
	uint32_t row = KNOWLEDGE_NONE;
	struct str text;
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, STR_FMT, STR_ARG(rp->rule->unless_part[part].name));
	if (asked)
		row = lookup_row(f, asked);
	if (row != KNOWLEDGE_NONE)
		add_row(&b, asked->table, row);
	text = arena_str(&f->e->scratch, buf_str(&b));
	buf_fini(&b);
	return text;
}

static bool by_record(struct frame *f, const struct rule_plan *rp, struct str *reason)
{
	uint32_t part = part_that_holds(f, rp);

	if (part == rp->rule->n_unless)
		return false;
	*reason = reason_of(f, rp, part);
	return true;
}

bool held_back(const struct hit_group *g, struct str *reason)
{
	const struct rule_plan *rp = g->rp;
	struct frame *f = g->frame, inner;

	if (is_told(g))
		return false;
	if (rp->rule->form != FORM_GROUP)
		return by_record(f, rp, reason);
	for (uint32_t i = 0; i < f->n[0]; i++) {
		uint32_t row = f->rows[0][i];

		if (f->filter && f->filter[row] != TRUTH_TRUE)
			continue;
		frame_row(&inner, f->e, f->stream[0], row);
		inner.table = f->table;
		inner.table_row = f->table_row;
		if (by_record(&inner, rp, reason))
			return true;
	}
	return false;
}
