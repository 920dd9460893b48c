/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * finding_make.c - hits and fired cells made into findings: texts, shares, the sentence.
 *
 * Shares: every record gets the whole fen of its part; what is left over goes, a fen each, to
 * the largest rests, so that shares always add up to the amount. If nobody weighs, all do.
 */
#include <stdlib.h>

#include "lib/base/dec.h"
#include "lib/finding/finding_impl.h"
#include "lib/rule/window.h"

enum { FEN = 2, FINE = 6 };

/* ---- records ---- */

struct bearing bearing_of(const struct timeline *t, const struct hit_record *r, struct arena *a)
{
	struct row_name name;

	timeline_row_name(t, r->stream, r->row, &name);
	if (r->stream == STREAM_STAY || r->stream == STREAM_VISIT || name.serial.n == 0)
		name.serial = name.mdtrt_id; /* whatever row stands for it, it is that visit */
	return (struct bearing){
		.record = { .stream = r->stream, .role = r->role, .revision = name.revision,
			    .fixmedins_code = arena_str(a, name.fixmedins_code),
			    .mdtrt_id = arena_str(a, name.mdtrt_id),
			    .id = arena_str(a, name.serial) },
		.time = r->time, .weight = r->weight, .fund = r->fund, .base = r->base,
	};
}

static int bearing_order(const void *va, const void *vb)
{
	const struct bearing *a = va, *b = vb;
	int c = (a->time > b->time) - (a->time < b->time);

	c = c ? c : (int)a->record.stream - (int)b->record.stream;
	c = c ? c : str_cmp(a->record.fixmedins_code, b->record.fixmedins_code);
	c = c ? c : str_cmp(a->record.mdtrt_id, b->record.mdtrt_id);
	c = c ? c : str_cmp(a->record.id, b->record.id);
	return c ? c : (int)a->record.role - (int)b->record.role;
}

struct rest {
	__int128 rest;
	uint32_t at;
};

