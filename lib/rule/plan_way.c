/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_way.c - how a row-level node is computed for all rows of a stream at once.
 *
 * Tests become truth bytes, numbers 64-bit vectors at a decimal scale. What fits no kernel
 * but depends on one code only is computed once per distinct value; the rest row by row.
 * A node over two roles, a group or a table row has no way: it is tried one at a time.
 */
#include "lib/rule/plan.h"

static bool is_number(enum type t)
{
	return t == TYPE_MONEY || t == TYPE_QTY || t == TYPE_COUNT || t == TYPE_RATIO;
}

static bool is_clock(enum type t)
{
	return t == TYPE_TIME || t == TYPE_DURATION;
}

static bool is_vector(const struct node *n)
{
	return n->way >= WAY_COLUMN;
}

/* Types whose stored integers may be added or compared as they are. */
static bool like(const struct node *a, const struct node *b)
{
	return (is_number(a->type) && is_number(b->type)) ||
	       (is_clock(a->type) && is_clock(b->type)) ||
	       (a->type == TYPE_DATE && b->type == TYPE_DATE);
}

/* value * 10^scale as an integer pair around it; false when out of the 64-bit range. */
static bool scaled(struct rat r, int scale, int64_t *floor, int64_t *ceil)
{
	struct rat ten = { 1, 1 }, s;
	__int128 q;

	for (int i = 0; i < scale; i++)
		ten.num *= 10;
	if (!rat_mul(&s, r, ten))
		return false;
	q = s.num / s.den - (s.num % s.den < 0);
	if (q <= INT64_MIN + 1 || q >= INT64_MAX - 1)
		return false;
	*floor = (int64_t)q;
	*ceil = *floor + (s.num % s.den != 0);
	return true;
}

enum expr_op plan_mirrored(enum expr_op op)
{
	switch (op) {
	case EXPR_LT: return EXPR_GT;
	case EXPR_LE: return EXPR_GE;
	case EXPR_GT: return EXPR_LT;
	case EXPR_GE: return EXPR_LE;
	default: return op;
	}
}

static void set_range(struct range *r, enum expr_op op, int64_t floor, int64_t ceil)
{
	r->lo = INT64_MIN + 1;
	r->hi = INT64_MAX;
	if (op == EXPR_GT)
		r->lo = floor + 1;
	else if (op == EXPR_GE)
		r->lo = ceil;
	else if (op == EXPR_LT)
		r->hi = ceil - 1;
	else if (op == EXPR_LE)
		r->hi = floor;
	else if (floor == ceil)
		r->lo = r->hi = floor;
	else
		r->lo = 1, r->hi = 0;
	r->outside = op == EXPR_NE;
}

bool plan_range(struct range *out, struct rat c, int scale, enum expr_op op)
{
	int64_t floor, ceil;

	if (!scaled(c, scale, &floor, &ceil))
		return false;
	set_range(out, op, floor, ceil);
	return true;
}

static bool const_range(struct node *n, const struct node *v, const struct node *c,
			enum expr_op op)
{
	if (!is_vector(v) || c->op != EXPR_CONST || !like(v, c) ||
	    !plan_range(&n->range, c->rat, v->scale, op))
		return false;
	n->way = WAY_CMP_CONST;
	return true;
}

static bool is_code_field(const struct node *n)
{
	return n->op == EXPR_FIELD && type_is_text(n->type);
}

/* Code fields something depends on. */
struct codes {
	enum field field[2];
	uint32_t n;
};

static bool add_code(struct codes *c, enum field f)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->field[i] == f)
			return true;
	if (c->n == 2)
		return false;
	c->field[c->n++] = f;
	return true;
}

/* The code fields all of `n` depends on, besides the day of look-ups that remember their rows
 * per code; false when it reads anything else, or more than two. */
static bool only_codes(const struct node *n, struct codes *c)
{
	bool look = n->op == EXPR_LOOKUP || n->op == EXPR_INLIST;

	if (n->op == EXPR_FIELD)
		return is_code_field(n) && add_code(c, n->field);
	if (n->op == EXPR_BUCKET || n->group || (look && n->dated && n->memo == NO_INDEX))
		return false;
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (!only_codes(n->arg[i], c))
			return false;
	return true;
}

