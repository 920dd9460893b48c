/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * knowledge.c - from CSV text to a list or table: columns found, cells checked and
 * normalised, repeats and overlaps told, digest of the meaning.
 *
 * The text is copied once and cut in place; a quarter of a million rows take a
 * fraction of a second. The file becomes a source of the diagnostics only when
 * there is something to say about it.
 */
#include "lib/rule/knowledge.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/base/digest.h"
#include "lib/base/near.h"
#include "lib/base/sort.h"
#include "lib/base/utf8.h"
#include "lib/rule/csv.h"
#include "lib/rule/knowledge_index.h"
#include "lib/rule/rule.h"

#define MAX_BYTES (UINT32_C(256) << 20)
#define MAX_ROWS 2000000u

#define NO_COLUMN UINT32_MAX

#define NO_SOURCE UINT32_MAX

struct loading {
	struct knowledge *k;
	struct arena *arena;
	struct diag_list *d;
	const struct knowledge_text *text;
	uint32_t n_text, now; /* of them the one being read */
	const struct knowledge_dates *dates;
	uint32_t *source;     /* [n_text] of the diagnostics, NO_SOURCE = not yet */
	struct csv csv;
	uint32_t n_header;
	bool coded[KNOWLEDGE_MAX_KEY]; /* names of these keys become codes */
	uint32_t key_at[KNOWLEDGE_MAX_KEY], col_at[KNOWLEDGE_MAX_COL], from_at, until_at;
	uint32_t note_at;     /* a list's 名称 */
	uint32_t *row_start;  /* [rows] offset of each row, for messages */
	uint32_t *row_end;
	uint32_t errors;
};

static const char *cstr(struct loading *l, struct str s)
{
	return arena_str(&l->d->arena, s).p;
}

static struct span span_in(struct loading *l, uint32_t text, uint32_t start, uint32_t end)
{
	if (l->source[text] == NO_SOURCE)
		l->source[text] = diag_source(l->d, l->text[text].path, l->text[text].csv);
	return (struct span){ l->source[text], start, end };
}

static struct span span_of(struct loading *l, uint32_t start, uint32_t end)
{
	return span_in(l, l->now, start, end);
}

static struct span cell_span(struct loading *l, struct str cell)
{
	uint32_t start = cell.p == NULL ? l->csv.row_start : (uint32_t)(cell.p - l->csv.text);

	return span_of(l, start, start + cell.n);
}

static struct span row_span(struct loading *l, uint32_t row)
{
	uint32_t text = 0;

	for (uint32_t before = 0; text < l->now; text++) {
		before += l->k->part[text].n_row;
		if (row < before)
			break;
	}
	return span_in(l, text, l->row_start[row], l->row_end[row]);
}

static bool names_column(struct str name, enum field field, struct str header)
{
	const struct field_info *f;

	if (str_eq(name, header))
		return true;
	if (field == FIELD_NONE || header.n == 0)
		return false;
	f = field_get(field);
	return field_find(f->stream, name) == field && field_find(f->stream, header) == field;
}

/* Position of a column in the header; reports it when it is not there. */
static uint32_t find_column(struct loading *l, struct str name, enum field field)
{
	struct near near;
	struct diag *x;

	near_init(&near, name);
	for (uint32_t i = 0; i < l->csv.n_cell; i++) {
		if (names_column(name, field, l->csv.cell[i]))
			return i;
		near_offer(&near, l->csv.cell[i]);
	}
	l->errors++;
	x = diag_add(l->d, span_of(l, l->csv.row_start, l->csv.row_end), DIAG_CSV_COLUMN,
		     l->text[l->now].path, cstr(l, name));
	if (near_best(&near).n > 0)
		x->near = arena_printf(&l->d->arena, l->d->english ? "near: " STR_FMT : "相近的列：" STR_FMT,
				       STR_ARG(near_best(&near)));
	x->also = l->k->at;
	x->also_text = l->d->english ? "declared here" : "在这里声明";
	return NO_COLUMN;
}

