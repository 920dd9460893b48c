/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_lookup.c - lists and tables at run time, with what was found remembered per code.
 *
 * For a single code key, the rows that fit a code on any day are found once per distinct
 * value ever. A code with no row, or with one, needs no more searching: only the row's dates are
 * compared. Codes with several rows ask the table again for the day (longest prefix wins).
 */
#include <string.h>

#include "lib/rule/frame.h"

#include <pcre2.h>

enum { MAX_KEYS = KNOWLEDGE_MAX_KEY };

bool table_in_force(const struct knowledge *k, uint32_t row, int32_t day)
{
	return in_force(k->from ? k->from[row] : MISSING_I32,
			k->until ? k->until[row] : MISSING_I32, day);
}

bool table_undated(const struct knowledge *k, uint32_t row)
{
	return (!k->from || k->from[row] == MISSING_I32) &&
	       (!k->until || k->until[row] == MISSING_I32);
}

bool regex_matches(struct eval *e, void *regex, struct str s)
{
	if (!e->match)
		e->match = pcre2_match_data_create(1, NULL);
	return pcre2_match(regex, (PCRE2_SPTR)(s.p ? s.p : ""), s.n, 0, 0, e->match, NULL) >= 0;
}

struct value cell_value(const struct knowledge *k, uint32_t row, uint32_t col)
{
	const struct knowledge_column *c = &k->col[col];
	struct str cell = k->cell[row * k->n_col + col];
	struct rat r;

	if (c->kind == COLUMN_TEXT || c->kind == COLUMN_WINDOW)
		return cell.n ? value_str(c->type == TYPE_CODE ? TYPE_CODE : TYPE_TEXT, cell)
			      : value_missing(TYPE_TEXT);
	return knowledge_number(k, row, col, &r) ? value_rat(c->type, r)
						 : value_missing(c->type);
}

/* ---- rows that fit a code ---- */

struct fit_list {
	struct fits *fits;
	uint32_t n;
};

static void add_fit(void *ctx, uint32_t row)
{
	struct fit_list *l = ctx;
	struct fits *f = l->fits;

	GROW(f->row, f->cap_row, f->n_row + 1);
	f->row[f->n_row++] = row;
	l->n++;
}

static void fits_reach(struct fits *f, uint32_t n)
{
	if (f->n_dense >= n)
		return;
	n += n / 2;
	f->at = xreallocarray(f->at, n, sizeof *f->at);
	f->n = xreallocarray(f->n, n, sizeof *f->n);
	memset(f->at + f->n_dense, 0xFF, (n - f->n_dense) * sizeof *f->at);
	f->n_dense = n;
}

