/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness_record.c - values tried one by one: the constants of the conditions, what lies beside
 * and between them, codes of the code table, rows of lists. A value is taken when "field =
 * value" implies every condition on that field.
 *
 * What a record only joins (sex, grade of the hospital) is written on the visit or facility.
 */
#include "lib/finding/witness_record.h"

#include <string.h>

#include "lib/base/civil.h"
#include "lib/rule/imply.h"
#include "lib/rule/knowledge.h"

enum { MOST_FIELDS = 24, MOST_ROWS = 40, MOST_TRIES = 60, MOST_ATOMS = 128 };

struct wish {
	const struct expr *what;      /* the field as conditions name it */
	struct str value;
	bool missing;
};

struct making {
	struct arena *a;
	const struct witness_wish *w;
	const struct expr *atom[MOST_ATOMS];
	uint32_t n_atom;
	struct wish wish[MOST_FIELDS];
	uint32_t n_wish;
	uint32_t copies;
};

/* ---- which conditions there are ---- */

/* Conditions that must hold; of arms joined by 或 the first. */
static void take_atoms(struct making *m, const struct expr *e)
{
	uint32_t arms = e->op == EXPR_OR ? 1 : e->n_arg;

	if (e->op != EXPR_AND && e->op != EXPR_OR) {
		if (m->n_atom < MOST_ATOMS)
			m->atom[m->n_atom++] = e;
		return;
	}
	for (uint32_t i = 0; i < arms; i++)
		take_atoms(m, e->arg[i]);
}

static const struct expr *inner(const struct expr *e)
{
	while (e->op == EXPR_NOT)
		e = e->arg[0];
	return e;
}

/* The field a condition tests, NULL when it tests something made of fields. */
static const struct expr *tested(const struct expr *e)
{
	e = inner(e);
	if (e->n_arg == 0 || e->op == EXPR_AND || e->op == EXPR_OR)
		return NULL;
	if (e->arg[0]->op == EXPR_FIELD)
		return e->arg[0];
	return e->n_arg > 1 && e->arg[0]->op == EXPR_CONST && e->arg[1]->op == EXPR_FIELD
		? e->arg[1] : NULL;
}

static bool is_about(const struct expr *atom, const struct expr *what)
{
	const struct expr *t = tested(atom);

	return t != NULL && t->field == what->field && t->role == what->role;
}

/* ---- values ---- */

static bool is_text(enum type t)
{
	return t == TYPE_CODE || t == TYPE_TEXT;
}

static bool fits(struct making *m, const struct expr *what, const struct expr *value)
{
	struct expr *arg[2] = { (struct expr *)what, (struct expr *)value };
	struct expr eq = { .op = EXPR_EQ, .type = TYPE_FLAG, .n_arg = 2, .arg = arg };

	for (uint32_t i = 0; i < m->n_atom; i++)
		if (is_about(m->atom[i], what) && inner(m->atom[i])->op != EXPR_MATCH &&
		    !expr_implies(&eq, m->atom[i]))
			return false;
	return true;
}

static bool number_text(struct making *m, enum type t, struct rat r, struct str *out)
{
	struct buf b;

	r = rat_reduce(r);
	if ((t == TYPE_TIME || t == TYPE_DATE) && r.den != 1)
		return false;
	buf_init(&b, 0);
	if (t == TYPE_TIME)
		civil_add_time(&b, (int64_t)r.num);
	else if (t == TYPE_DATE)
		civil_add_date(&b, (int32_t)r.num);
	else
		rat_fmt(&b, r, 4);
	*out = arena_str(m->a, buf_str(&b));
	buf_fini(&b);
	return 10000 % r.den == 0;
}

static bool try_number(struct making *m, const struct expr *what, struct rat r, struct str *out)
{
	struct expr value = { .op = EXPR_CONST, .type = what->type, .rat = r };

	return fits(m, what, &value) && number_text(m, what->type, r, out);
}

static bool try_text(struct making *m, const struct expr *what, struct str s, struct str *out)
{
	struct expr value = { .op = EXPR_CONST, .type = what->type, .text = s };

	*out = arena_str(m->a, s);
	return s.n > 0 && fits(m, what, &value);
}

/* A limit, one beside it on either side, and half-way to another limit. */
static bool near_limit(struct making *m, const struct expr *what, struct rat limit,
		       struct str *out)
{
	struct rat up, down;
	struct bound b;

