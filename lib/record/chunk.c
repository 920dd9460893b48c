/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chunk.c - tables of columns that come into being when their first value does.
 *
 * New rows are filled with "missing" in the columns that are there, just before their values are
 * made, so a column nobody fills costs nothing at all.
 */
#include "lib/record/chunk.h"

#include <assert.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/record/column.h"
#include "lib/record/parse.h"

#define FIRST_CAP 64u
#define USUAL_CAP 16384u /* rows of a full chunk: grown to in few steps, since each copies */
#define RAW_MAX 4096u

/* Beside lexicons, whose holders are counted, all that chunks of several threads share. */
uint64_t chunk_name(void)
{
	static _Atomic uint64_t last;
	return ++last;
}

static struct chunk *new_chunk(struct dict *take_dict)
{
	struct chunk *c = xcalloc(1, sizeof(*c));
	c->name = chunk_name();
	c->dict = take_dict;
	arena_init(&c->arena);
	return c;
}

struct chunk *chunk_new(void)
{
	return new_chunk(dict_new());
}

struct chunk *chunk_new_over(struct lexicon *below, uint32_t n)
{
	return new_chunk(dict_new_over(below, n));
}

static void table_fini(struct table *t, enum stream s)
{
	unsigned width = stream_stored_width(s);
	for (unsigned i = 0; t->col && i < width; i++)
		xfree(t->col[i]);
	xfree(t->col);
	xfree(t->salt);
	xfree(t->made);
	xfree(t->src);
}

void chunk_free(struct chunk *c)
{
	if (!c)
		return;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		table_fini(&c->table[s], (enum stream)s);
	dict_free(c->dict);
	xfree(c->known);
	arena_fini(&c->arena);
	xfree(c->reject);
	xfree(c);
}

static void fill_missing(void *col, enum width w, uint32_t from, uint32_t to)
{
	int64_t *i64 = col;
	int32_t *i32 = col;
	if (w == WIDTH_I64)
		for (uint32_t i = from; i < to; i++)
			i64[i] = MISSING_I64;
	else if (w == WIDTH_I32)
		for (uint32_t i = from; i < to; i++)
			i32[i] = MISSING_I32;
	else
		memset((char *)col + (size_t)from * width_bytes(w), 0,
		       (size_t)(to - from) * width_bytes(w));
}

static enum width stored_width(enum stream s, unsigned index)
{
	return type_width(field_get(stream_first(s) + index)->type);
}

static uint32_t next_cap(uint32_t cap)
{
	if (cap < USUAL_CAP)
		return cap ? cap * 4 : FIRST_CAP;
	return (uint32_t)grow_capacity(cap, (size_t)cap + 1, UINT32_MAX);
}

static void table_grow(struct table *t, enum stream s)
{
	uint32_t cap = next_cap(t->cap);
	unsigned width = stream_stored_width(s);
	if (!t->col) {
		t->col = xcalloc(width, sizeof(*t->col));
		t->salt = xcalloc(width, sizeof(*t->salt));
		t->made = xcalloc(width, sizeof(*t->made));
	}
	for (unsigned k = 0; k < t->n_made; k++) {
		void **col = &t->col[t->made[k]];
		*col = xreallocarray(*col, cap, width_bytes(stored_width(s, t->made[k])));
	}
	t->src = xreallocarray(t->src, cap, sizeof(*t->src));
	t->cap = cap;
}

struct chunk *chunk_again(struct chunk *c, struct lexicon *below, uint32_t n)
{
	for (unsigned s = 0; s < STREAM_STORED; s++)
		column_drop_rows(c, (enum stream)s, c->table[s].n);
	dict_clear_over(c->dict, below, n);
	arena_reset(&c->arena);
	c->name = chunk_name();
	c->n_known = c->n_reject = 0;
	c->rows = c->first_line = 0;
	return c;
}

uint64_t chunk_records(const struct chunk *c)
{
	uint64_t n = 0;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		n += c->table[s].n;
	return n;
}

uint32_t chunk_row(struct chunk *c, enum stream s)
{
	assert(s < STREAM_STORED);
	struct table *t = &c->table[s];
	if (t->n == t->cap)
		table_grow(t, s);
	t->src[t->n] = (struct source){ .revision = MISSING_I64 };
	return column_add_rows(c, s, 1);
}

void *column_make(struct chunk *c, enum stream s, unsigned index, enum type type)
{
	struct table *t = &c->table[s];
	void *col = t->col[index];
	if (col)
		return col;
	enum width w = type_width(type);
	col = xreallocarray(NULL, t->cap, width_bytes(w));
	fill_missing(col, w, 0, t->n);
	t->col[index] = col;
	t->made[t->n_made++] = (uint16_t)index;
	t->salt[index] = hash_str(str_of(field_get(stream_first(s) + index)->name));
	return col;
}