static int rest_order(const void *va, const void *vb)
{
	const struct rest *a = va, *b = vb;

	if (a->rest != b->rest)
		return a->rest > b->rest ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

/* Largest remainder on the magnitude of the amount. */
static void share_out(struct bearing *b, uint32_t n, int64_t amount, struct rest *rest)
{
	int64_t size = amount < 0 ? -amount : amount, left = size;
	__int128 sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += b[i].weight;
	for (uint32_t i = 0; i < n; i++) {
		__int128 part = (__int128)size * (sum ? b[i].weight : 1);
		__int128 whole = sum ? sum : n;

		b[i].record.amount = (int64_t)(part / whole);
		rest[i] = (struct rest){ part % whole, i };
		left -= b[i].record.amount;
	}
	qsort(rest, n, sizeof *rest, rest_order);
	for (uint32_t i = 0; i < n && left > 0; i++, left--)
		b[rest[i].at].record.amount++;
	for (uint32_t i = 0; i < n && amount < 0; i++)
		b[i].record.amount = -b[i].record.amount;
}

/* What of one record's share the fund paid, in fen; false when it is not known. */
static bool fund_part(const struct bearing *b, struct rat *out)
{
	if (b->fund == MISSING_I64 || b->base == MISSING_I64 || b->base <= 0)
		return false;
	return rat_make(out, (__int128)b->record.amount * b->fund, b->base);
}

/* a + b, each rounded to 10^-6 fen: for sums whose exact denominator does not fit any more. */
static struct rat add_rounded(struct rat a, struct rat b)
{
	int64_t x, y;

	if (!rat_round(a, FINE, &x) || !rat_round(b, FINE, &y) || __builtin_add_overflow(x, y, &x))
		return a;
	return rat_scaled(x, FINE);
}

static int64_t fund_share(const struct bearing *b, uint32_t n)
{
	struct rat sum = { 0, 1 };
	int64_t fen;

	for (uint32_t i = 0; i < n; i++) {
		struct rat part;

		if (!b[i].record.amount || !fund_part(&b[i], &part))
			continue;
		if (!rat_add(&sum, sum, part))
			sum = add_rounded(sum, part);
	}
	return rat_round(sum, 0, &fen) ? fen : 0;
}

static void set_times(struct finding *f, const struct bearing *b, uint32_t n)
{
	f->begin = f->end = MISSING_I64;
	for (uint32_t i = 0; i < n; i++) {
		if (b[i].time == MISSING_I64)
			continue;
		if (f->begin == MISSING_I64)
			f->begin = b[i].time;
		f->end = b[i].time;
	}
}

static void set_facility(struct finding *f, const struct bearing *b, uint32_t n)
{
	uint32_t first = 0;

	if (f->subject_kind == SUBJECT_FACILITY) {
		f->fixmedins_code = f->subject;
		return;
	}
	while (first < n && b[first].weight == 0)
		first++;
	if (n)
		f->fixmedins_code = b[first < n ? first : 0].record.fixmedins_code;
}

void finding_seal(struct findings *out, struct finding *f, struct bearing *b, uint32_t n,
		  bool amount_is_fund)
{
	struct rest *rest = arena_array(&out->arena, n, sizeof *rest);

	if (n > 1)
		qsort(b, n, sizeof *b, bearing_order);
	set_times(f, b, n);
	set_facility(f, b, n);
	if (f->has_amount)
		share_out(b, n, f->amount, rest);
	f->fund_amount = !f->has_amount ? 0 : amount_is_fund ? f->amount : fund_share(b, n);
	f->n_record = n;
	f->record = arena_array(&out->arena, n, sizeof *f->record);
	for (uint32_t i = 0; i < n; i++)
		f->record[i] = b[i].record;
}

/* ---- texts ---- */

static void add_money(struct buf *out, struct rat r)
{
	int64_t fen;

	if (rat_round(r, FEN, &fen))
		dec_add(out, fen, FEN, FEN);
}

static void add_shown(struct buf *out, const struct value *v)
{
	if (v->known && v->type == TYPE_MONEY)
		add_money(out, v->rat);
	else
		value_add(out, v);
}

/* The field whose code table names the value, FIELD_NONE when it is no code. */
static enum field named_field(const struct rule *r, const struct expr *e)
{
	if (e->op == EXPR_KEY && e->index < r->n_key)
		return named_field(r, r->key[e->index]);
	if (e->op == EXPR_LET)
		return named_field(r, r->let[e->index].expr);
	if (e->op == EXPR_AGG && e->n_arg)
		return named_field(r, e->arg[0]);
	return e->op == EXPR_FIELD ? e->field : FIELD_NONE;
}

static void add_said(struct buf *out, const struct rule *r, const struct expr *e,
		     const struct value *v)
{
	enum field f = named_field(r, e);
	struct str name = { NULL, 0 };

	if (!v->known) {
		buf_adds(out, "（缺）");
		return;
	}
	if (f != FIELD_NONE && v->type == TYPE_CODE && field_coded(field_get(f)))
		name = code_name(field_get(f)->name, v->text);
	if (name.n)
		buf_addstr(out, name);
	else
		add_shown(out, v);
}

static struct str sentence(struct arena *a, const struct rule *r, const struct value *say)
{
	struct buf out;
	struct str s;
	uint32_t at = 0;

	buf_init(&out, 0);
	for (uint32_t i = 0; i < r->n_say; i++) {
		buf_addstr(&out, r->say[i].text);
		if (r->say[i].expr)
			add_said(&out, r, r->say[i].expr, &say[at++]);
	}
	s = arena_str(a, buf_str(&out));
	buf_fini(&out);
	return s;
}

static struct str shown(struct arena *a, const struct value *v)
{
	struct buf out;
	struct str s;

	buf_init(&out, 0);
	add_shown(&out, v);
	s = arena_str(a, buf_str(&out));
	buf_fini(&out);
	return s;
}

static struct str key_name(struct arena *a, const struct expr *e, uint32_t i)
{
	if (e->op == EXPR_FIELD)
		return str_of(field_get(e->field)->name);
	if (e->op == EXPR_BUCKET)
		return str_of(bucket_name(e->bucket, true));
	if (e->op == EXPR_LOOKUP)
		return e->table->col[e->index].name;
	return str_of(arena_printf(a, "key%u", i + 1));
}

static void set_keys(struct findings *out, struct finding *f, struct expr **key,
		     const struct value *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		f->key_name[i] = arena_str(&out->arena, key_name(&out->arena, key[i], i));
		f->key_value[i] = shown(&out->arena, &v[i]);
	}
}

static void set_table_keys(struct findings *out, struct finding *f, uint32_t at,
			   const struct knowledge *k, uint32_t row)
{
	for (uint32_t i = 0; i < k->n_key; i++) {
		f->key_name[at + i] = arena_str(&out->arena, k->key[i].name);
		f->key_value[at + i] = arena_str(&out->arena, k->key_cell[row * k->n_key + i]);
	}
}

