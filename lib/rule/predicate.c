/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * predicate.c - truth bytes of a node for all rows of its stream, made when first asked for.
 *
 * A slot is computed once per batch whoever asks. Conjunctions are folded into the caller's
 * filter; costly row-by-row tests are made only where the filter still holds, and remembered.
 */
#include <string.h>

#include "lib/rule/form.h"
#include "lib/rule/kernel.h"

enum { MOST_PAIRS = 1 << 18 };

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

/* Where a number did not fit its vector it is compared exactly, when somebody asks. */
static void leave_open(struct eval *e, const struct node *v, uint32_t rows, uint8_t *out)
{
	const int64_t *number = slot_number(e, v);

	for (uint32_t i = 0; e->slot[v->id].open && i < rows; i++)
		if (number[i] == MISSING_I64)
			out[i] = TRUTH_UNSET;
}

static void test_cmp(struct eval *e, const struct node *n, uint8_t *out)
{
	static const enum kernel_cmp op[] = {
		[EXPR_EQ] = KERNEL_EQ, [EXPR_NE] = KERNEL_NE, [EXPR_LT] = KERNEL_LT,
		[EXPR_LE] = KERNEL_LE, [EXPR_GT] = KERNEL_GT, [EXPR_GE] = KERNEL_GE,
	};
	const struct node *x = n->arg[0], *y = n->arg[1];
	const int64_t *a = slot_number(e, x), *b = slot_number(e, y);
	uint32_t rows = rows_of(e, n);
	int64_t by_x = 1, by_y = 1;

	for (int i = x->scale; i < y->scale; i++)
		by_x *= 10;
	for (int i = y->scale; i < x->scale; i++)
		by_y *= 10;
	if (by_x == by_y)
		kernel_cmp(op[n->op], out, a, b, rows);
	else
		kernel_cmp_scaled(op[n->op], out, a, by_x, b, by_y, rows);
	leave_open(e, x, rows, out);
	leave_open(e, y, rows, out);
}

