/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_node.c - the value of a node in a frame: one record, pair, group or cell.
 *
 * The plain way to compute anything; the vectors of predicate*.c are the quick way for what
 * is asked of all records. Both must agree: a test compares them. Missing goes through:
 * a number made of a missing one is missing, a test of it unknown. What does not fit 128-bit
 * fractions, and a division by zero, is missing too.
 */
#include <stddef.h>
#include <string.h>

#include "lib/rule/frame.h"

void frame_init(struct frame *f, struct eval *e)
{
	memset(f, 0, offsetof(struct frame, indicator));
	f->e = e;
	f->day = MISSING_I32;
	f->table_row = KNOWLEDGE_NONE;
	f->code_field = FIELD_NONE;
	f->stream[0] = f->stream[1] = STREAM_COUNT;
}

void frame_row(struct frame *f, struct eval *e, enum stream s, uint32_t row)
{
	frame_init(f, e);
	f->stream[0] = s;
	f->at[0] = row;
	f->day = DAY_OF_RECORD;
}

void frame_member(struct frame *f, struct frame *inner, unsigned role, uint32_t row)
{
	frame_row(inner, f->e, f->stream[role], row);
	inner->day = frame_day(f);
}

/* Only what is looked up as of a day differs from one group to another. */
uint8_t frame_cond(struct frame *f, const struct node *cond, unsigned role, uint32_t row)
{
	struct frame inner;

	if (!cond->dated)
		return slot_truth_at(f->e, cond, row);
	if (cond->way == WAY_DICT && f->stream[role] == cond->stream)
		return dict_truth_on(f->e, cond, row, frame_day(f));
	frame_member(f, &inner, role, row);
	return (uint8_t)node_truth(&inner, cond);
}

int32_t frame_day(struct frame *f)
{
	if (f->day == DAY_OF_RECORD)
		f->day = slot_day(f->e, f->stream[0])[f->at[0]];
	return f->day;
}

static struct value value_const(struct frame *f, const struct node *n)
{
	(void)f;
	return (struct value){ n->type, true, n->rat, n->text };
}

static struct value value_i64(enum type t, int64_t v)
{
	static const int64_t ten[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };

	if (v == MISSING_I64)
		return value_missing(t);
	return value_rat(t, (struct rat){ v, ten[type_scale(t)] });
}

static struct value value_code(struct eval *e, enum type t, uint32_t code)
{
	return code ? value_str(t, dict_text(e->dict, code)) : value_missing(t);
}

static struct value value_field(struct frame *f, const struct node *n)
{
	const struct field_info *info = field_get(n->field);
	uint32_t row = f->at[n->role];
	const void *v;

	if (f->code_field == n->field)
		return value_code(f->e, info->type, f->code);
	if (f->stream[n->role] != info->stream || row >= f->e->b->rows[info->stream].n)
		return value_missing(info->type);
	v = slot_column(f->e, n->field);
	switch (type_width(info->type)) {
	case WIDTH_I64:
		return value_i64(info->type, ((const int64_t *)v)[row]);
	case WIDTH_U32:
		return value_code(f->e, info->type, ((const uint32_t *)v)[row]);
	case WIDTH_U8:
		return value_truth((enum truth)((const uint8_t *)v)[row]);
	case WIDTH_I32:
		break;
	}
	if (((const int32_t *)v)[row] == MISSING_I32)
		return value_missing(info->type);
	return value_int(info->type, ((const int32_t *)v)[row]);
}

static struct value value_bucket(struct frame *f, const struct node *n)
{
	enum stream s = f->stream[n->role];
	uint32_t row = f->at[n->role];
	uint64_t key;

	if (s == STREAM_COUNT || row >= f->e->b->rows[s].n)
		return value_missing(TYPE_TEXT);
	key = slot_key(f->e, n, s)[row];
	if (key == KEY_MISSING)
		return value_missing(TYPE_TEXT);
	if (n->bucket == BUCKET_VISIT || n->bucket == BUCKET_STAY)
		return value_code(f->e, TYPE_CODE, (uint32_t)key);
	return bucket_value(f->e, n->bucket, n->bucket == BUCKET_DAY ? (int32_t)(uint32_t)key
								     : (int64_t)key);
}