static bool read_header(struct loading *l, const struct knowledge_dates *dates)
{
	struct knowledge *k = l->k;

	if (!csv_next(&l->csv)) {
		diag_add(l->d, k->at, DIAG_CSV_BAD, l->d->english ? "the file is empty" : "文件是空的");
		return false;
	}
	l->n_header = l->csv.n_cell;
	for (uint32_t i = 0; i < k->n_key; i++) {
		l->key_at[i] = find_column(l, k->key[i].name, k->key[i].field);
		l->coded[i] = k->key[i].field != FIELD_NONE && k->key[i].kind == KEY_EXACT &&
			      field_coded(field_get(k->key[i].field));
	}
	for (uint32_t i = 0; i < k->n_col; i++)
		l->col_at[i] = find_column(l, k->col[i].name, FIELD_NONE);
	l->note_at = NO_COLUMN;
	for (uint32_t i = 0; k->list && i < l->n_header; i++)
		if (str_eq(l->csv.cell[i], STR("名称")) || str_eq(l->csv.cell[i], STR("name")))
			l->note_at = i;
	l->from_at = l->until_at = NO_COLUMN;
	if (dates->from.n > 0)
		l->from_at = find_column(l, dates->from, FIELD_NONE);
	if (dates->until.n > 0)
		l->until_at = find_column(l, dates->until, FIELD_NONE);
	return l->errors == 0;
}

static void bad_cell(struct loading *l, struct str cell, struct str column, const char *what)
{
	l->errors++;
	diag_add(l->d, cell_span(l, cell), DIAG_CSV_VALUE, cstr(l, column), what, cstr(l, cell));
}

static int32_t read_date(struct loading *l, uint32_t at, struct str column)
{
	int32_t day;

	if (at == NO_COLUMN || l->csv.cell[at].n == 0)
		return MISSING_I32;
	if (civil_parse_date(l->csv.cell[at], &day))
		return day;
	bad_cell(l, l->csv.cell[at], column, type_name(TYPE_DATE, l->d->english));
	return MISSING_I32;
}

/* A value cell as the engine reads it, or an error. */
static struct str read_value(struct loading *l, struct str cell, const struct knowledge_column *col)
{
	struct str whole = cell;
	struct window w;
	int64_t v;
	int32_t day;

	if (cell.n == 0)
		return (struct str){ NULL, 0 };
	switch (col->kind) {
	case COLUMN_TEXT:
		return cell;
	case COLUMN_WINDOW:
		if (window_parse(cell, &w))
			return cell;
		bad_cell(l, cell, col->name, l->d->english ? "window" : "时间区间");
		return cell;
	case COLUMN_DATE:
		if (!civil_parse_date(cell, &day))
			bad_cell(l, cell, col->name, type_name(TYPE_DATE, l->d->english));
		return cell;
	case COLUMN_NUMBER:
		if (col->type == TYPE_RATIO && str_ends(cell, STR("%")))
			cell.n--;
		if (!dec_parse(cell, col->type == TYPE_COUNT || col->type == TYPE_DURATION
			       ? 0 : type_scale(col->type), &v))
			bad_cell(l, cell, col->name, type_name(col->type, l->d->english));
		break;
	}
	return whole;
}

/* A key cell; names of coded fields become codes. */
static struct str read_key(struct loading *l, struct str cell, uint32_t i)
{
	const struct knowledge_key *key = &l->k->key[i];
	struct str code;

	if (cell.n == 0) {
		l->errors++;
		diag_add(l->d, span_of(l, l->csv.row_start, l->csv.row_end), DIAG_CSV_EMPTY_KEY,
			 cstr(l, key->name));
		return cell;
	}
	if (!l->coded[i])
		return cell;
	code = code_find(field_get(key->field)->name, cell);
	if (code.n > 0)
		return code;
	diag_add(l->d, cell_span(l, cell), DIAG_CSV_CODE, cstr(l, key->name), cstr(l, cell));
	return cell;
}