	if (try_number(m, what, limit, out) ||
	    (rat_add(&up, limit, rat_int(1)) && try_number(m, what, up, out)) ||
	    (rat_sub(&down, limit, rat_int(1)) && try_number(m, what, down, out)))
		return true;
	for (uint32_t i = 0; i < m->n_atom; i++)
		if (is_about(m->atom[i], what) && expr_bound(inner(m->atom[i]), &b) &&
		    rat_add(&up, limit, b.limit) && rat_div(&up, up, rat_int(2)) &&
		    try_number(m, what, up, out))
			return true;
	return false;
}

static bool find_number(struct making *m, const struct expr *what, struct str *out)
{
	struct bound b;

	for (uint32_t i = 0; i < m->n_atom; i++)
		if (is_about(m->atom[i], what) && expr_bound(inner(m->atom[i]), &b) &&
		    near_limit(m, what, b.limit, out))
			return true;
	return try_number(m, what, rat_int(1), out);
}

static bool of_atom(struct making *m, const struct expr *what, const struct expr *e,
		    struct str *out)
{
	e = inner(e);
	if (e->op == EXPR_INLIST && e->n_arg == 1) {
		for (uint32_t i = 0; i < e->table->n_row && i < MOST_TRIES; i++)
			if (try_text(m, what, e->table->key_cell[i * e->table->n_key], out))
				return true;
		return false;
	}
	for (uint32_t i = 1; i < e->n_arg; i++)
		if (e->arg[i]->op == EXPR_CONST && try_text(m, what, e->arg[i]->text, out))
			return true;
	return false;
}

static bool find_text(struct making *m, const struct expr *what, struct str *out)
{
	const struct field_info *f = field_get(what->field);
	struct str code, name;

	if (f->dflt[0] && try_text(m, what, str_of(f->dflt), out))
		return true;
	for (uint32_t i = 0; i < m->n_atom; i++)
		if (is_about(m->atom[i], what) && of_atom(m, what, m->atom[i], out))
			return true;
	for (unsigned i = 0; code_table(f->name) && code_entry(f->name, i, &code, &name); i++)
		if (try_text(m, what, code, out))
			return true;
	return !code_table(f->name) && try_text(m, what, STR("W1"), out);
}

static bool wants_missing(const struct making *m, const struct expr *what)
{
	for (uint32_t i = 0; i < m->n_atom; i++)
		if (m->atom[i]->op == EXPR_NULL && is_about(m->atom[i], what))
			return true;
	return false;
}

static bool is_wished(const struct making *m, const struct expr *what)
{
	for (uint32_t i = 0; i < m->n_wish; i++)
		if (m->wish[i].what->field == what->field)
			return true;
	return false;
}

static bool make_wishes(struct making *m)
{
	for (uint32_t i = 0; i < m->n_atom; i++) {
		const struct expr *what = tested(m->atom[i]);
		struct wish *x = &m->wish[m->n_wish];

		if (what == NULL || what->type == TYPE_FLAG || is_wished(m, what))
			continue;
		if (m->n_wish == MOST_FIELDS)
			return false;
		*x = (struct wish){ .what = what, .missing = wants_missing(m, what) };
		if (!x->missing && !(is_text(what->type) ? find_text(m, what, &x->value)
							  : find_number(m, what, &x->value)))
			return false;
		m->n_wish++;
	}
	return true;
}

/* ---- a limit on the group ---- */

/* A comparison that must hold of the group, as a wish about its records. */
static void wish_limit(struct making *m, const struct expr *e)
{
	struct bound b;
	struct expr *test;

	for (uint32_t i = 0; e->op == EXPR_AND && i < e->n_arg; i++)
		wish_limit(m, e->arg[i]);
	if (!expr_bound(e, &b) || b.what->op != EXPR_AGG || b.what->role >= ROLE_RELATED)
		return;
	if (b.what->cond != NULL)
		take_atoms(m, b.what->cond);
	if (b.what->agg == AGG_COUNT && (b.op == EXPR_GT || b.op == EXPR_GE) &&
	    b.limit.num / b.limit.den < MOST_ROWS)
		m->copies = (uint32_t)(b.limit.num / b.limit.den) + 1;
	if (b.what->n_arg == 0 || b.what->arg[0]->op != EXPR_FIELD || m->n_atom == MOST_ATOMS ||
	    b.what->agg == AGG_DISTINCT || b.what->agg == AGG_COUNT)
		return;
	test = arena_dup(m->a, e, sizeof *e);
	test->op = b.op;
	test->arg = arena_array(m->a, 2, sizeof *test->arg);
	test->arg[0] = b.what->arg[0];
	test->arg[1] = e->arg[e->arg[1]->op == EXPR_CONST];
	m->atom[m->n_atom++] = test;
}

/* ---- into an example ---- */