static void test_cmp_const(struct eval *e, const struct node *n, uint8_t *out)
{
	const struct node *v = n->arg[0]->op == EXPR_CONST ? n->arg[1] : n->arg[0];

	kernel_range(out, slot_number(e, v), rows_of(e, n), n->range.lo, n->range.hi,
		     n->range.outside);
	leave_open(e, v, rows_of(e, n), out);
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

/* Truth not made yet stays so, unless the others decide. */
static void test_args(struct eval *e, const struct node *n, uint8_t *out)
{
	uint32_t rows = rows_of(e, n);
	bool any = false;

	for (uint32_t i = 0; i < n->n_arg; i++) {
		const uint8_t *a = slot_start(e, n->arg[i]);

		any |= e->slot[n->arg[i]->id].open;
		if (i == 0)
			memcpy(out, a, rows);
		else if (any)
			(n->op == EXPR_AND ? kernel_and_open : kernel_or_open)(out, a, rows);
		else
			(n->op == EXPR_AND ? kernel_and : kernel_or)(out, a, rows);
	}
}

static void test_not(struct eval *e, const struct node *n, uint8_t *out)
{
	const uint8_t *a = slot_start(e, n->arg[0]);

	(e->slot[n->arg[0]->id].open ? kernel_not_open : kernel_not)(out, a, rows_of(e, n));
}

/* ---- codes ---- */

static void test_later(struct eval *e, const struct node *n, uint8_t *out)
{
	memset(out, TRUTH_UNSET, rows_of(e, n));
}

/* Of two codes, remembered for the next row that has both. */
static uint8_t codes_truth(struct eval *e, const struct node *n, uint32_t row)
{
	uint32_t dense[2] = { domain_rows(e, n->domain)[row], domain_rows(e, n->domain2)[row] };
	struct slot *s = &e->slot[n->id];
	struct frame f;
	uint64_t *at;
	bool fresh;

	if (map64_count(&s->pair_truth) > MOST_PAIRS)
		map64_clear(&s->pair_truth);
	at = map64_at(&s->pair_truth, (uint64_t)dense[0] << 32 | dense[1], &fresh);
	if (!fresh && *at != TRUTH_VARIES)
		return (uint8_t)*at;
	frame_row(&f, e, n->stream, row);
	if (!fresh)
		return (uint8_t)node_truth(&f, n);
	if (!codes_steady(e, n, n, dense)) {
		*at = TRUTH_VARIES;
		return (uint8_t)node_truth(&f, n);
	}
	*at = (uint64_t)node_truth(&f, n);
	return (uint8_t)*at;
}

static uint8_t has_fits(struct eval *e, const struct join *j, uint32_t dense)
{
	uint32_t count;

	table_rows(e, j->memo, dense, &count);
	return !dense || count ? TRUTH_TRUE : TRUTH_FALSE;
}

const uint8_t *join_truth(struct eval *e, const struct join *j)
{
	const uint32_t *dense = domain_rows(e, j->field->field);
	uint32_t n = e->b->rows[j->field->stream].n, known = e->domain[j->field->field].n;
	struct slot *s = &e->join[j->memo];
	uint8_t *out;

	if (s->stamp == e->stamp)
		return s->v;
	s->stamp = e->stamp;
	s->v = out = slot_room(s, n + 1);
	if (s->n_code < known) {
		s->code_truth = xreallocarray(s->code_truth, known, 1);
		for (; s->n_code < known; s->n_code++)
			s->code_truth[s->n_code] = has_fits(e, j, s->n_code);
	}
	for (uint32_t i = 0; i < n; i++)
		out[i] = s->code_truth[dense[i]];
	return out;
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
	[WAY_NOT] = test_not, [WAY_DICT] = test_dict, [WAY_CODES] = test_later,
	[WAY_ROW] = test_later,
};

const uint8_t *make_start(struct eval *e, const struct node *n)
{
	struct slot *s = &e->slot[n->id];
	uint8_t bits;

	s->stamp = e->stamp;
	if (n->way == WAY_FLAG) {
		s->v = slot_column(e, n->field);
	} else {
		if (n->way == WAY_CODE_CONST)
			find_codes(e, n);
		s->v = slot_room(s, rows_of(e, n) + 1);
		tests[n->way](e, n, s->buf);
	}
	bits = kernel_bits(s->v, rows_of(e, n));
	s->none = bits == 0;
	s->open = bits > (TRUTH_UNKNOWN | TRUTH_TRUE);
	return s->v;
}

static uint8_t junction_at(struct eval *e, const struct node *n, uint32_t row)
{
	bool all = n->op == EXPR_AND;
	uint8_t sum = all ? TRUTH_TRUE : TRUTH_FALSE;

	if (n->op == EXPR_NOT)
		return (uint8_t)(TRUTH_TRUE - slot_truth_at(e, n->arg[0], row));
	for (uint32_t i = 0; i < n->n_arg && sum != (all ? TRUTH_FALSE : TRUTH_TRUE); i++) {
		uint8_t t = slot_truth_at(e, n->arg[i], row);

		sum = (all ? t < sum : t > sum) ? t : sum;
	}
	return sum;
}

uint8_t make_truth_at(struct eval *e, const struct node *n, uint32_t row)
{
	struct frame f;
	uint8_t t;

	if (n->stream == STREAM_COUNT) {
		frame_init(&f, e);
		return (uint8_t)node_truth(&f, n);
	}
	if (n->way == WAY_AND || n->way == WAY_OR || n->way == WAY_NOT) {
		t = junction_at(e, n, row);
	} else if (n->way == WAY_CODES) {
		t = codes_truth(e, n, row);
	} else if (n->way == WAY_DICT) {
		t = dict_truth_on(e, n, row, slot_day(e, n->stream)[row]);
	} else {
		frame_row(&f, e, n->stream, row);
		t = (uint8_t)node_truth(&f, n);
	}
	((uint8_t *)e->slot[n->id].buf)[row] = t;
	return t;
}

const uint8_t *slot_truth(struct eval *e, const struct node *n)
{
	const uint8_t *v = slot_start(e, n);
	uint32_t rows = rows_of(e, n);

	if (e->slot[n->id].open)
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

/* A test made row by row only where the others have not said no. */
static void fold_lazy(struct eval *e, const struct node *n, uint8_t *out, uint32_t rows)
{
	for (uint32_t i = 0; (i = filter_next(out, i, rows)) < rows; i++) {
		uint8_t t = slot_truth_at(e, n, i);

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

/* Conjuncts as far as they are known for whole columns; false when one holds nowhere. */
static bool fold_columns(struct eval *e, const struct side *s, uint8_t *out)
{
	uint32_t rows = e->b->rows[s->stream].n;

	for (uint32_t i = 0; i < s->n_conj; i++) {
		const struct node *n = s->conj[i];

		if (n->stream == STREAM_COUNT)
			continue;
		slot_start(e, n);
		if (e->slot[n->id].none)
			return false;
		kernel_and(out, e->slot[n->id].v, rows); /* what is not made yet is above all */
		if (!kernel_bits(out, rows))
			return false;
	}
	return true;
}

static bool fold_conjuncts(struct eval *e, const struct side *s, uint8_t *out)
{
	uint32_t rows = e->b->rows[s->stream].n;

	if (!fold_columns(e, s, out))
		return false;
	for (uint32_t i = 0; i < s->n_conj; i++) {
		if (s->conj[i]->stream == STREAM_COUNT)
			fold_fieldless(e, s->conj[i], s->stream, out);
		else if (e->slot[s->conj[i]->id].open)
			fold_lazy(e, s->conj[i], out, rows);
	}
	return kernel_bits(out, rows) != 0;
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
	return fold_conjuncts(e, s, out) ? out : NULL;
}

bool filter_and(uint8_t *out, const uint8_t *truth, uint32_t n)
{
	kernel_and(out, truth, n);
	return kernel_bits(out, n) != 0;
}

bool filter_fold(struct eval *e, const struct node *n, uint8_t *out)
{
	uint32_t rows = rows_of(e, n);

	kernel_and(out, slot_start(e, n), rows);
	if (e->slot[n->id].open)
		fold_lazy(e, n, out, rows);
	return kernel_bits(out, rows) != 0;
}

uint32_t filter_true(const uint8_t *truth, uint32_t from, uint32_t to)
{
	uint64_t eight;

	for (; from + 8 <= to; from += 8) {
		memcpy(&eight, truth + from, sizeof eight);
		if (eight & UINT64_C(0x0101010101010101) * TRUTH_TRUE)
			break;
	}
	while (from < to && truth[from] != TRUTH_TRUE)
		from++;
	return from;
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