static void sort_rows(uint32_t *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		uint32_t x = v[i], at = i;

		for (; at > 0 && v[at - 1] > x; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

static void find_fits(struct eval *e, const struct table_memo *m, struct fits *f, uint32_t dense)
{
	struct fit_list l = { f, 0 };
	uint32_t code = e->domain[m->field].code_of[dense];

	f->at[dense] = f->n_row;
	knowledge_each(m->table, m->key == NO_INDEX ? 0 : m->key, dict_text(e->dict, code),
		       MISSING_I32, add_fit, &l);
	f->n[dense] = l.n;
	sort_rows(f->row + f->at[dense], l.n);
}

const uint32_t *table_rows(struct eval *e, uint32_t memo, uint32_t dense, uint32_t *n)
{
	struct fits *f = &e->fits[memo];

	*n = 0;
	if (!dense)
		return NULL;
	fits_reach(f, dense + 1);
	if (f->at[dense] == UINT32_MAX)
		find_fits(e, &e->p->memo[memo], f, dense);
	*n = f->n[dense];
	return f->row + f->at[dense];
}

bool codes_steady(struct eval *e, const struct node *n, const struct node *of,
		  const uint32_t *dense)
{
	uint32_t count;
	const uint32_t *row;

	if (!n->dated)
		return true;
	if (n->memo != NO_INDEX) {
		row = table_rows(e, n->memo, dense[n->arg[0]->field != of->domain], &count);
		return count == 0 || (count == 1 && table_undated(n->table, row[0]));
	}
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (!codes_steady(e, n->arg[i], of, dense))
			return false;
	return true;
}

static void narrow(struct spell *spell, int32_t from, int32_t until, int32_t day)
{
	if (from != MISSING_I32 && day < from)
		until = from - 1, from = MISSING_I32;
	else if (until != MISSING_I32 && day > until)
		from = until + 1, until = MISSING_I32;
	if (from != MISSING_I32 && from > spell->from)
		spell->from = from;
	if (until != MISSING_I32 && until < spell->to)
		spell->to = until;
}

void code_spell(struct eval *e, const struct node *n, uint32_t dense, int32_t day,
		struct spell *spell)
{
	const struct knowledge *k = n->table;
	const uint32_t *row;
	uint32_t count;

	if (!n->dated)
		return;
	if (n->memo == NO_INDEX) {
		for (uint32_t i = 0; i < n->n_arg; i++)
			code_spell(e, n->arg[i], dense, day, spell);
		return;
	}
	row = table_rows(e, n->memo, dense, &count);
	for (uint32_t i = 0; i < count; i++)
		narrow(spell, k->from ? k->from[row[i]] : MISSING_I32,
		       k->until ? k->until[row[i]] : MISSING_I32, day);
}

struct spell *spell_at(struct slot *s, uint32_t dense)
{
	uint32_t n = dense + 1 + dense / 2;

	if (dense >= s->n_spell) {
		s->spell = xreallocarray(s->spell, n, sizeof *s->spell);
		for (; s->n_spell < n; s->n_spell++)
			s->spell[s->n_spell] = (struct spell){ 1, 0, 0 };
	}
	return &s->spell[dense];
}

bool table_fits(struct eval *e, uint32_t memo, uint32_t dense, uint32_t row)
{
	uint32_t n;
	const uint32_t *rows = table_rows(e, memo, dense, &n);

	for (uint32_t i = 0; i < n; i++)
		if (rows[i] == row)
			return true;
	return false;
}

struct one_row {
	uint32_t row;
	bool found;
};

static void look_for(void *ctx, uint32_t row)
{
	struct one_row *o = ctx;

	o->found |= o->row == row;
}

bool key_matches(const struct knowledge *k, uint32_t key, struct str text, uint32_t row)
{
	struct one_row o = { row, false };

	knowledge_each(k, key, text, MISSING_I32, look_for, &o);
	return o.found;
}

/* ---- look-ups by the whole key ---- */

/* The row for a code as of a day, KNOWLEDGE_NONE when there is none. */
static uint32_t find_by_code(struct frame *f, const struct node *n, uint32_t dense)
{
	uint32_t count;
	const uint32_t *rows = table_rows(f->e, n->memo, dense, &count);
	struct str key;

	if (count == 0)
		return KNOWLEDGE_NONE;
	if (count == 1)
		return table_in_force(n->table, rows[0], frame_day(f)) ? rows[0] : KNOWLEDGE_NONE;
	key = dict_text(f->e->dict, f->e->domain[n->arg[0]->field].code_of[dense]);
	return knowledge_find(n->table, &key, frame_day(f));
}

/* False: some key is missing, so nothing can be said. */
static bool find_row(struct frame *f, const struct node *n, uint32_t *row)
{
	struct str key[MAX_KEYS];
	const struct node *a = n->arg[0];

	*row = KNOWLEDGE_NONE;
	if (n->n_arg > MAX_KEYS)
		return false;
	if (n->memo != NO_INDEX && f->code_field == FIELD_NONE &&
	    f->stream[a->role] == a->stream) {
		uint32_t dense = domain_rows(f->e, a->field)[f->at[a->role]];

		*row = dense ? find_by_code(f, n, dense) : KNOWLEDGE_NONE;
		return dense != 0;
	}
	for (uint32_t i = 0; i < n->n_arg; i++) {
		struct value v = node_value(f, n->arg[i]);

		if (!v.known)
			return false;
		key[i] = v.text;
		if (!type_is_text(v.type)) {
			buf_reset(&f->e->text);
			value_add(&f->e->text, &v);
			key[i] = arena_str(&f->e->scratch, buf_str(&f->e->text));
		}
	}
	*row = knowledge_find(n->table, key, frame_day(f));
	return true;
}

uint32_t lookup_row(struct frame *f, const struct node *n)
{
	uint32_t row;

	return find_row(f, n, &row) ? row : KNOWLEDGE_NONE;
}

struct value lookup_value(struct frame *f, const struct node *n)
{
	uint32_t row;

	if (!find_row(f, n, &row) || row == KNOWLEDGE_NONE)
		return value_missing(n->type);
	if (!n->number)
		return cell_value(n->table, row, n->index);
	return n->number[row].den ? value_rat(n->type, n->number[row]) : value_missing(n->type);
}

enum truth inlist_truth(struct frame *f, const struct node *n)
{
	uint32_t row;

	if (!find_row(f, n, &row))
		return TRUTH_UNKNOWN;
	return row == KNOWLEDGE_NONE ? TRUTH_FALSE : TRUTH_TRUE;
}