static bool constants_from(const struct node *n, uint32_t first)
{
	for (uint32_t i = first; i < n->n_arg; i++)
		if (n->arg[i]->op != EXPR_CONST)
			return false;
	return true;
}

static enum way compare_way(struct node *n)
{
	const struct node *a = n->arg[0], *b = n->arg[1];
	bool equality = n->op == EXPR_EQ || n->op == EXPR_NE;

	if (const_range(n, a, b, n->op) || const_range(n, b, a, plan_mirrored(n->op)))
		return WAY_CMP_CONST;
	if (is_vector(a) && is_vector(b) && like(a, b))
		return WAY_CMP;
	if (equality && is_code_field(a) && b->op == EXPR_CONST)
		return WAY_CODE_CONST;
	if (equality && is_code_field(a) && is_code_field(b))
		return WAY_CODE;
	return WAY_ROW;
}

static enum way test_way(struct node *n)
{
	switch (n->op) {
	case EXPR_CONST:
		return WAY_CONST;
	case EXPR_FIELD:
		return WAY_FLAG;
	case EXPR_EQ: case EXPR_NE: case EXPR_LT: case EXPR_LE: case EXPR_GT: case EXPR_GE:
		return compare_way(n);
	case EXPR_IN:
		return is_code_field(n->arg[0]) && n->n_arg <= FEW_CODES + 1 &&
		       constants_from(n, 1) ? WAY_CODE_CONST : WAY_ROW;
	case EXPR_NULL:
		return n->arg[0]->op == EXPR_FIELD ? WAY_NULL : WAY_ROW;
	case EXPR_AND:
		return WAY_AND;
	case EXPR_OR:
		return WAY_OR;
	case EXPR_NOT:
		return WAY_NOT;
	default:
		return WAY_ROW;
	}
}

static bool summable(const struct node *n)
{
	const struct node *a = n->arg[0], *b = n->arg[1];
	int64_t floor, ceil;

	if (!like(a, b) || a->type == TYPE_DATE)
		return false;
	if (is_vector(a) && is_vector(b))
		return a->scale == b->scale;
	if (is_vector(a) && b->op == EXPR_CONST)
		return scaled(b->rat, a->scale, &floor, &ceil) && floor == ceil;
	return is_vector(b) && a->op == EXPR_CONST &&
	       scaled(a->rat, b->scale, &floor, &ceil) && floor == ceil;
}

static bool is_whole(const struct node *n)
{
	int64_t floor, ceil;

	return n->op == EXPR_CONST && scaled(n->rat, 0, &floor, &ceil) && floor == ceil;
}

static enum way product_way(struct node *n)
{
	const struct node *a = n->arg[0], *b = n->arg[1];

	if (!is_number(a->type) || !is_number(b->type))
		return WAY_NONE;
	if (is_vector(a) && is_vector(b) && a->scale + b->scale <= 12)
		n->scale = a->scale + b->scale;
	else if (is_vector(a) && is_whole(b))
		n->scale = a->scale;
	else if (is_vector(b) && is_whole(a))
		n->scale = b->scale;
	else
		return WAY_NONE;
	return WAY_MUL;
}

/* Vectors of one kind and scale. */
static bool alike(const struct node *n)
{
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (!is_vector(n->arg[i]) || n->arg[i]->type != n->arg[0]->type ||
		    n->arg[i]->scale != n->arg[0]->scale)
			return false;
	return true;
}

static enum way call_way(struct node *n)
{
	if (n->func == FUNC_DATE && is_vector(n->arg[0]) && n->arg[0]->type == TYPE_TIME)
		return WAY_DAY;
	if (n->func != FUNC_COALESCE || !alike(n))
		return WAY_NONE;
	n->scale = n->arg[0]->scale;
	return WAY_FIRST;
}

