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

static uint32_t count_missing(struct eval *e, enum field f, uint32_t n)
{
	const void *v = slot_column(e, f);
	struct slot *s = &e->absent[WIDTHS];
	uint8_t *out = slot_room(s, n + 1);

	switch (type_width(field_get(f)->type)) {
	case WIDTH_I64: kernel_null_i64(out, v, n); break;
	case WIDTH_I32: kernel_null_i32(out, v, n); break;
	case WIDTH_U32: kernel_null_u32(out, v, n); break;
	case WIDTH_U8: kernel_null_u8(out, v, n); break;
	}
	return kernel_count(out, n, TRUTH_TRUE);
}

enum gaps column_gaps(struct eval *e, enum field f)
{
	struct gaps_of *g = &e->gaps[f];
	uint32_t n = e->b->rows[field_get(f)->stream].n, missing;

	if (g->stamp == e->stamp)
		return g->gaps;
	missing = count_missing(e, f, n);
	g->stamp = e->stamp;
	g->gaps = missing == 0 ? GAPS_NONE : missing < n ? GAPS_SOME : GAPS_ALL;
	return g->gaps;
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

	for (uint32_t i = 0; i < 2; i++)
		s->open |= n->arg[i]->op != EXPR_CONST && e->slot[n->arg[i]->id].open;
	if (n->way == WAY_ADD)
		s->open |= kernel_add(out, a, b, rows);
	else if (n->way == WAY_SUB)
		s->open |= kernel_sub(out, a, b, rows);
	else
		s->open |= kernel_mul(out, a, b, rows);
	return out;
}

static const int64_t *make_negative(struct eval *e, const struct node *n, struct slot *s)
{
	uint32_t rows = e->b->rows[n->stream].n;
	const int64_t *a = slot_number(e, n->arg[0]);
	int64_t *out = slot_room(s, (size_t)rows * 8 + 8);

	for (uint32_t i = 0; i < rows; i++)
		out[i] = a[i] == MISSING_I64 ? MISSING_I64 : -a[i];
	s->open = e->slot[n->arg[0]->id].open;
	return out;
}

static const int64_t *make_day(struct eval *e, const struct node *n, struct slot *s)
{
	uint32_t rows = e->b->rows[n->stream].n;
	const int64_t *a = slot_number(e, n->arg[0]);

	kernel_day(slot_room(s, (size_t)rows * 8 + 8), a, rows);
	s->open = e->slot[n->arg[0]->id].open;
	return s->buf;
}

static const int64_t *make_first(struct eval *e, const struct node *n, struct slot *s)
{
	uint32_t rows = e->b->rows[n->stream].n;
	int64_t *out = slot_room(s, (size_t)rows * 8 + 8);

	memcpy(out, slot_number(e, n->arg[0]), (size_t)rows * 8);
	s->open = e->slot[n->arg[0]->id].open;
	for (uint32_t i = 1; i < n->n_arg; i++) {
		kernel_first(out, slot_number(e, n->arg[i]), rows);
		s->open |= e->slot[n->arg[i]->id].open;
	}
	return out;
}

static int64_t lookup_number(struct eval *e, const struct node *n, uint32_t row)
{
	struct frame f;
	uint32_t at;

	frame_row(&f, e, n->stream, row);
	at = lookup_row(&f, n);
	return at == KNOWLEDGE_NONE ? MISSING_I64 : n->scaled[at];
}

static void reach_codes(struct slot *s, uint32_t n)
{
	if (s->n_code >= n)
		return;
	s->code_truth = xreallocarray(s->code_truth, n, 1);
	s->code_number = xreallocarray(s->code_number, n, sizeof *s->code_number);
	memset(s->code_truth + s->n_code, TRUTH_UNSET, n - s->n_code);
	s->n_code = n;
}

/* Once per distinct code; with the day, where the table's rows have dates. */
static const int64_t *make_lookup(struct eval *e, const struct node *n, struct slot *s)
{
	enum field f = n->arg[0]->field;
	const uint32_t *dense = domain_rows(e, f);
	uint32_t rows = e->b->rows[n->stream].n;
	int64_t *out = slot_room(s, (size_t)rows * 8 + 8);

	reach_codes(s, e->domain[f].n);
	for (uint32_t i = 0; i < rows; i++) {
		uint32_t d = dense[i];

		if (s->code_truth[d] == TRUTH_UNSET) {
			s->code_truth[d] = codes_steady(e, n, n, &d) ? 0 : TRUTH_VARIES;
			s->code_number[d] = s->code_truth[d] ? 0 : lookup_number(e, n, i);
		}
		out[i] = s->code_truth[d] ? lookup_number(e, n, i) : s->code_number[d];
	}
	return out;
}

typedef const int64_t *make_fn(struct eval *e, const struct node *n, struct slot *s);

static make_fn *const makers[] = { /* from WAY_COLUMN on */
	make_column, make_sum, make_sum, make_sum, make_negative, make_day, make_first,
	make_lookup,
};

const int64_t *make_number(struct eval *e, const struct node *n)
{
	struct slot *s = &e->slot[n->id];

	s->stamp = e->stamp;
	s->open = false;
	s->v = makers[n->way - WAY_COLUMN](e, n, s);
	return s->v;
}
