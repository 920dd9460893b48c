/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_example.c - 试例: columns are fields, cells fit their types, something is expected.
 */
#include "lib/rule/check_rule.h"

#include <stdio.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/base/near.h"
#include "lib/rule/marks.h"

/* Column of a table; FIELD_NONE when reported. */
static enum field read_column(struct rule_check *k, enum stream s, struct str name, struct span at)
{
	enum field f = field_find(s, name);
	struct scope names = { .c = k->c, .n_role = 1, .stream = { s, s } };
	struct diag *d;

	if (f != FIELD_NONE)
		mark_field(k->c->d, at, f);
	if (f == FIELD_NONE) {
		d = diag_add(k->c->d, at, DIAG_UNKNOWN_FIELD,
			     k->c->d->english ? stream_name(s) : stream_title(s),
			     check_cstr(k->c, name));
		check_hint(&names, d, at, name);
		return FIELD_NONE;
	}
	if (field_get(f)->role != ROLE_DERIVED || field_get(f)->index < stream_stored_width(s))
		return f;
	diag_add(k->c->d, at, DIAG_EXAMPLE_DERIVED, check_cstr(k->c, name));
	return FIELD_NONE;
}

static bool is_missing_word(struct str cell)
{
	return keyword_is(cell, KW_MISSING);
}

static bool cell_fits(const struct field_info *f, struct str cell)
{
	int64_t v;
	int32_t day;

	switch (f->type) {
	case TYPE_MONEY:
	case TYPE_QTY:
	case TYPE_COUNT:
	case TYPE_RATIO:
		return dec_parse(cell, type_scale(f->type), &v);
	case TYPE_TIME:
		return civil_parse_time(cell, &v);
	case TYPE_DATE:
		return civil_parse_date(cell, &day);
	default:
		return !field_coded(f) || code_find(f->name, cell).n > 0;
	}
}

/* A cell as the decoder would read it: names of codes become codes. */
static struct str read_cell(struct rule_check *k, enum field field, struct str cell, struct span at)
{
	const struct field_info *f = field_get(field);
	struct str code;

	if (is_missing_word(cell))
		mark_keyword(k->c->d, at, MARK_KEYWORD, KW_MISSING);
	if (is_missing_word(cell))
		return (struct str){ NULL, 0 };
	if (cell.n == 0)
		return STR("");
	if (!cell_fits(f, cell)) {
		if (field_coded(f))
			check_unknown_value(k->c, f, cell, at);
		else
			diag_add(k->c->d, at, DIAG_EXAMPLE_VALUE,
				 k->c->d->english ? f->name
				 : f->alias[0] != '\0' ? f->alias : f->title,
				 type_name(f->type, k->c->d->english), check_cstr(k->c, cell));
		return (struct str){ NULL, 0 };
	}
	if (field_coded(f))
		mark_code(k->c->d, at, field);
	code = field_coded(f) ? code_find(f->name, cell) : (struct str){ NULL, 0 };
	return code.n > 0 ? code : arena_str(k->c->a, cell);
}

static bool read_head(struct rule_check *k, const struct syn_example_table *t,
		      struct example_table *out)
{
	bool ok = true;

	out->n_col = t->head.n_cell;
	out->col = arena_array(k->c->a, out->n_col + (size_t)1, sizeof *out->col);
	for (uint32_t i = 0; i < out->n_col; i++) {
		out->col[i] = read_column(k, out->stream, t->head.cell[i], t->head.cell_at[i]);
		ok &= out->col[i] != FIELD_NONE;
		for (uint32_t j = 0; j < i && out->col[i] != FIELD_NONE; j++) {
			if (out->col[j] != out->col[i])
				continue;
			diag_add(k->c->d, t->head.cell_at[i], DIAG_DUPLICATE_NAME,
				 check_cstr(k->c, t->head.cell[i]));
			ok = false;
		}
	}
	return ok;
}