/* ---- findings ---- */

struct told {
	const struct rule *rule;
	uint32_t rule_index, n_key, table_row;
	struct expr **key_expr;
	const struct value *key, *say;
	struct value observed, limit, amount;
	const struct exception *exception;
	struct str held;
};

static void set_exception(struct arena *a, struct finding *f, const struct rule *r,
			  const struct exception *x)
{
	struct buf cells;

	buf_init(&cells, 0);
	for (uint32_t i = 0; i < r->n_except; i++)
		buf_addf(&cells, "%s" STR_FMT, i ? "," : "", STR_ARG(x->cell[i]));
	f->excepted = true;
	f->except_owner = arena_str(a, x->owner);
	f->except_reason = arena_str(a, x->reason);
	f->except_cells = arena_str(a, buf_str(&cells));
	f->except_from = x->from;
	f->except_until = x->until;
	buf_fini(&cells);
}

/* No owner: the rule itself says so. */
static void set_held(struct arena *a, struct finding *f, struct str reason)
{
	f->excepted = true;
	f->except_reason = arena_str(a, reason);
	f->except_from = f->except_until = MISSING_I32;
}

static struct finding *begin_finding(struct findings *out, const struct told *t)
{
	struct arena *a = &out->arena;
	const struct rule *r = t->rule;
	uint32_t n_table = t->table_row == KNOWLEDGE_NONE ? 0 : r->table->n_key;
	struct finding *f = finding_new(out);

	f->rule_index = t->rule_index;
	f->rule = arena_str(a, r->id);
	f->digest = arena_str(a, str_of(r->digest));
	f->trial = r->state == STATE_TRIAL;
	f->n_key = t->n_key + n_table;
	f->key_name = arena_array(a, f->n_key, sizeof *f->key_name);
	f->key_value = arena_array(a, f->n_key, sizeof *f->key_value);
	set_keys(out, f, t->key_expr, t->key, t->n_key);
	if (n_table)
		set_table_keys(out, f, t->n_key, r->table, t->table_row);
	f->observed = shown(a, &t->observed);
	f->limit = shown(a, &t->limit);
	f->has_amount = t->amount.known && rat_round(t->amount.rat, FEN, &f->amount);
	f->sentence = sentence(a, r, t->say);
	if (t->exception)
		set_exception(a, f, r, t->exception);
	else if (t->held.n)
		set_held(a, f, t->held);
	return f;
}

void finding_maker_init(struct finding_maker *m, struct findings *out, const struct timeline *t)
{
	*m = (struct finding_maker){ .out = out, .t = t };
}

void finding_maker_fini(struct finding_maker *m)
{
	xfree(m->bearing);
	m->bearing = NULL;
	m->cap = 0;
}

void finding_take_hit(void *maker, const struct hit *h)
{
	struct finding_maker *m = maker;
	struct told t = { h->rule, h->rule_index, h->n_key, h->table_row, h->rule->key, h->key,
			  h->say, h->observed, h->limit, h->amount, h->exception, h->held };
	struct finding *f;

	if (!m->out)
		return;
	f = begin_finding(m->out, &t);
	f->subject_kind = timeline_subject_kind(m->t, h->subject);
	f->subject = arena_str(&m->out->arena, timeline_subject_key(m->t, h->subject));
	if (f->subject_kind == SUBJECT_PERSON)
		f->psn_no = f->subject;
	GROW(m->bearing, m->cap, h->n_record);
	for (uint32_t i = 0; i < h->n_record; i++)
		m->bearing[i] = bearing_of(m->t, &h->record[i], &m->out->arena);
	finding_seal(m->out, f, m->bearing, h->n_record, h->amount_is_fund);
}

struct finding *finding_from_cell(struct findings *out, const struct cell_hit *h)
{
	const struct rule *r = h->rule;
	struct expr **key = r->form == FORM_COMPARE ? r->indicator->key : r->key;
	struct told t = { r, h->rule_index, h->n_key, KNOWLEDGE_NONE, key, h->key, h->say,
			  h->observed, h->limit, h->amount, h->exception, h->held };
	struct finding *f = begin_finding(out, &t);

	f->subject_kind = r->subject;
	if (h->subject_key < f->n_key)
		f->subject = f->key_value[h->subject_key];
	if (f->subject_kind == SUBJECT_PERSON)
		f->psn_no = f->subject;
	f->begin = f->end = MISSING_I64;
	return f;
}