static void read_cells(struct loading *l)
{
	struct knowledge *k = l->k;
	uint32_t r = k->n_row;
	struct str *key = &k->key_cell[(size_t)r * k->n_key];
	struct str *cell = &k->cell[(size_t)r * k->n_col];

	for (uint32_t i = 0; i < k->n_key; i++)
		key[i] = read_key(l, l->csv.cell[l->key_at[i]], i);
	for (uint32_t i = 0; i < k->n_col; i++)
		cell[i] = read_value(l, l->csv.cell[l->col_at[i]], &k->col[i]);
	if (k->list)
		k->note[r] = l->note_at == NO_COLUMN ? STR("") : l->csv.cell[l->note_at];
	if (k->from != NULL)
		k->from[r] = read_date(l, l->from_at, l->dates->from);
	if (k->until != NULL)
		k->until[r] = read_date(l, l->until_at, l->dates->until);
	l->row_start[r] = l->csv.row_start;
	l->row_end[r] = l->csv.row_end;
	if (k->from != NULL && k->until != NULL && k->from[r] != MISSING_I32 &&
	    k->until[r] != MISSING_I32 && k->from[r] > k->until[r]) {
		l->errors++;
		diag_add(l->d, row_span(l, r), DIAG_BAD_RANGE, cstr(l, l->csv.cell[l->from_at]),
			 cstr(l, l->csv.cell[l->until_at]));
	}
	k->n_row++;
}

static void bad_row(struct loading *l)
{
	const char *why = l->d->english ? "the row has too many cells" : "这一行的格数与表头不同";

	if (l->csv.wrong != NULL && strcmp(l->csv.wrong, "quote") == 0)
		why = l->d->english ? "quotes do not pair" : "引号没有成对";
	else if (l->d->english)
		why = "the row is not as long as the header";
	l->errors++;
	diag_add(l->d, span_of(l, l->csv.row_start, l->csv.row_end), DIAG_CSV_BAD, why);
}

static uint32_t count_lines(struct str s)
{
	uint32_t n = 1;

	for (const char *p = s.p, *end = p + s.n; p < end; n++) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (p == NULL)
			break;
		p++;
	}
	return n;
}

static void make_room(struct loading *l, uint32_t rows, const struct knowledge_dates *dates)
{
	struct knowledge *k = l->k;

	k->n_row = 0;
	k->key_cell = arena_array(l->arena, (size_t)rows * k->n_key, sizeof *k->key_cell);
	k->cell = arena_array(l->arena, (size_t)rows * k->n_col + 1, sizeof *k->cell);
	k->note = k->list ? arena_array(l->arena, rows, sizeof *k->note) : NULL;
	k->from = dates->from.n > 0 ? arena_array(l->arena, rows, sizeof *k->from) : NULL;
	k->until = dates->until.n > 0 ? arena_array(l->arena, rows, sizeof *k->until) : NULL;
	l->row_start = xcalloc(rows, sizeof *l->row_start);
	l->row_end = xcalloc(rows, sizeof *l->row_end);
}

static void read_rows(struct loading *l)
{
	while (csv_next(&l->csv)) {
		if (l->d->n > DIAG_MAX)
			break;
		if (l->csv.wrong != NULL || l->csv.n_cell != l->n_header)
			bad_row(l);
		else
			read_cells(l);
	}
}

/* ---- repeats and overlaps ---- */

struct ref {
	uint64_t hash;
	int32_t from;
	uint32_t row;
};

static int by_key_and_date(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static bool same_cells(const struct str *a, const struct str *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!str_eq(a[i], b[i]))
			return false;
	return true;
}

static const char *key_text(struct loading *l, uint32_t r)
{
	const struct knowledge *k = l->k;
	struct buf b;
	const char *s;

	buf_init(&b, 400);
	for (uint32_t i = 0; i < k->n_key; i++) {
		buf_adds(&b, i > 0 ? "、" : "");
		buf_addstr(&b, k->key_cell[(size_t)r * k->n_key + i]);
	}
	s = arena_strdup(&l->d->arena, buf_cstr(&b));
	buf_fini(&b);
	return s;
}

