/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_local.c - the site's own layer: overrides of shipped rules, and rows of exceptions.
 *
 * An exception row names a rule and fills exactly the columns of the rule's 例外按;
 * owner and reason are required, dates may be open.
 */
#include "lib/rule/check_file.h"

#include "lib/base/civil.h"
#include "lib/base/near.h"
#include "lib/base/utf8.h"
#include "lib/rule/csv.h"

/* ---- overrides ---- */

struct syn_block *check_override(struct checker *c, struct str id)
{
	for (uint32_t i = 0; i < c->n_override; i++)
		if (str_eq(c->override[i]->id, id))
			return c->override[i];
	return NULL;
}

static void offer_rules(struct checker *c, struct near *near)
{
	for (uint32_t i = 0; i < c->rs->n_rule; i++)
		near_offer(near, c->rs->rule[i].id);
}

static bool known_rule(struct checker *c, struct str id, struct span at)
{
	struct near near;
	struct diag *d;

	if (ruleset_find(c->rs, id) != NULL)
		return true;
	d = diag_add(c->d, at, DIAG_UNKNOWN_RULE, check_cstr(c, id));
	near_init(&near, id);
	offer_rules(c, &near);
	check_near(c, d, at, &near, check_words(c, "规则", "rule"));
	return false;
}

void check_overrides(struct checker *c)
{
	for (uint32_t i = 0; i < c->n_override && c->d->n <= DIAG_MAX; i++) {
		const struct syn_block *b = c->override[i];
		const struct syn_block *first = check_override(c, b->id);

		if (b->id.n == 0 || !known_rule(c, b->id, b->id_at))
			continue;
		if (first != b) {
			struct diag *d =
				diag_add(c->d, b->id_at, DIAG_DUPLICATE_NAME, check_cstr(c, b->id));

			d->also = first->id_at;
			d->also_text = check_words(c, "第一次写在这里", "first written here");
		}
	}
}

/* ---- exceptions ---- */

enum { AT_RULE, AT_OWNER, AT_REASON, AT_FROM, AT_UNTIL, AT_COUNT };

#define NO_COLUMN UINT32_MAX
#define SOON_DAYS 30

struct exception_rows {
	struct checker *c;
	struct csv csv;
	uint32_t source, declared;
	uint32_t n_head;
	struct str head[CSV_MAX_CELLS];
	uint32_t at[AT_COUNT];
};

static const char *const heads[AT_COUNT][2] = {
	{ "规则", "rule" }, { "负责人", "owner" }, { "理由", "reason" }, { "自", "from" }, { "至", "until" },
};

static struct span cell_span(const struct exception_rows *x, struct str cell)
{
	uint32_t start = cell.n == 0 ? x->csv.row_start : (uint32_t)(cell.p - x->csv.text);

	return (struct span){ x->source, start, cell.n == 0 ? x->csv.row_end : start + cell.n };
}

static struct span row_span(const struct exception_rows *x)
{
	return (struct span){ x->source, x->csv.row_start, x->csv.row_end };
}

static bool read_head(struct exception_rows *x)
{
	bool ok = true;

	if (!csv_next(&x->csv))
		return false;
	x->n_head = x->csv.n_cell;
	for (uint32_t i = 0; i < x->n_head; i++)
		x->head[i] = x->csv.cell[i];
	for (unsigned w = 0; w < AT_COUNT; w++) {
		x->at[w] = NO_COLUMN;
		for (uint32_t i = 0; i < x->n_head; i++)
			if (str_eq(x->head[i], str_of(heads[w][0])) ||
			    str_eq(x->head[i], str_of(heads[w][1])))
				x->at[w] = i;
		if (x->at[w] != NO_COLUMN)
			continue;
		diag_add(x->c->d, row_span(x), DIAG_CSV_COLUMN, check_words(x->c, "例外", "exceptions"),
			 heads[w][x->c->d->english]);
		ok = false;
	}
	return ok;
}

static int32_t read_date(struct exception_rows *x, unsigned w)
{
	struct str cell = x->csv.cell[x->at[w]];
	int32_t day = MISSING_I32;

	if (cell.n > 0 && !civil_parse_date(cell, &day))
		diag_add(x->c->d, cell_span(x, cell), DIAG_CSV_VALUE, heads[w][x->c->d->english],
			 type_name(TYPE_DATE, x->c->d->english), check_cstr(x->c, cell));
	return day;
}

/* The cell of a 例外按 field; empty when there is none. */
static struct str field_cell(const struct exception_rows *x, enum field f)
{
	for (uint32_t i = 0; i < x->n_head; i++)
		if (field_find(field_get(f)->stream, x->head[i]) == f)
			return x->csv.cell[i];
	return (struct str){ NULL, 0 };
}

static const char *shape_of(struct exception_rows *x, const struct rule *r)
{
	struct buf b;
	const char *s;

	buf_init(&b, 1000);
	for (uint32_t i = 0; i < r->n_except; i++)
		buf_addf(&b, "%s%s", i > 0 ? check_words(x->c, "、", ", ") : "",
			 x->c->d->english ? field_get(r->except[i])->name
			 : field_get(r->except[i])->alias[0] != '\0'
				 ? field_get(r->except[i])->alias
				 : field_get(r->except[i])->title);
	s = arena_strdup(&x->c->d->arena, buf_cstr(&b));
	buf_fini(&b);
	return s;
}

