/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * predicate.c - truth bytes of a node for all rows of its stream, made when first asked for.
 *
 * A slot is computed once per batch whoever asks. Conjunctions are folded into the caller's
 * filter; costly row-by-row tests are made only where the filter still holds, and remembered.
 */
#include <string.h>

#include "lib/rule/frame.h"
#include "lib/rule/kernel.h"

void *slot_room(struct slot *s, size_t bytes)
{
	if (bytes > s->cap) {
		xfree(s->buf);
		s->buf = xmalloc(bytes);
		s->cap = bytes;
	}
	return s->buf;
}

static uint32_t rows_of(const struct eval *e, const struct node *n)
{
	return n->stream == STREAM_COUNT ? 0 : e->b->rows[n->stream].n;
}

static void test_cmp(struct eval *e, const struct node *n, uint8_t *out)
{
	static const enum kernel_cmp op[] = {
		[EXPR_EQ] = KERNEL_EQ, [EXPR_NE] = KERNEL_NE, [EXPR_LT] = KERNEL_LT,
		[EXPR_LE] = KERNEL_LE, [EXPR_GT] = KERNEL_GT, [EXPR_GE] = KERNEL_GE,
	};
	const int64_t *a = slot_number(e, n->arg[0]);
	const int64_t *b = slot_number(e, n->arg[1]);

	kernel_cmp(op[n->op], out, a, b, rows_of(e, n));
}

static void test_cmp_const(struct eval *e, const struct node *n, uint8_t *out)
{
	const struct node *v = n->arg[0]->op == EXPR_CONST ? n->arg[1] : n->arg[0];

	kernel_range(out, slot_number(e, v), rows_of(e, n), n->lo, n->hi, n->outside);
}

static void test_code_const(struct eval *e, const struct node *n, uint8_t *out)
{
	struct slot *s = &e->slot[n->id];

	kernel_code_in(out, slot_column(e, n->arg[0]->field), rows_of(e, n), s->code,
		       n->n_arg - 1, n->op == EXPR_NE);
}

static void test_code(struct eval *e, const struct node *n, uint8_t *out)
{
	kernel_code_eq(out, slot_column(e, n->arg[0]->field),
		       slot_column(e, n->arg[1]->field), rows_of(e, n), n->op == EXPR_NE);
}

static void test_null(struct eval *e, const struct node *n, uint8_t *out)
{
	enum field f = n->arg[0]->field;
	uint32_t rows = rows_of(e, n);
	const void *v = slot_column(e, f);

	switch (type_width(field_get(f)->type)) {
	case WIDTH_I64: kernel_null_i64(out, v, rows); break;
	case WIDTH_I32: kernel_null_i32(out, v, rows); break;
	case WIDTH_U32: kernel_null_u32(out, v, rows); break;
	case WIDTH_U8: kernel_null_u8(out, v, rows); break;
	}
}

static void test_args(struct eval *e, const struct node *n, uint8_t *out)
{
	uint32_t rows = rows_of(e, n);

	for (uint32_t i = 0; i < n->n_arg; i++) {
		const uint8_t *a = slot_truth(e, n->arg[i]);

		if (i == 0)
			memcpy(out, a, rows);
		else if (n->op == EXPR_AND)
			kernel_and(out, a, rows);
		else
			kernel_or(out, a, rows);
	}
}

static void test_not(struct eval *e, const struct node *n, uint8_t *out)
{
	kernel_not(out, slot_truth(e, n->arg[0]), rows_of(e, n));
}

static uint8_t dict_truth(struct eval *e, const struct node *n, uint32_t dense)
{
	struct frame f;
	enum truth t;

	frame_init(&f, e);
	f.code_field = n->domain;
	f.code = dense ? e->domain[n->domain].code_of[dense] : 0;
	t = node_truth(&f, n);
	e->slot[n->id].code_truth[dense] = (uint8_t)t;
	return (uint8_t)t;
}

static void test_dict(struct eval *e, const struct node *n, uint8_t *out)
{
	const uint32_t *dense = domain_rows(e, n->domain);
	struct slot *s = &e->slot[n->id];
	uint32_t rows = rows_of(e, n), known = e->domain[n->domain].n;

	if (s->n_code < known) {
		s->code_truth = xreallocarray(s->code_truth, known, 1);
		memset(s->code_truth + s->n_code, TRUTH_UNSET, known - s->n_code);
		s->n_code = known;
	}
	for (uint32_t i = 0; i < rows; i++) {
		out[i] = s->code_truth[dense[i]];
		if (__builtin_expect(out[i] == TRUTH_UNSET, 0))
			out[i] = dict_truth(e, n, dense[i]);
	}
}

static void test_row(struct eval *e, const struct node *n, uint8_t *out)
{
	memset(out, TRUTH_UNSET, rows_of(e, n));
}

static bool codes_known(const struct slot *s, uint32_t k)
{
	for (uint32_t i = 0; i < k; i++)
		if (!s->code[i])
			return false;
	return true;
}

/* Constants of rules may enter the dictionary later than the rule. */
static void find_codes(struct eval *e, const struct node *n)
{
	struct slot *s = &e->slot[n->id];
	uint32_t k = n->n_arg - 1;

	if (codes_known(s, k))
		return;
	for (uint32_t i = 0; i < k; i++)
		if (!s->code[i])
			s->code[i] = dict_find(e->dict, n->arg[i + 1]->text);
}

typedef void test_fn(struct eval *e, const struct node *n, uint8_t *out);

static test_fn *const tests[] = {
	[WAY_CMP_CONST] = test_cmp_const, [WAY_CMP] = test_cmp,
	[WAY_CODE_CONST] = test_code_const, [WAY_CODE] = test_code,
	[WAY_NULL] = test_null, [WAY_AND] = test_args, [WAY_OR] = test_args,
	[WAY_NOT] = test_not, [WAY_DICT] = test_dict, [WAY_ROW] = test_row,
};