/* Rows `a` and `b` have one key and are in force at once. */
static void tell_clash(struct loading *l, uint32_t a, uint32_t b)
{
	const struct knowledge *k = l->k;
	struct diag *x;
	bool same = same_cells(&k->cell[(size_t)a * k->n_col], &k->cell[(size_t)b * k->n_col],
			       k->n_col);
	enum diag_code code = same ? DIAG_CSV_REPEAT
			    : k->from != NULL || k->until != NULL ? DIAG_CSV_OVERLAP
			    : DIAG_CSV_DUPLICATE;

	if (a > b) {
		uint32_t t = a;

		a = b;
		b = t;
	}
	if (!same)
		l->errors++;
	x = diag_add(l->d, row_span(l, b), code, key_text(l, b));
	x->also = row_span(l, a);
	x->also_text = l->d->english ? "the other row" : "另一行";
}

static bool same_key(const struct knowledge *k, uint32_t a, uint32_t b)
{
	return same_cells(&k->key_cell[(size_t)a * k->n_key], &k->key_cell[(size_t)b * k->n_key],
			  k->n_key);
}

static void find_clashes(struct loading *l)
{
	const struct knowledge *k = l->k;
	struct ref *ref = xcalloc(k->n_row + (size_t)1, sizeof *ref);
	uint32_t widest = 0; /* row of the group that stays in force longest */

	for (uint32_t r = 0; r < k->n_row; r++)
		ref[r] = (struct ref){ knowledge_row_hash(k, r), k->from ? k->from[r] : 0, r };
	qsort(ref, k->n_row, sizeof *ref, by_key_and_date);
	for (uint32_t i = 1; i < k->n_row && l->d->n <= DIAG_MAX; i++) {
		uint32_t a = ref[i - 1].row, b = ref[i].row;

		if (ref[i].hash != ref[i - 1].hash || !same_key(k, a, b))
			continue;
		if (i == 1 || ref[i - 2].hash != ref[i].hash)
			widest = a;
		if (k->until == NULL || k->until[widest] == MISSING_I32 ||
		    ref[i].from == MISSING_I32 || ref[i].from <= k->until[widest])
			tell_clash(l, widest, b);
		if (k->until != NULL && k->until[widest] != MISSING_I32 &&
		    (k->until[b] == MISSING_I32 || k->until[b] > k->until[widest]))
			widest = b;
	}
	xfree(ref);
}

/* ---- digest ---- */

static void digest_row(const struct knowledge *k, uint32_t r, struct sort_pair *out)
{
	struct digest d;
	uint64_t raw[2];

	digest_init(&d);
	for (uint32_t i = 0; i < k->n_key; i++)
		digest_addstr(&d, k->key_cell[(size_t)r * k->n_key + i]);
	for (uint32_t i = 0; i < k->n_col; i++)
		digest_addstr(&d, k->cell[(size_t)r * k->n_col + i]);
	if (k->note && k->note[r].n)
		digest_addstr(&d, k->note[r]);
	digest_u64(&d, (uint64_t)(int64_t)(k->from ? k->from[r] : MISSING_I32));
	digest_u64(&d, (uint64_t)(int64_t)(k->until ? k->until[r] : MISSING_I32));
	digest_raw(&d, raw);
	*out = (struct sort_pair){ raw[0], raw[1] };
}

static void make_digest(struct knowledge *k)
{
	struct sort_pair *row = xcalloc(k->n_row + (size_t)1, sizeof *row);
	struct digest d;

	digest_init(&d);
	digest_u64(&d, k->list);
	for (uint32_t i = 0; i < k->n_key; i++)
		digest_u64(&d, k->key[i].kind);
	for (uint32_t i = 0; i < k->n_col; i++) {
		digest_u64(&d, k->col[i].type);
		digest_u64(&d, k->col[i].kind);
	}
	for (uint32_t r = 0; r < k->n_row; r++)
		digest_row(k, r, &row[r]);
	sort_pairs(row, k->n_row);
	for (uint32_t r = 0; r < k->n_row; r++) {
		digest_u64(&d, row[r].key);
		digest_u64(&d, row[r].value);
	}
	digest_hex(&d, k->digest);
	xfree(row);
}