static struct value value_key(struct frame *f, const struct node *n)
{
	return f->key ? f->key[n->index] : value_missing(n->type);
}

static struct value value_rowcol(struct frame *f, const struct node *n)
{
	const struct knowledge *k = f->table;
	uint32_t r = f->table_row;

	if (!k || r == KNOWLEDGE_NONE)
		return value_missing(n->type);
	if (n->index < k->n_key)
		return value_str(TYPE_CODE, k->key_cell[r * k->n_key + n->index]);
	return cell_value(k, r, n->index - k->n_key);
}

static struct value value_given(struct frame *f, const struct node *n)
{
	if (n->op == EXPR_AMOUNT)
		return f->has_amount ? f->amount : value_missing(n->type);
	return f->has_indicator ? f->indicator : value_missing(n->type);
}

/* ---- tests ---- */

/* Dates beside times stand for their midnight. */
static bool same_clock(struct value *a, struct value *b)
{
	struct rat day = { SECS_PER_DAY, 1 };

	if (a->type == TYPE_DATE && b->type == TYPE_TIME)
		return rat_mul(&a->rat, a->rat, day);
	if (b->type == TYPE_DATE && a->type == TYPE_TIME)
		return rat_mul(&b->rat, b->rat, day);
	return true;
}

static bool holds(enum expr_op op, int c)
{
	switch (op) {
	case EXPR_EQ: return c == 0;
	case EXPR_NE: return c != 0;
	case EXPR_LT: return c < 0;
	case EXPR_LE: return c <= 0;
	case EXPR_GT: return c > 0;
	default: return c >= 0;
	}
}

/* A field against a table's key fits as the key's kind says. */
static enum truth key_truth(struct frame *f, const struct node *key, const struct node *field)
{
	const struct knowledge *k = f->table;
	struct value v = node_value(f, field), cell = node_value(f, key);

	if (!v.known || !cell.known)
		return TRUTH_UNKNOWN;
	if (k->key[key->index].kind == KEY_PREFIX)
		return str_starts(v.text, cell.text) ? TRUTH_TRUE : TRUTH_FALSE;
	if (k->key[key->index].kind == KEY_EXACT)
		return str_eq(v.text, cell.text) ? TRUTH_TRUE : TRUTH_FALSE;
	return key_matches(k, key->index, v.text, f->table_row) ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool is_key(const struct frame *f, const struct node *n)
{
	return n->op == EXPR_ROWCOL && f->table && n->index < f->table->n_key;
}

/* The code a node of a record reads, when that is all it does; false when it is not. */
static bool code_of(struct frame *f, const struct node *n, uint32_t *code)
{
	const struct field_info *info;

	if (n->op != EXPR_FIELD || !type_is_text(n->type) || f->code_field != FIELD_NONE)
		return false;
	info = field_get(n->field);
	if (f->stream[n->role] != info->stream || f->at[n->role] >= f->e->b->rows[info->stream].n)
		return false;
	*code = ((const uint32_t *)slot_column(f->e, n->field))[f->at[n->role]];
	return true;
}

/* Two codes are equal when their numbers are: there is no need of their texts. */
static bool same_codes(struct frame *f, const struct node *n, enum truth *t)
{
	uint32_t a, b;

	if ((n->op != EXPR_EQ && n->op != EXPR_NE) || !code_of(f, n->arg[0], &a) ||
	    !code_of(f, n->arg[1], &b))
		return false;
	if (!a || !b)
		*t = TRUTH_UNKNOWN;
	else
		*t = (a == b) == (n->op == EXPR_EQ) ? TRUTH_TRUE : TRUTH_FALSE;
	return true;
}

static struct value value_compare(struct frame *f, const struct node *n)
{
	struct value a, b;
	enum truth t;

