/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quick.c - a group's trigger over decimals, where all of it is known and plain.
 *
 * Counts, sums of vectors, 不同, a table's number for the first record, and sums and products of
 * these. Says whether the trigger is false for sure; whatever is missing, dated several ways, large
 * or of another kind is left to a frame. Numbers stay below 2^62, so that nothing that a frame
 * computes of them could fail to fit.
 */
#include "lib/rule/form.h"

enum { MOST_SCALE = 12 };
#define MOST (INT64_C(1) << 62)

enum quick { QUICK_NOT, QUICK_MISSING, QUICK_KNOWN };

/* num / 10^scale. */
struct decimal {
	int64_t num;
	int scale;
};

struct quick_group {
	const struct group *g;
	const uint32_t *row;
	uint32_t n;
};

/* ---- what a plan can ask ---- */

static bool is_number(enum type t)
{
	return t == TYPE_MONEY || t == TYPE_QTY || t == TYPE_COUNT || t == TYPE_RATIO;
}

static bool aggregate_fits(const struct node *n)
{
	if (n->role != 0 || n->mixed || (n->cond && (n->cond->dated || n->cond->group)))
		return false;
	if (n->agg == AGG_COUNT)
		return true;
	if (n->agg == AGG_DISTINCT)
		return !n->arg[0]->dated;
	return n->agg == AGG_SUM && takes_vector(n);
}

static bool number_fits(const struct node *n)
{
	bool sums = n->op == EXPR_ADD || n->op == EXPR_SUB || n->op == EXPR_MUL ||
		    (n->op == EXPR_CALL && n->func == FUNC_COALESCE);

	if (!is_number(n->type))
		return false;
	if (n->op == EXPR_AGG)
		return aggregate_fits(n);
	if (n->op == EXPR_LOOKUP)
		return n->way == WAY_LOOKUP && n->roles == 1;
	for (uint32_t i = 0; sums && i < n->n_arg; i++)
		if (!number_fits(n->arg[i]))
			return false;
	return sums || n->op == EXPR_CONST;
}

bool quick_fits(const struct node *n)
{
	if (n->op >= EXPR_EQ && n->op <= EXPR_GE)
		return number_fits(n->arg[0]) && number_fits(n->arg[1]);
	if (n->op != EXPR_AND && n->op != EXPR_OR && n->op != EXPR_NOT)
		return false;
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (!quick_fits(n->arg[i]))
			return false;
	return true;
}

/* ---- aggregates ---- */

/* The rows that count, in order, into e->quick_rows; false when one may or may not. */
static bool counted(const struct quick_group *q, const struct node *n, const uint32_t **row,
		    uint32_t *count)
{
	struct eval *e = q->g->e;
	uint32_t k = 0;

	*row = q->row;
	*count = q->n;
	if (!n->cond)
		return true;
	if (n->cond->stream == STREAM_COUNT)
		return false;
	GROW(e->quick_rows, e->cap_quick_rows, q->n);
	for (uint32_t i = 0; i < q->n; i++) {
		uint8_t t = slot_truth_at(e, n->cond, q->row[i]);

		if (t == TRUTH_UNKNOWN)
			return false;
		e->quick_rows[k] = q->row[i];
		k += t == TRUTH_TRUE;
	}
	*row = e->quick_rows;
	*count = k;
	return true;
}

static enum quick sum_of(struct eval *e, const struct node *n, const uint32_t *row, uint32_t count,
			 struct decimal *out)
{
	const int64_t *v = slot_number(e, n->arg[0]);
	__int128 sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (v[row[i]] == MISSING_I64)
			return QUICK_NOT;
		sum += v[row[i]];
	}
	*out = (struct decimal){ (int64_t)sum, n->arg[0]->scale };
	return sum > -MOST && sum < MOST ? QUICK_KNOWN : QUICK_NOT;
}

static enum quick distinct_of(const struct group *g, const struct node *n, const uint32_t *row,
			      uint32_t count, struct decimal *out)
{
	struct eval *e = g->e;
	const uint64_t *key = slot_key(e, n->arg[0], g->rp->side[0].stream);
	bool sorted = true;
	uint32_t many = 0;

	GROW(e->number, e->cap_number, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		e->number[i] = key[row[i]];
		if (e->number[i] == KEY_MISSING)
			return QUICK_NOT;
		sorted &= i == 0 || e->number[i - 1] <= e->number[i];
	}
	if (!sorted)
		sort_u64(e->number, count, NULL);
	for (uint32_t i = 0; i < count; i++)
		many += i == 0 || e->number[i] != e->number[i - 1];
	*out = (struct decimal){ many, 0 };
	return QUICK_KNOWN;
}

static enum quick aggregate(const struct quick_group *q, const struct node *n, struct decimal *out)
{
	const uint32_t *row;
	uint32_t count;

	if (!counted(q, n, &row, &count))
		return QUICK_NOT;
	if (n->agg == AGG_SUM)
		return sum_of(q->g->e, n, row, count, out);
	if (n->agg == AGG_DISTINCT)
		return distinct_of(q->g, n, row, count, out);
	*out = (struct decimal){ count, 0 };
	return QUICK_KNOWN;
}

/* ---- numbers ---- */

/* As of the group's day, of its first record. */
static enum quick lookup(const struct quick_group *q, const struct node *n, struct decimal *out)
{
	struct eval *e = q->g->e;
	uint32_t dense = domain_rows(e, n->domain)[q->row[0]], count;
	const uint32_t *fit = table_rows(e, n->memo, dense, &count);