uint32_t column_add_unwritten(struct chunk *c, enum stream s, uint32_t n, const bool *written)
{
	struct table *t = &c->table[s];
	while (t->cap - t->n < n)
		table_grow(t, s);
	for (unsigned k = 0; k < t->n_made; k++)
		if (!written || !written[t->made[k]])
			column_blank(c, s, t->made[k], t->n, n);
	t->n += n;
	return t->n - n;
}

uint32_t column_add_rows(struct chunk *c, enum stream s, uint32_t n)
{
	return column_add_unwritten(c, s, n, NULL);
}

void column_blank(struct chunk *c, enum stream s, unsigned index, uint32_t row, uint32_t n)
{
	void *col = c->table[s].col[index];
	if (col)
		fill_missing(col, stored_width(s, index), row, row + n);
}

void column_drop_rows(struct chunk *c, enum stream s, uint32_t n)
{
	assert(c->table[s].n >= n);
	c->table[s].n -= n;
}

/* Moves what stands between dropped rows down, cell by cell of `size` bytes. */
static void close_up(void *column, size_t size, uint32_t rows, const uint32_t *row, uint32_t n)
{
	char *p = column;
	size_t to = row[0];
	for (uint32_t i = 0; i < n; i++) {
		size_t from = row[i] + 1u, end = i + 1 < n ? row[i + 1] : rows;
		memmove(p + to * size, p + from * size, (end - from) * size);
		to += end - from;
	}
}

void chunk_drop_rows(struct chunk *c, enum stream s, const uint32_t *row, uint32_t n)
{
	struct table *t = &c->table[s];
	assert(n <= t->n);
	if (n == 0)
		return;
	for (unsigned k = 0; k < t->n_made; k++)
		close_up(t->col[t->made[k]], width_bytes(stored_width(s, t->made[k])), t->n, row,
			 n);
	close_up(t->src, sizeof(*t->src), t->n, row, n);
	t->n -= n;
}

/* The column to write field f of row r into. */
static void *writable(struct chunk *c, enum field f, uint32_t r, enum width w)
{
	const struct field_info *info = field_get(f);
	assert(info->stream < STREAM_STORED && info->role != ROLE_DERIVED);
	assert(type_width(info->type) == w && r < c->table[info->stream].n);
	(void)w;
	(void)r;
	return column_make(c, info->stream, info->index, info->type);
}

void chunk_set_i64(struct chunk *c, enum field f, uint32_t r, int64_t v)
{
	((int64_t *)writable(c, f, r, WIDTH_I64))[r] = v;
}

void chunk_set_i32(struct chunk *c, enum field f, uint32_t r, int32_t v)
{
	((int32_t *)writable(c, f, r, WIDTH_I32))[r] = v;
}

void chunk_set_text(struct chunk *c, enum field f, uint32_t r, struct str v)
{
	uint32_t code = v.n ? dict_code(c->dict, v) : MISSING_CODE;
	((uint32_t *)writable(c, f, r, WIDTH_U32))[r] = code;
}

/* The column to read field f of row r from; NULL when it was never read or is derived. */
static const void *readable(const struct chunk *c, enum field f, uint32_t r, enum width w)
{
	const struct field_info *info = field_get(f);
	assert(type_width(info->type) == w);
	(void)w;
	if (info->stream >= STREAM_STORED || info->role == ROLE_DERIVED)
		return NULL;
	const struct table *t = &c->table[info->stream];
	assert(r < t->n);
	(void)r;
	return t->col[info->index];
}

int64_t chunk_i64(const struct chunk *c, enum field f, uint32_t r)
{
	const int64_t *col = readable(c, f, r, WIDTH_I64);
	return col ? col[r] : MISSING_I64;
}

int32_t chunk_i32(const struct chunk *c, enum field f, uint32_t r)
{
	const int32_t *col = readable(c, f, r, WIDTH_I32);
	return col ? col[r] : MISSING_I32;
}

uint32_t chunk_code(const struct chunk *c, enum field f, uint32_t r)
{
	const uint32_t *col = readable(c, f, r, WIDTH_U32);
	return col ? col[r] : MISSING_CODE;
}

struct str chunk_text(const struct chunk *c, enum field f, uint32_t r)
{
	return dict_text(c->dict, chunk_code(c, f, r));
}