	if (same_codes(f, n, &t))
		return value_truth(t);

	if (n->op == EXPR_EQ && is_key(f, n->arg[1]))
		return value_truth(key_truth(f, n->arg[1], n->arg[0]));
	if (n->op == EXPR_EQ && is_key(f, n->arg[0]))
		return value_truth(key_truth(f, n->arg[0], n->arg[1]));
	a = node_value(f, n->arg[0]);
	b = node_value(f, n->arg[1]);
	if (!a.known || !b.known || !same_clock(&a, &b))
		return value_truth(TRUTH_UNKNOWN);
	return value_truth(holds(n->op, value_cmp(&a, &b)) ? TRUTH_TRUE : TRUTH_FALSE);
}

static struct value value_among(struct frame *f, const struct node *n)
{
	struct value a = node_value(f, n->arg[0]);
	bool unknown = !a.known;

	for (uint32_t i = 1; i < n->n_arg && !unknown; i++) {
		struct value b = node_value(f, n->arg[i]);
		bool fits;

		if (!b.known || !same_clock(&a, &b))
			return value_truth(TRUTH_UNKNOWN);
		fits = n->op == EXPR_IN ? value_cmp(&a, &b) == 0 : str_starts(a.text, b.text);
		if (fits)
			return value_truth(TRUTH_TRUE);
	}
	return value_truth(unknown ? TRUTH_UNKNOWN : TRUTH_FALSE);
}

static struct value value_match(struct frame *f, const struct node *n)
{
	struct value a = node_value(f, n->arg[0]);

	if (!a.known)
		return value_truth(TRUTH_UNKNOWN);
	return value_truth(regex_matches(f->e, n->regex, a.text) ? TRUTH_TRUE : TRUTH_FALSE);
}

static struct value value_null(struct frame *f, const struct node *n)
{
	struct value a = node_value(f, n->arg[0]);

	return value_truth(a.known ? TRUTH_FALSE : TRUTH_TRUE);
}

static struct value value_junction(struct frame *f, const struct node *n)
{
	enum truth stop = n->op == EXPR_AND ? TRUTH_FALSE : TRUTH_TRUE;
	enum truth sum = n->op == EXPR_AND ? TRUTH_TRUE : TRUTH_FALSE;

	for (uint32_t i = 0; i < n->n_arg && sum != stop; i++) {
		enum truth t = node_truth(f, n->arg[i]);

		if (t == stop || t == TRUTH_UNKNOWN)
			sum = t;
	}
	return value_truth(sum);
}

static struct value value_not(struct frame *f, const struct node *n)
{
	return value_truth((enum truth)(TRUTH_TRUE - node_truth(f, n->arg[0])));
}

/* Days in which what is absent might have happened. */
static void over_days(struct frame *f, const struct node *n, int32_t day, int32_t *from,
		      int32_t *to)
{
	const struct rule_settings *set = &f->e->p->rs->settings;
	int32_t around = (int32_t)n->rat.num;
	int64_t number;

	*from = day - around;
	*to = day + around;
	if (n->bucket == BUCKET_NONE || n->bucket == BUCKET_DAY || n->bucket == BUCKET_HOUR)
		return;
	number = bucket_number(n->bucket, day, true, set);
	*from = bucket_start(n->bucket, number, set);
	*to = bucket_start(n->bucket, number + 1, set) - 1;
}

/* Without a facility among the keys the absent record might lie at any. */
static struct str over_where(struct frame *f, const struct node *n)
{
	struct str none = { "", 0 };
	struct value v;

	if (n->field == FIELD_NONE)
		return none;
	v = value_field(f, n);
	return v.known ? v.text : none;
}

static struct value value_over(struct frame *f, const struct node *n)
{
	int32_t day = frame_day(f), from, to;