/* As slot_truth, but rows of WAY_ROW nodes may still be TRUTH_UNSET. */
static const uint8_t *slot_start(struct eval *e, const struct node *n)
{
	struct slot *s = &e->slot[n->id];

	if (s->stamp == e->stamp)
		return s->v;
	s->stamp = e->stamp;
	if (n->way == WAY_FLAG) {
		s->v = slot_column(e, n->field);
		return s->v;
	}
	if (n->way == WAY_CODE_CONST)
		find_codes(e, n);
	s->v = slot_room(s, rows_of(e, n) + 1);
	tests[n->way](e, n, s->buf);
	return s->v;
}

uint8_t slot_truth_at(struct eval *e, const struct node *n, uint32_t row)
{
	const uint8_t *v;

	if (n->stream == STREAM_COUNT) {
		struct frame f;

		frame_init(&f, e);
		return (uint8_t)node_truth(&f, n);
	}
	v = slot_start(e, n);

	if (v[row] == TRUTH_UNSET) {
		struct frame f;

		frame_row(&f, e, n->stream, row);
		((uint8_t *)e->slot[n->id].buf)[row] = (uint8_t)node_truth(&f, n);
	}
	return v[row];
}

const uint8_t *slot_truth(struct eval *e, const struct node *n)
{
	const uint8_t *v = slot_start(e, n);
	uint32_t rows = rows_of(e, n);

	if (n->way == WAY_ROW)
		for (uint32_t i = 0; i < rows; i++)
			if (v[i] == TRUTH_UNSET)
				slot_truth_at(e, n, i);
	return v;
}

static void scope_truth(struct eval *e, const struct side *s, enum rule_scope scope, uint8_t *out)
{
	const struct rows *r = &e->b->rows[s->stream];
	const uint32_t *settled = s->settled == FIELD_NONE ? NULL : slot_column(e, s->settled);

	if (scope == SCOPE_ALL) {
		memset(out, TRUTH_TRUE, r->n);
		return;
	}
	kernel_scope(out, r->scope, r->n);
	if (scope == SCOPE_UNSETTLED)
		for (uint32_t i = 0; i < r->n; i++)
			out[i] = r->scope[i] || (settled && settled[i]) ? TRUTH_FALSE : TRUTH_TRUE;
}

/* The same for all rules of a stream, so made and counted once per batch. */
static const struct filter *scope_filter(struct eval *e, const struct side *s,
					 enum rule_scope scope)
{
	struct filter *f = &e->scope[s->stream][scope];
	uint32_t rows = e->b->rows[s->stream].n;

	if (f->stamp == e->stamp)
		return f;
	f->stamp = e->stamp;
	GROW(f->truth, f->cap, rows + 1);
	scope_truth(e, s, scope, f->truth);
	f->inside = kernel_count(f->truth, rows, TRUTH_TRUE);
	return f;
}

/* Rows outside the rule's own dates are outside its scope. */
static void dates_truth(struct eval *e, const struct side *s, uint8_t *out)
{
	const int32_t *day = slot_day(e, s->stream);

	for (uint32_t i = 0; i < e->b->rows[s->stream].n; i++)
		if (!in_force(s->from, s->until, day[i]))
			out[i] = TRUTH_FALSE;
}

static bool any(const uint8_t *v, uint32_t n)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum |= v[i];
	return sum != 0;
}

/* A row-by-row test only where the others have not said no. */
static void fold_rowwise(struct eval *e, const struct node *n, uint8_t *out, uint32_t rows)
{
	for (uint32_t i = 0; i < rows; i++) {
		uint8_t t = out[i] ? slot_truth_at(e, n, i) : 0;

		out[i] = out[i] < t ? out[i] : t;
	}
}

/* A test that reads no field of the record: constants, and look-ups as of its day. */
static void fold_fieldless(struct eval *e, const struct node *n, enum stream s, uint8_t *out)
{
	for (uint32_t i = 0; i < e->b->rows[s].n; i++) {
		struct frame f;
		uint8_t t;

		if (!out[i])
			continue;
		frame_row(&f, e, s, i);
		t = (uint8_t)node_truth(&f, n);
		out[i] = out[i] < t ? out[i] : t;
	}
}

const uint8_t *side_filter(struct eval *e, const struct side *s, enum rule_scope scope,
			   struct filter *filter)
{
	const struct filter *inside = scope_filter(e, s, scope);
	uint32_t rows = e->b->rows[s->stream].n;
	uint8_t *out;

	GROW(filter->truth, filter->cap, rows + 1);
	out = filter->truth;
	memcpy(out, inside->truth, rows);
	filter->inside = inside->inside;
	if (s->from != MISSING_I32 || s->until != MISSING_I32) {
		dates_truth(e, s, out);
		filter->inside = kernel_count(out, rows, TRUTH_TRUE);
	}
	for (uint32_t i = 0; i < s->n_conj; i++) {
		const struct node *n = s->conj[i];

		if (n->stream == STREAM_COUNT)
			fold_fieldless(e, n, s->stream, out);
		else if (n->way == WAY_ROW)
			fold_rowwise(e, n, out, rows);
		else
			kernel_and(out, slot_truth(e, n), rows);
	}
	return any(out, rows) ? out : NULL;
}

uint32_t filter_next(const uint8_t *truth, uint32_t from, uint32_t to)
{
	uint64_t eight;

	for (; from + 8 <= to; from += 8) {
		memcpy(&eight, truth + from, sizeof eight);
		if (eight)
			break;
	}
	while (from < to && !truth[from])
		from++;
	return from;
}