static struct example_table *table_for(struct making *m, struct example *x, enum stream s)
{
	struct example_table *t;

	for (uint32_t i = 0; i < x->n_table; i++)
		if (x->table[i].stream == s)
			return &x->table[i];
	t = &x->table[x->n_table++];
	*t = (struct example_table){ .stream = s, .n_row = 1 };
	t->col = arena_array(m->a, MOST_FIELDS + 3, sizeof *t->col);
	t->cell = arena_array(m->a, MOST_FIELDS + 3, sizeof *t->cell);
	t->cell_at = arena_array(m->a, (MOST_FIELDS + 3) * MOST_ROWS, sizeof *t->cell_at);
	return t;
}

static bool is_stored(enum field f)
{
	const struct field_info *i = field_get(f);

	return i->stream < STREAM_STORED && i->role != ROLE_DERIVED;
}

/* Where a field is written: on the record, else on what the record joins. */
static enum field written_as(enum field f, enum stream s)
{
	static const enum stream joined[] = { STREAM_ENCOUNTER, STREAM_FACILITY, STREAM_PERSON,
					      STREAM_SETTLEMENT };
	enum field twin;

	if (is_stored(f) || s >= STREAM_STORED)
		return f;
	for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
		twin = field_named(joined[i], str_of(field_get(f)->name));
		if (twin != FIELD_NONE && is_stored(twin))
			return twin;
	}
	return FIELD_NONE;
}

static bool put(struct making *m, struct example *x, const struct wish *w, struct buf *told)
{
	enum stream s = field_get(w->what->field)->stream;
	enum field f = written_as(w->what->field, s);
	struct example_table *t;

	if (f == FIELD_NONE)
		return false;
	t = table_for(m, x, field_get(f)->stream);
	t->col[t->n_col] = f;
	t->cell[t->n_col++] = w->missing ? (struct str){ NULL, 0 } : w->value;
	buf_addf(told, "%s%s " STR_FMT, told->n ? ", " : "", field_get(f)->title,
		 STR_ARG(w->missing ? STR("空") : w->value));
	return true;
}

static void put_plain(struct making *m, struct example *x, enum field f, const char *value)
{
	struct example_table *t = table_for(m, x, field_get(f)->stream);

	for (uint32_t i = 0; i < t->n_col; i++)
		if (t->col[i] == f)
			return;
	t->col[t->n_col] = f;
	t->cell[t->n_col++] = arena_str(m->a, str_of(value));
}

/* A line without money is outside the scope of all rules. */
static void put_money(struct making *m, struct example *x)
{
	static const enum field money[] = { FIELD_fee_det_item_fee_sumamt, FIELD_fee_inscp_amt };
	const struct example_table *t = table_for(m, x, STREAM_FEE);

	for (uint32_t i = 0; i < t->n_col; i++)
		if (t->col[i] == money[0] || t->col[i] == money[1])
			return;
	put_plain(m, x, FIELD_fee_cnt, "1");
	put_plain(m, x, FIELD_fee_pric, "10");
}

/* The first row again and again, serials apart. */
static void repeat(struct making *m, struct example_table *t, struct buf *told)
{
	struct str *cell = arena_array(m->a, (size_t)t->n_col * m->copies + 1, sizeof *cell);

	for (uint32_t i = 0; i < m->copies; i++)
		for (uint32_t k = 0; k < t->n_col; k++)
			cell[i * t->n_col + k] = t->cell[k];
	t->cell = cell;
	t->n_row = m->copies;
	if (m->copies > 1)
		buf_addf(told, " × %u", m->copies);
}

bool witness_record(struct arena *a, const struct witness_wish *w, struct example *x,
		    struct buf *told)
{
	struct making *m = arena_alloc(a, sizeof *m);

	*m = (struct making){ .a = a, .w = w, .copies = 1 };
	*x = (struct example){ .expect_hits = -1, .expect_unknown = -1 };
	x->table = arena_array(a, STREAM_COUNT, sizeof *x->table);
	for (uint32_t i = 0; i < w->n_part; i++)
		take_atoms(m, w->part[i]);
	if (w->when != NULL)
		wish_limit(m, w->when);
	if (w->rule->form == FORM_PAIR || w->rule->form == FORM_COMPARE || !make_wishes(m))
		return false;
	table_for(m, x, w->rule->stream[0]);
	for (uint32_t i = 0; i < m->n_wish; i++)
		if (!put(m, x, &m->wish[i], told))
			return false;
	if (w->rule->stream[0] == STREAM_FEE)
		put_money(m, x);
	repeat(m, &x->table[0], told);
	return true;
}