static enum reject_reason parse_text(struct chunk *c, enum field f, uint32_t r, struct str text)
{
	text = str_trim(text);
	if (parse_is_missing(text))
		text.n = 0;
	if (text.n > PARSE_TEXT_MAX)
		return REJECT_TEXT_TOO_LONG;
	const struct field_info *info = field_get(f);
	if (info->type == TYPE_CODE && text.n && field_coded(info)) {
		struct str code = code_find(info->name, text);
		if (code.n)
			text = code;
	}
	chunk_set_text(c, f, r, text);
	return REJECT_NONE;
}

static enum reject_reason parse_by_width(struct chunk *c, enum field f, uint32_t r, struct str text)
{
	enum type t = field_get(f)->type;
	enum reject_reason why;
	int64_t i64;
	int32_t i32;
	switch (type_width(t)) {
	case WIDTH_I64:
		why = parse_i64(t, text, &i64);
		if (why == REJECT_NONE)
			chunk_set_i64(c, f, r, i64);
		return why;
	case WIDTH_I32:
		why = parse_date(text, &i32);
		if (why == REJECT_NONE)
			chunk_set_i32(c, f, r, i32);
		return why;
	default:
		return parse_text(c, f, r, text);
	}
}

bool chunk_parse(struct chunk *c, enum field f, uint32_t r, struct str text, struct err *e)
{
	enum reject_reason why = parse_by_width(c, f, r, text);
	if (why == REJECT_NONE)
		return true;
	struct str shown = str_sub(text, 0, 60);
	return err_set(e, ERR_INPUT, "%s（%s）的值「" STR_FMT "」%s", field_get(f)->title,
		       field_get(f)->name, STR_ARG(shown), reject_sentence(why, false));
}

/* ---- finishing a row ---- */

static bool has_value(const struct chunk *c, enum field f, uint32_t r)
{
	const struct field_info *info = field_get(f);
	const void *col = c->table[info->stream].col[info->index];
	if (!col)
		return false;
	switch (type_width(info->type)) {
	case WIDTH_I64:
		return ((const int64_t *)col)[r] != MISSING_I64;
	case WIDTH_I32:
		return ((const int32_t *)col)[r] != MISSING_I32;
	default:
		return ((const uint32_t *)col)[r] != MISSING_CODE;
	}
}

static const enum field required[] = {
#define WANT_OPTIONAL(field)
#define WANT_REQUIRED(field) field,
#define FIELD(stream, name, title, alias, type, role, req, dflt) \
	WANT_##req(FIELD_##stream##_##name)
#include "lib/record/fields.def"
#undef FIELD
#undef WANT_REQUIRED
#undef WANT_OPTIONAL
};

/* Of these one must be there. An encounter's message may tell neither of its times. */
static const struct column_need either[] = {
	{ FIELD_fee_feedetl_sn, FIELD_fee_bkkp_sn, FIELD_fee_bkkp_sn },
	{ FIELD_encounter_begntime, FIELD_encounter_endtime, FIELD_encounter_inf_time },
};

unsigned column_needs(enum stream s, struct column_need *out)
{
	unsigned n = 0;
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (field_get(required[i])->stream == s)
			out[n++] = (struct column_need){ required[i], required[i],
							    required[i] };
	for (size_t i = 0; i < sizeof(either) / sizeof(either[0]); i++)
		if (field_get(either[i].a)->stream == s)
			out[n++] = either[i];
	assert(n <= COLUMN_NEEDS_MAX);
	return n;
}

enum reject_reason column_required(const struct chunk *c, enum stream s, uint32_t row,
				   enum field *which)
{
	struct column_need need[COLUMN_NEEDS_MAX];
	unsigned n = column_needs(s, need);
	for (unsigned i = 0; i < n; i++) {
		*which = need[i].a;
		if (!has_value(c, need[i].a, row) && !has_value(c, need[i].b, row) &&
		    !has_value(c, need[i].c, row))
			return REJECT_MISSING_REQUIRED;
	}
	*which = FIELD_NONE;
	return REJECT_NONE;
}

static const enum field revisions[STREAM_STORED][2] = {
	[STREAM_ENCOUNTER] = { FIELD_encounter_updt_time, FIELD_encounter_inf_time },
	[STREAM_SETTLEMENT] = { FIELD_settlement_updt_time, FIELD_settlement_inf_time },
	[STREAM_FEE] = { FIELD_fee_updt_time, FIELD_fee_inf_time },
	[STREAM_DIAGNOSIS] = { FIELD_diagnosis_updt_time, FIELD_diagnosis_inf_time },
	[STREAM_OPERATION] = { FIELD_operation_updt_time, FIELD_operation_inf_time },
	[STREAM_TRACE] = { FIELD_trace_updt_time, FIELD_trace_inf_time },
	[STREAM_REPORT] = { FIELD_report_updt_time, FIELD_report_inf_time },
	[STREAM_STOCK] = { FIELD_stock_updt_time, FIELD_stock_inf_time },
	[STREAM_PERSON] = { FIELD_person_updt_time, FIELD_NONE },
	[STREAM_FACILITY] = { FIELD_facility_updt_time, FIELD_NONE },
	[STREAM_PRACTITIONER] = { FIELD_practitioner_updt_time, FIELD_NONE },
	[STREAM_ITEM] = { FIELD_item_updt_time, FIELD_NONE },
};

