/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * predicate_num.c - numbers of a node for all rows of its stream, and plain columns.
 */
#include <string.h>

#include "lib/rule/frame.h"
#include "lib/rule/kernel.h"

/* The columns nobody gathered: one buffer per width would do, one per pattern is needed. */
static const void *absent_column(struct eval *e, enum width w, uint32_t n)
{
	struct slot *s = &e->absent[w];
	void *buf;

	if (s->v && s->cap >= (size_t)n * 8)
		return s->v;
	buf = slot_room(s, (size_t)n * 8 + 8);
	if (w == WIDTH_I64)
		kernel_fill(buf, MISSING_I64, n);
	else if (w == WIDTH_I32)
		for (uint32_t i = 0; i < n; i++)
			((int32_t *)buf)[i] = MISSING_I32;
	else
		memset(buf, w == WIDTH_U8 ? TRUTH_UNKNOWN : 0, (size_t)n * 8);
	s->v = buf;
	return buf;
}

const void *slot_column(struct eval *e, enum field f)
{
	const struct field_info *info = field_get(f);
	const struct rows *r = &e->b->rows[info->stream];

	if (r->col && r->col[info->index])
		return r->col[info->index];
	return absent_column(e, type_width(info->type), r->n);
}

static int64_t scaled_const(const struct node *c, int scale)
{
	int64_t v = 0;

	if (!rat_round(c->rat, scale, &v))
		v = MISSING_I64;
	return v;
}

/* A vector argument, or a constant spread over the other one's slot. */
static const int64_t *operand(struct eval *e, const struct node *n, uint32_t i, int scale)
{
	const struct node *a = n->arg[i];
	uint32_t rows = e->b->rows[n->stream].n;
	struct slot *s = &e->key[n->id]; /* a number's key slot is free for its constant */

	if (a->op != EXPR_CONST)
		return slot_number(e, a);
	s->v = slot_room(s, (size_t)rows * 8 + 8);
	s->stamp = 0;
	kernel_fill(s->buf, scaled_const(a, scale), rows);
	return s->v;
}

static const int64_t *make_column(struct eval *e, const struct node *n, struct slot *s)
{
	const void *v = slot_column(e, n->field);
	uint32_t rows = e->b->rows[n->stream].n;

	if (type_width(field_get(n->field)->type) == WIDTH_I64)
		return v;
	kernel_widen(slot_room(s, (size_t)rows * 8 + 8), v, rows);
	return s->buf;
}

static const int64_t *make_sum(struct eval *e, const struct node *n, struct slot *s)
{
	uint32_t rows = e->b->rows[n->stream].n;
	int scale = n->way == WAY_MUL ? 0 : n->scale;
	const int64_t *a = operand(e, n, 0, scale);
	const int64_t *b = operand(e, n, 1, scale);
	int64_t *out = slot_room(s, (size_t)rows * 8 + 8);

	if (n->way == WAY_ADD)
		kernel_add(out, a, b, rows);
	else if (n->way == WAY_SUB)
		kernel_sub(out, a, b, rows);
	else
		kernel_mul(out, a, b, rows);
	return out;
}

static const int64_t *make_negative(struct eval *e, const struct node *n, struct slot *s)
{
	uint32_t rows = e->b->rows[n->stream].n;
	const int64_t *a = slot_number(e, n->arg[0]);
	int64_t *out = slot_room(s, (size_t)rows * 8 + 8);

	for (uint32_t i = 0; i < rows; i++)
		out[i] = a[i] == MISSING_I64 ? MISSING_I64 : -a[i];
	return out;
}

const int64_t *slot_number(struct eval *e, const struct node *n)
{
	struct slot *s = &e->slot[n->id];

	if (s->stamp == e->stamp)
		return s->v;
	s->stamp = e->stamp;
	if (n->way == WAY_COLUMN)
		s->v = make_column(e, n, s);
	else if (n->way == WAY_NEG)
		s->v = make_negative(e, n, s);
	else
		s->v = make_sum(e, n, s);
	return s->v;
}