/* The cells of the rule's shape; false when reported. */
static bool read_shape(struct exception_rows *x, const struct rule *r, struct exception *e)
{
	if (r->n_except == 0) {
		diag_add(x->c->d, row_span(x), DIAG_EXCEPT_NONE, check_cstr(x->c, r->id));
		return false;
	}
	e->cell = arena_array(x->c->a, r->n_except, sizeof *e->cell);
	for (uint32_t i = 0; i < r->n_except; i++) {
		const struct field_info *f = field_get(r->except[i]);
		struct str cell = field_cell(x, r->except[i]);
		struct str code = code_table(f->name) ? code_find(f->name, cell) : cell;

		if (cell.n == 0) {
			diag_add(x->c->d, row_span(x), DIAG_EXCEPT_SHAPE, check_cstr(x->c, r->id),
				 shape_of(x, r));
			return false;
		}
		e->cell[i] = arena_str(x->c->a, code.n > 0 ? code : cell);
	}
	return true;
}

static bool repeats(const struct rule *r, const struct exception *e)
{
	for (uint32_t i = 0; i < r->n_exception; i++) {
		const struct exception *o = &r->exception[i];
		uint32_t j = 0;

		while (j < r->n_except && str_eq(o->cell[j], e->cell[j]))
			j++;
		if (j == r->n_except && o->from == e->from && o->until == e->until)
			return true;
	}
	return false;
}

static void add_exception(struct exception_rows *x, struct rule *r, const struct exception *e)
{
	if (repeats(r, e)) {
		diag_add(x->c->d, row_span(x), DIAG_EXCEPT_REPEAT);
		return;
	}
	if ((r->n_exception & (r->n_exception + 1)) == 0) { /* room for 1, 3, 7, … */
		struct exception *more =
			arena_array(x->c->a, 2 * (size_t)r->n_exception + 1, sizeof *more);

		for (uint32_t i = 0; i < r->n_exception; i++)
			more[i] = r->exception[i];
		r->exception = more;
	}
	r->exception[r->n_exception++] = *e;
}

/* What has run out, or is about to. */
static void tell_end(struct exception_rows *x, int32_t until)
{
	int32_t today = x->c->d->today;
	struct buf day;

	if (today == 0 || until == MISSING_I32 || until - today > SOON_DAYS)
		return;
	buf_init(&day, 20);
	civil_add_date(&day, until);
	diag_add(x->c->d, row_span(x), until < today ? DIAG_EXCEPT_EXPIRED : DIAG_EXCEPT_SOON,
		 buf_cstr(&day));
	buf_fini(&day);
}

static void read_row(struct exception_rows *x)
{
	struct str id = x->csv.cell[x->at[AT_RULE]];
	struct exception e = { .at = row_span(x), .declared = x->declared };

	if (!known_rule(x->c, id, cell_span(x, id)))
		return;
	for (unsigned w = AT_OWNER; w <= AT_REASON; w++)
		if (x->csv.cell[x->at[w]].n == 0)
			diag_add(x->c->d, row_span(x), DIAG_EXCEPT_OWNER,
				 heads[w][x->c->d->english]);
	e.owner = arena_str(x->c->a, x->csv.cell[x->at[AT_OWNER]]);
	e.reason = arena_str(x->c->a, x->csv.cell[x->at[AT_REASON]]);
	e.from = read_date(x, AT_FROM);
	e.until = read_date(x, AT_UNTIL);
	tell_end(x, e.until);
	if (e.from != MISSING_I32 && e.until != MISSING_I32 && e.from > e.until)
		diag_add(x->c->d, row_span(x), DIAG_BAD_RANGE,
			 check_cstr(x->c, x->csv.cell[x->at[AT_FROM]]),
			 check_cstr(x->c, x->csv.cell[x->at[AT_UNTIL]]));
	for (uint32_t i = 0; i < x->c->rs->n_rule; i++) { /* every version of the rule */
		struct rule *r = &x->c->rs->rule[i];

		if (str_eq(r->id, id) && read_shape(x, r, &e))
			add_exception(x, r, &e);
	}
}

static void read_rows(struct exception_rows *x, const char *path)
{
	if (!read_head(x))
		return;
	while (csv_next(&x->csv) && x->c->d->n <= DIAG_MAX) {
		if (x->csv.wrong != NULL || x->csv.n_cell != x->n_head)
			diag_add(x->c->d, row_span(x), DIAG_CSV_BAD, path);
		else
			read_row(x);
	}
}

void check_exceptions(struct checker *c, struct syn_block *b)
{
	const struct syn_clause *from = b->clause[KW_FROM];
	struct exception_rows x = { .c = c, .declared = b->key.file };
	const char *path;
	struct buf text;
	size_t good;

	if (from == NULL) {
		diag_add(c->d, b->key, DIAG_CLAUSE_MISSING, check_keyword(c, KW_FROM));
		return;
	}
	buf_init(&text, 64u << 20);
	if (!from->broken && check_load(c, b, from, &text, &path)) {
		x.source = diag_source(c->d, path, buf_str(&text));
		good = utf8_valid_prefix(buf_cstr(&text), text.n);
		if (good < text.n) {
			diag_add(c->d,
				 (struct span){ x.source, (uint32_t)good, (uint32_t)good + 1 },
				 DIAG_BAD_UTF8);
		} else {
			csv_init(&x.csv, arena_dup(c->a, buf_cstr(&text), text.n), text.n);
			read_rows(&x, path);
		}
	}
	buf_fini(&text);
}