bool column_revises(enum field f)
{
	enum stream s = field_get(f)->stream;
	return s < STREAM_STORED && (revisions[s][0] == f || revisions[s][1] == f);
}

int64_t column_revision(const struct chunk *c, enum stream s, uint32_t row, int64_t revision)
{
	for (unsigned i = 0; i < 2 && revisions[s][i] != FIELD_NONE; i++) {
		int64_t v = chunk_i64(c, revisions[s][i], row);
		if (v != MISSING_I64)
			return v;
	}
	return revision;
}

/* Of what a cell says; texts by content, not by code. False: it is missing. */
static bool cell_digest(const struct chunk *c, const void *col, enum width w, uint32_t r,
			uint64_t *v)
{
	if (w == WIDTH_I64) {
		int64_t wide = ((const int64_t *)col)[r];
		*v = (uint64_t)wide;
		return wide != MISSING_I64;
	}
	if (w == WIDTH_I32) {
		int32_t narrow = ((const int32_t *)col)[r];
		*v = (uint64_t)(int64_t)narrow;
		return narrow != MISSING_I32;
	}
	uint32_t code = ((const uint32_t *)col)[r];
	*v = code != MISSING_CODE ? hash_str(dict_text(c->dict, code)) : 0;
	return code != MISSING_CODE;
}

/* Sums, so that the order of columns does not matter. */
void column_digests(const struct chunk *c, enum stream s, uint32_t row, uint32_t n,
		    uint64_t *digest)
{
	const struct table *t = &c->table[s];
	uint64_t v;
	for (uint32_t i = 0; i < n; i++)
		digest[i] = 1;
	for (unsigned m = 0; m < t->n_made; m++) {
		unsigned k = t->made[m];
		enum width w = stored_width(s, k);
		for (uint32_t i = 0; i < n; i++)
			if (cell_digest(c, t->col[k], w, row + i, &v))
				digest[i] += hash_join(t->salt[k], v);
	}
}

bool chunk_row_done(struct chunk *c, enum stream s, int64_t revision, struct err *e)
{
	assert(s < STREAM_STORED && c->table[s].n);
	uint32_t r = c->table[s].n - 1;
	struct source *src = &c->table[s].src[r];
	enum field which;
	enum reject_reason why = column_required(c, s, r, &which);
	if (why != REJECT_NONE) {
		column_drop_rows(c, s, 1);
		return err_set(e, ERR_INPUT, "%s缺少必填字段%s（%s）", stream_title(s),
			       field_get(which)->title, field_get(which)->name);
	}
	src->revision = column_revision(c, s, r, revision);
	if (src->digest == 0)
		column_digests(c, s, r, 1, &src->digest);
	return true;
}

void chunk_stands(struct chunk *c, uint64_t lines, uint64_t bytes)
{
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t i = 0; i < c->table[s].n; i++) {
			c->table[s].src[i].line += lines;
			c->table[s].src[i].offset += bytes;
		}
	for (uint32_t i = 0; i < c->n_reject; i++)
		c->reject[i].line += lines;
	c->first_line += lines;
}

/* ---- rejects ---- */

/* A copy that is valid UTF-8 without NUL bytes, whatever the source was. */
static struct str clean_copy(struct arena *a, struct str raw)
{
	struct str s = str_sub(raw, 0, RAW_MAX);
	if (utf8_valid_prefix(s.p, s.n) == s.n && (s.n == 0 || !memchr(s.p, 0, s.n)))
		return arena_str(a, s);
	char *out = arena_alloc(a, (size_t)s.n * 3 + 1);
	uint32_t n = 0;
	for (uint32_t at = 0; at < s.n;) {
		uint32_t cp;
		at += utf8_next(s.p + at, s.n - at, &cp);
		n += utf8_put(out + n, cp ? cp : UTF8_BAD);
	}
	return (struct str){ out, n };
}

void chunk_reject(struct chunk *c, const struct reject *r)
{
	GROW(c->reject, c->cap_reject, c->n_reject + 1u);
	struct reject *copy = &c->reject[c->n_reject++];
	*copy = *r;
	copy->field = clean_copy(&c->arena, r->field);
	copy->sentence = clean_copy(&c->arena, r->sentence);
	copy->raw = clean_copy(&c->arena, r->raw);
}