	if (!f->e->complete)
		return value_truth(TRUTH_TRUE);
	if (day == MISSING_I32)
		return value_truth(TRUTH_UNKNOWN);
	over_days(f, n, day, &from, &to);
	return value_truth(complete_days(f->e->complete, over_where(f, n),
					 (enum stream)n->index, from, to)
			   ? TRUTH_TRUE : TRUTH_UNKNOWN);
}

static struct value value_inlist(struct frame *f, const struct node *n)
{
	return value_truth(inlist_truth(f, n));
}

/* ---- arithmetic ---- */

static bool to_days(struct value *v)
{
	return v->type != TYPE_DURATION || rat_div(&v->rat, v->rat, rat_int(SECS_PER_DAY));
}

/* Sums with dates: date + duration counts in days, date - date gives seconds. */
static bool clock_sum(const struct node *n, struct value *a, struct value *b, struct rat *out)
{
	bool minus = n->op == EXPR_SUB;

	if (!same_clock(a, b))
		return false;
	if ((a->type == TYPE_DATE) != (b->type == TYPE_DATE) && n->type == TYPE_DATE &&
	    !(to_days(a) && to_days(b)))
		return false;
	if (!(minus ? rat_sub(out, a->rat, b->rat) : num_add(out, a->rat, b->rat)))
		return false;
	if (a->type == TYPE_DATE && b->type == TYPE_DATE && n->type == TYPE_DURATION)
		return rat_mul(out, *out, rat_int(SECS_PER_DAY));
	return true;
}

static struct value value_arithmetic(struct frame *f, const struct node *n)
{
	struct value a = node_value(f, n->arg[0]), b = node_value(f, n->arg[1]);
	struct rat r = { 0, 1 };
	bool ok = a.known && b.known;

	if (ok && (n->op == EXPR_ADD || n->op == EXPR_SUB))
		ok = clock_sum(n, &a, &b, &r);
	else if (ok)
		ok = n->op == EXPR_MUL ? rat_mul(&r, a.rat, b.rat) : rat_div(&r, a.rat, b.rat);
	return ok ? value_rat(n->type, r) : value_missing(n->type);
}

static struct value value_negative(struct frame *f, const struct node *n)
{
	struct value a = node_value(f, n->arg[0]);

	if (!a.known || !rat_sub(&a.rat, rat_int(0), a.rat))
		return value_missing(n->type);
	return value_rat(n->type, a.rat);
}

/* ---- the table ---- */

typedef struct value value_fn(struct frame *f, const struct node *n);

static value_fn *const ways[] = {
	[EXPR_CONST] = value_const, [EXPR_FIELD] = value_field, [EXPR_BUCKET] = value_bucket,
	[EXPR_KEY] = value_key, [EXPR_ROWCOL] = value_rowcol, [EXPR_AMOUNT] = value_given,
	[EXPR_INDICATOR] = value_given, [EXPR_PEER] = agg_peers, [EXPR_LOOKUP] = lookup_value,
	[EXPR_INLIST] = value_inlist, [EXPR_EQ] = value_compare, [EXPR_NE] = value_compare,
	[EXPR_LT] = value_compare, [EXPR_LE] = value_compare, [EXPR_GT] = value_compare,
	[EXPR_GE] = value_compare, [EXPR_IN] = value_among, [EXPR_BELONGS] = value_among,
	[EXPR_STARTS] = value_among, [EXPR_MATCH] = value_match, [EXPR_NULL] = value_null,
	[EXPR_OVER] = value_over,
	[EXPR_AND] = value_junction, [EXPR_OR] = value_junction, [EXPR_NOT] = value_not,
	[EXPR_ADD] = value_arithmetic, [EXPR_SUB] = value_arithmetic,
	[EXPR_MUL] = value_arithmetic, [EXPR_DIV] = value_arithmetic,
	[EXPR_NEG] = value_negative, [EXPR_CALL] = func_value, [EXPR_AGG] = agg_value,
};

struct value node_value(struct frame *f, const struct node *n)
{
	return ways[n->op](f, n);
}

enum truth node_truth(struct frame *f, const struct node *n)
{
	struct value v = ways[n->op](f, n);

	return value_as_truth(&v);
}