	if (count > 1)
		return QUICK_NOT;
	if (count == 0 || n->scaled[fit[0]] == MISSING_I64 ||
	    (!table_undated(n->table, fit[0]) &&
	     !table_in_force(n->table, fit[0], group_day(q->g, q->row, q->n))))
		return QUICK_MISSING;
	*out = (struct decimal){ n->scaled[fit[0]], n->scale };
	return out->num > -MOST && out->num < MOST ? QUICK_KNOWN : QUICK_NOT;
}

static enum quick constant(const struct node *n, struct decimal *out)
{
	__int128 den = 1;

	if (n->rat.den == 1 && n->rat.num > -MOST && n->rat.num < MOST) {
		*out = (struct decimal){ (int64_t)n->rat.num, 0 };
		return QUICK_KNOWN;
	}
	for (out->scale = 0; out->scale <= MOST_SCALE && den != n->rat.den; out->scale++)
		den *= 10;
	out->num = (int64_t)n->rat.num;
	return out->scale <= MOST_SCALE && n->rat.num > -MOST && n->rat.num < MOST ? QUICK_KNOWN
										    : QUICK_NOT;
}

static bool at_scale(struct decimal *d, int scale)
{
	static const int64_t ten[MOST_SCALE + 1] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
		10000000000, 100000000000, 1000000000000,
	};
	bool fits = !__builtin_mul_overflow(d->num, ten[scale - d->scale], &d->num);

	d->scale = scale;
	return fits && d->num > -MOST && d->num < MOST;
}

static bool alike(struct decimal *a, struct decimal *b)
{
	int scale = a->scale > b->scale ? a->scale : b->scale;

	return at_scale(a, scale) && at_scale(b, scale);
}

static enum quick put_together(enum expr_op op, struct decimal a, struct decimal b,
			       struct decimal *out)
{
	__int128 v;

	if (op == EXPR_MUL) {
		v = (__int128)a.num * b.num;
		out->scale = a.scale + b.scale;
	} else {
		if (!alike(&a, &b))
			return QUICK_NOT;
		v = op == EXPR_ADD ? (__int128)a.num + b.num : (__int128)a.num - b.num;
		out->scale = a.scale;
	}
	out->num = (int64_t)v;
	return v > -MOST && v < MOST && out->scale <= MOST_SCALE ? QUICK_KNOWN : QUICK_NOT;
}

static enum quick number(const struct quick_group *q, const struct node *n, struct decimal *out);

static enum quick first_known(const struct quick_group *q, const struct node *n,
			      struct decimal *out)
{
	enum quick t = QUICK_MISSING;

	for (uint32_t i = 0; i < n->n_arg && t == QUICK_MISSING; i++)
		t = number(q, n->arg[i], out);
	return t;
}

static enum quick number(const struct quick_group *q, const struct node *n, struct decimal *out)
{
	struct decimal a, b;
	enum quick t, u;

	switch (n->op) {
	case EXPR_CONST: return constant(n, out);
	case EXPR_AGG: return aggregate(q, n, out);
	case EXPR_LOOKUP: return lookup(q, n, out);
	case EXPR_CALL: return first_known(q, n, out);
	default: break;
	}
	t = number(q, n->arg[0], &a);
	if (t == QUICK_NOT)
		return t;
	u = number(q, n->arg[1], &b);
	if (u == QUICK_NOT || t == QUICK_MISSING || u == QUICK_MISSING)
		return u == QUICK_NOT ? u : QUICK_MISSING;
	return put_together(n->op, a, b, out);
}

/* ---- truth ---- */

/* Unknown stands for what a frame must say. */
static enum truth compare(const struct quick_group *q, const struct node *n)
{
	struct decimal a, b;
	bool t;

	if (number(q, n->arg[0], &a) != QUICK_KNOWN || number(q, n->arg[1], &b) != QUICK_KNOWN ||
	    !alike(&a, &b))
		return TRUTH_UNKNOWN;
	switch (n->op) {
	case EXPR_EQ: t = a.num == b.num; break;
	case EXPR_NE: t = a.num != b.num; break;
	case EXPR_LT: t = a.num < b.num; break;
	case EXPR_LE: t = a.num <= b.num; break;
	case EXPR_GT: t = a.num > b.num; break;
	default: t = a.num >= b.num; break;
	}
	return t ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth truth_of(const struct quick_group *q, const struct node *n)
{
	enum truth stop = n->op == EXPR_AND ? TRUTH_FALSE : TRUTH_TRUE;
	enum truth sum = n->op == EXPR_AND ? TRUTH_TRUE : TRUTH_FALSE;

	if (n->op == EXPR_NOT)
		return (enum truth)(TRUTH_TRUE - truth_of(q, n->arg[0]));
	if (n->op != EXPR_AND && n->op != EXPR_OR)
		return compare(q, n);
	for (uint32_t i = 0; i < n->n_arg && sum != stop; i++) {
		enum truth t = truth_of(q, n->arg[i]);

		if (t == stop || t == TRUTH_UNKNOWN)
			sum = t;
	}
	return sum;
}

bool quick_false(const struct group *g, const uint32_t *row, uint32_t n)
{
	struct quick_group q = { g, row, n };

	return truth_of(&q, g->rp->when) == TRUTH_FALSE;
}