static void read_rows(struct rule_check *k, const struct syn_example_table *t,
		      struct example_table *out)
{
	size_t cells = (size_t)t->n_row * out->n_col + 1;

	out->cell = arena_array(k->c->a, cells, sizeof *out->cell);
	out->cell_at = arena_array(k->c->a, cells, sizeof *out->cell_at);
	for (uint32_t r = 0; r < t->n_row; r++) {
		const struct syn_row *row = &t->row[r];
		char has[16], wants[16];

		if (row->n_cell != out->n_col) {
			snprintf(has, sizeof has, "%u", row->n_cell);
			snprintf(wants, sizeof wants, "%u", out->n_col);
			diag_add(k->c->d, row->at, DIAG_EXAMPLE_CELLS, has, wants);
			continue;
		}
		for (uint32_t i = 0; i < out->n_col; i++) {
			size_t at = (size_t)out->n_row * out->n_col + i;

			out->cell[at] = read_cell(k, out->col[i], row->cell[i], row->cell_at[i]);
			out->cell_at[at] = row->cell_at[i];
		}
		out->n_row++;
	}
}

static void read_table(struct rule_check *k, const struct syn_example_table *t, struct example *x)
{
	struct syn_item name = { .name = t->stream, .at = t->at };
	struct example_table *out = &x->table[x->n_table];

	out->stream = check_stream(k->c, &name);
	if (out->stream == STREAM_COUNT)
		return;
	if (stream_stored_width(out->stream) == 0) {
		diag_add(k->c->d, t->at, DIAG_EXAMPLE_DERIVED, check_cstr(k->c, t->stream));
		return;
	}
	if (!read_head(k, t, out))
		return;
	read_rows(k, t, out);
	x->n_table++;
}

static void read_expectation(struct rule_check *k, const struct syn_example *s, struct example *x)
{
	x->expect_hits = s->expects ? s->hits : -1;
	x->expect_unknown = s->expects_unknown ? s->unknown : -1;
	x->expect_at = s->expect_at;
	if (s->expects_amount) {
		x->has_amount = true;
		if (!dec_parse(s->amount, MONEY_SCALE, &x->expect_amount))
			diag_add(k->c->d, s->amount_at, DIAG_BAD_NUMBER,
				 check_cstr(k->c, s->amount));
	}
	if (!s->expects && !s->expects_unknown && s->expect_at.end == 0)
		diag_add(k->c->d, s->name_at, DIAG_EXAMPLE_EXPECT);
}

static void one_example(struct rule_check *k, const struct syn_example *s, struct example *x)
{
	uint32_t rows = 0;

	x->name = arena_str(k->c->a, s->name);
	x->at = s->name_at;
	x->table = arena_array(k->c->a, s->n_table + (size_t)1, sizeof *x->table);
	for (uint32_t i = 0; i < s->n_table; i++) {
		read_table(k, &s->table[i], x);
		rows += s->table[i].n_row;
	}
	if (rows == 0 && s->name.n > 0)
		diag_add(k->c->d, s->name_at, DIAG_EXAMPLE_EMPTY);
	read_expectation(k, s, x);
}

static void told_twice(struct rule_check *k, uint32_t i)
{
	struct diag *d;

	for (uint32_t j = 0; j < i; j++) {
		if (!str_eq(k->b->example[j].name, k->b->example[i].name))
			continue;
		d = diag_add(k->c->d, k->b->example[i].name_at, DIAG_DUPLICATE_NAME,
			     check_cstr(k->c, k->b->example[i].name));
		d->also = k->b->example[j].name_at;
		d->also_text = check_words(k->c, "第一次写在这里", "first written here");
		return;
	}
}

void check_examples(struct rule_check *k)
{
	struct rule *r = k->r;

	r->n_example = k->b->n_example;
	r->example = arena_array(k->c->a, r->n_example + (size_t)1, sizeof *r->example);
	for (uint32_t i = 0; i < r->n_example; i++) {
		one_example(k, &k->b->example[i], &r->example[i]);
		told_twice(k, i);
	}
}