/* ---- whole ---- */

static void finish(struct loading *l)
{
	struct knowledge *k = l->k;
	char why[128] = "";
	uint32_t row = 0;

	if (!knowledge_index(k, l->arena, &row, why)) {
		l->errors++;
		diag_add(l->d, row_span(l, row), DIAG_BAD_REGEX, why);
		return;
	}
	find_clashes(l);
	make_digest(k);
	if (k->n_row == 0 && l->errors == 0)
		diag_add(l->d, k->at, DIAG_LIST_EMPTY, cstr(l, k->name));
}

/* `lines` counts those of all texts so far. */
static bool text_is_fit(struct loading *l, uint32_t *lines)
{
	const struct knowledge_text *t = &l->text[l->now];
	size_t good;

	if (t->csv.n <= MAX_BYTES)
		*lines += count_lines(t->csv);
	if (t->csv.n > MAX_BYTES || *lines > MAX_ROWS) {
		diag_add(l->d, l->k->at, DIAG_TOO_BIG, t->path);
		return false;
	}
	good = utf8_valid_prefix(t->csv.p, t->csv.n);
	if (good < t->csv.n) {
		diag_add(l->d, span_of(l, (uint32_t)good, (uint32_t)good + 1), DIAG_BAD_UTF8);
		return false;
	}
	return true;
}

static bool read_text(struct loading *l)
{
	struct knowledge_part *part = &l->k->part[l->now];
	struct str csv = l->text[l->now].csv;
	uint32_t before = l->k->n_row;

	csv_init(&l->csv, arena_dup(l->arena, csv.n > 0 ? csv.p : "", csv.n), csv.n);
	if (!read_header(l, l->dates))
		return false;
	read_rows(l);
	part->path = arena_str(l->arena, str_of(l->text[l->now].path));
	part->n_row = l->k->n_row - before;
	return true;
}

static bool read_texts(struct loading *l)
{
	uint32_t lines = 0;

	for (l->now = 0; l->now < l->n_text; l->now++)
		if (!text_is_fit(l, &lines))
			return false;
	make_room(l, lines, l->dates);
	for (l->now = 0; l->now < l->n_text; l->now++)
		if (!read_text(l))
			return false;
	l->now = l->n_text - 1;
	return true;
}

bool knowledge_load(struct knowledge *k, const struct knowledge_text *text, uint32_t n,
		    const struct knowledge_dates *dates, struct arena *a, struct diag_list *d)
{
	struct loading l = {
		.k = k, .arena = a, .d = d, .text = text, .n_text = n, .dates = dates,
		.source = xcalloc(n, sizeof *l.source),
	};
	bool ok;

	for (uint32_t i = 0; i < n; i++)
		l.source[i] = NO_SOURCE;
	k->n_part = n;
	k->part = arena_array(a, n, sizeof *k->part);
	ok = read_texts(&l);
	if (ok)
		finish(&l);
	xfree(l.row_start);
	xfree(l.row_end);
	xfree(l.source);
	return ok && l.errors == 0;
}

void knowledge_fini(struct knowledge *k)
{
	knowledge_index_fini(k);
}

bool knowledge_number(const struct knowledge *k, uint32_t row, uint32_t col, struct rat *out)
{
	struct str cell = k->cell[(size_t)row * k->n_col + col];
	enum type type = k->col[col].type;
	int scale = type_scale(type);
	bool percent = str_ends(cell, STR("%"));
	int32_t day;
	int64_t v;

	if (cell.n == 0)
		return false;
	if (type == TYPE_DATE) {
		if (!civil_parse_date(cell, &day))
			return false;
		*out = rat_int(day);
		return true;
	}
	if (percent)
		cell.n--;
	if (type == TYPE_DURATION || type == TYPE_COUNT)
		scale = 0;
	if (!dec_parse(cell, scale, &v))
		return false;
	*out = rat_scaled(v, scale);
	if (percent)
		return rat_div(out, *out, rat_int(100));
	if (type == TYPE_DURATION)
		return rat_mul(out, *out, rat_int(SECS_PER_DAY));
	return true;
}