/* A table's numbers at the scale of their type; not those that are finer. */
static enum way lookup_way(struct plan *p, struct node *n)
{
	uint32_t rows = n->table->n_row;
	int64_t *v, ceil;

	if (!n->number || n->memo == NO_INDEX || !rows)
		return WAY_NONE;
	n->scale = type_scale(n->type);
	v = arena_array(&p->arena, rows, sizeof *v);
	for (uint32_t i = 0; i < rows; i++) {
		v[i] = MISSING_I64;
		if (n->number[i].den &&
		    (!scaled(n->number[i], n->scale, &v[i], &ceil) || v[i] != ceil))
			return WAY_NONE;
	}
	n->scaled = v;
	n->domain = n->arg[0]->field;
	return WAY_LOOKUP;
}

static enum way number_way(struct node *n)
{
	switch (n->op) {
	case EXPR_FIELD:
		n->scale = type_scale(n->type);
		return WAY_COLUMN;
	case EXPR_ADD: case EXPR_SUB:
		if (!summable(n))
			return WAY_NONE;
		n->scale = is_vector(n->arg[0]) ? n->arg[0]->scale : n->arg[1]->scale;
		return n->op == EXPR_ADD ? WAY_ADD : WAY_SUB;
	case EXPR_MUL:
		return product_way(n);
	case EXPR_CALL:
		return n->n_arg ? call_way(n) : WAY_NONE;
	case EXPR_NEG:
		n->scale = n->arg[0]->scale;
		return is_vector(n->arg[0]) ? WAY_NEG : WAY_NONE;
	default:
		return WAY_NONE;
	}
}

/* A look-up by one code remembers the row per code; number cells are read once. */
static void memo_of(struct plan *p, struct node *n)
{
	if (n->op == EXPR_LOOKUP)
		n->number = plan_numbers(p, n->table, n->index);
	if ((n->op == EXPR_LOOKUP || n->op == EXPR_INLIST) && n->n_arg == 1 &&
	    is_code_field(n->arg[0]))
		n->memo = plan_memo(p, n->table, n->arg[0]->field, NO_INDEX);
}

/* Vectors are made of vectors over one stream; a constant has none. */
static bool args_ready(const struct node *n)
{
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (n->arg[i]->stream == STREAM_COUNT)
			return false;
	return true;
}

static void way_of_test(struct node *n)
{
	struct codes c = { .n = 0 };

	n->way = test_way(n);
	if (n->way == WAY_CONST)
		return;
	if (n->stream == STREAM_COUNT || (n->way >= WAY_AND && !args_ready(n)))
		n->way = WAY_ROW;
	if ((n->way == WAY_ROW || n->way >= WAY_AND || n->way == WAY_CMP_CONST ||
	     n->way == WAY_CMP) && only_codes(n, &c) && c.n) {
		n->domain = c.field[0];
		if (c.n == 1)
			n->way = WAY_DICT;
		else if (n->way == WAY_ROW)
			n->way = WAY_CODES, n->domain2 = c.field[1];
		else
			n->domain = FIELD_NONE;
	}
}

void plan_way(struct plan *p, struct node *n)
{
	struct codes c = { .n = 0 };

	n->way = WAY_NONE;
	n->domain = n->domain2 = FIELD_NONE;
	memo_of(p, n);
	if (n->group || n->roles > 2 || (n->roles && n->stream == STREAM_COUNT))
		return;
	if (n->roles == 2 && (n->type == TYPE_FLAG || type_is_text(n->type)))
		return; /* of 乙 alone: tests and keys are asked for of its own side */
	if (n->type == TYPE_FLAG)
		way_of_test(n);
	else if (!type_is_text(n->type))
		n->way = n->op == EXPR_LOOKUP ? lookup_way(p, n) : number_way(n);
	else if (n->op != EXPR_FIELD && only_codes(n, &c) && c.n == 1)
		n->domain = c.field[0]; /* as a key: once per distinct value */
	if (n->domain != FIELD_NONE)
		p->domain[n->domain] = true;
	if (n->domain2 != FIELD_NONE)
		p->domain[n->domain2] = true;
}
