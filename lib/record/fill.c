/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill.c - the inner loops of decoding: the texts of one column become values.
 *
 * First the texts of a run are looked at, so that the loops that make values see nothing else;
 * those of codes ask the dictionary for all at once. Neighbouring rows repeat most of their
 * texts, so each target remembers its last one, and short codes by their bytes.
 */
#include "lib/record/fill.h"

#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/record/column.h"

static const char nested_mark[] = "{}";

struct str row_nested(void)
{
	return (struct str){ nested_mark, 2 };
}

/* ---- the last text of a target ---- */

static inline bool is_text(struct str a, struct str b)
{
	return a.n == b.n && a.p[a.n - 1] == b.p[a.n - 1] && bytes_same(a.p, b.p, a.n);
}

static inline struct str cached_text(const struct target *t)
{
	return (struct str){ t->cached, t->cached_n };
}

static inline void keep_cached(struct target *t, struct str text)
{
	if (text.p == t->cached)
		return;
	t->cached_n = 0;
	if (text.n == 0 || text.n > CACHE_TEXT)
		return;
	bytes_copy(t->cached, text.p, text.n);
	t->cached_n = (uint8_t)text.n;
}

/* ---- makers: texts to values; those of length 0 are missing and leave their value as it is.
 * They return how many are made: fewer than n when one cannot be, and why. ---- */

struct making_run {
	struct dict *dict;
	struct target *to;
	const struct str *text;
	unsigned n;
	void *out;
	enum reject_reason why;
};

typedef unsigned make_fn(struct making_run *m);

static unsigned fail(struct making_run *m, unsigned at, enum reject_reason why)
{
	m->why = why;
	return at;
}

static unsigned make_numbers(struct making_run *m)
{
	unsigned made = dec_parse_many(m->text, m->n, m->to->scale, m->out);
	if (made < m->n)
		m->why = m->text[made].p == nested_mark ? REJECT_BAD_VALUE : REJECT_BAD_NUMBER;
	return made;
}

static unsigned make_times(struct making_run *m)
{
	struct target *t = m->to;
	struct str last = cached_text(t);
	int64_t *out = m->out;
	for (unsigned i = 0; i < m->n; i++) {
		struct str text = m->text[i];
		if (text.n == 0)
			continue;
		if (!is_text(text, last)) {
			if (!civil_parse_time(text, &t->value.i64) &&
			    parse_i64(TYPE_TIME, text, &t->value.i64) != REJECT_NONE) {
				t->cached_n = 0;
				return fail(m, i, text.p == nested_mark ? REJECT_BAD_VALUE
									: REJECT_BAD_TIME);
			}
			last = text;
		}
		out[i] = t->value.i64;
	}
	keep_cached(t, last);
	return m->n;
}

static unsigned make_dates(struct making_run *m)
{
	struct target *t = m->to;
	struct str last = cached_text(t);
	int32_t *out = m->out;
	for (unsigned i = 0; i < m->n; i++) {
		struct str text = m->text[i];
		if (text.n == 0)
			continue;
		if (!is_text(text, last)) {
			if (parse_date(text, &t->value.i32) != REJECT_NONE) {
				t->cached_n = 0;
				return fail(m, i, text.p == nested_mark ? REJECT_BAD_VALUE
									: REJECT_BAD_DATE);
			}
			last = text;
		}
		out[i] = t->value.i32;
	}
	keep_cached(t, last);
	return m->n;
}

static unsigned make_serials(struct making_run *m)
{
	uint32_t *out = m->out;
	for (unsigned i = 0; i < m->n; i++) {
		struct str text = m->text[i];
		if (text.n == 0)
			continue;
		if (text.p == nested_mark)
			return fail(m, i, REJECT_BAD_VALUE);
		if (text.n > PARSE_TEXT_MAX)
			return fail(m, i, REJECT_TEXT_TOO_LONG);
		out[i] = dict_append(m->dict, text);
	}
	return m->n;
}

/* ---- codes ---- */

static struct str mapped(const struct feed_values *map, struct str text)
{
	struct str any = text;
	for (unsigned i = 0; i < map->n; i++) {
		if (str_eq(map->value[i].source, text))
			return map->value[i].code;
		if (str_eq(map->value[i].source, STR("*")))
			any = map->value[i].code;
	}
	return any;
}

/* The text that gets a code: what the feed's map, or the field's table of names, makes of it. */
static enum reject_reason coded_text(const struct target *t, struct str *text)
{
	if (t->values) {
		*text = mapped(t->values, *text);
		if (text->p != nested_mark && parse_is_missing(*text))
			text->n = 0;
	}
	if (text->p == nested_mark)
		return REJECT_BAD_VALUE;
	if (text->n > PARSE_TEXT_MAX)
		return REJECT_TEXT_TOO_LONG;
	if (t->named && text->n && (unsigned char)text->p[0] >= 0x80) {
		struct str code = code_find(field_get(t->field)->name, *text);
		if (code.n)
			*text = code;
	}
	return REJECT_NONE;
}

/* A text of one to seven bytes, and its length, as a number that is not 0. */
static inline uint64_t brief_word(struct str text)
{
	uint64_t word = text.n;
	for (uint32_t i = 0; i < text.n; i++)
		word = word << 8 | (unsigned char)text.p[i];
	return word;
}

static inline bool is_brief(struct str text)
{
	return text.n < 8 && text.p != nested_mark;
}

static enum reject_reason brief_code(struct making_run *m, struct str text, uint32_t *out)
{
	uint64_t word = brief_word(text);
	unsigned slot = (unsigned)(word * UINT64_C(0x9e3779b97f4a7c15) >> 59);
	struct brief *b = m->to->brief;
	if (b->text[slot] != word) {
		enum reject_reason why = coded_text(m->to, &text);
		if (why != REJECT_NONE)
			return why;
		b->text[slot] = word;
		b->code[slot] = text.n ? dict_code(m->dict, text) : MISSING_CODE;
	}
	*out = b->code[slot];
	return REJECT_NONE;
}

/* Texts to be looked up together, and which row wants which. */
struct asking {
	struct str last;
	struct str text[RUN_MAX];
	uint32_t code[RUN_MAX];
	uint8_t row[RUN_MAX], place[RUN_MAX];
	unsigned n, rows;
};

static enum reject_reason ask_code(struct making_run *m, struct asking *ask, unsigned i)
{
	struct str text = m->text[i];
	enum reject_reason why = REJECT_NONE;
	if (!is_text(text, ask->last)) {
		ask->last = text;
		why = coded_text(m->to, &text);
		ask->text[ask->n++] = text;
	} else if (ask->n == 0) {
		((uint32_t *)m->out)[i] = m->to->value.u32;
		return REJECT_NONE;
	}
	ask->row[ask->rows] = (uint8_t)i;
	ask->place[ask->rows++] = (uint8_t)(ask->n - 1);
	return why;
}

static void look_up(struct making_run *m, struct asking *ask)
{
	struct target *t = m->to;
	uint32_t *out = m->out;
	if (ask->n == 0)
		return;
	dict_codes(m->dict, ask->text, ask->n, ask->code);
	for (unsigned i = 0; i < ask->n; i++)
		if (ask->text[i].n == 0)
			ask->code[i] = MISSING_CODE;
	for (unsigned i = 0; i < ask->rows; i++)
		out[ask->row[i]] = ask->code[ask->place[i]];
	t->value.u32 = ask->code[ask->n - 1];
	keep_cached(t, ask->last);
}

static unsigned make_codes(struct making_run *m)
{
	struct asking ask;
	uint32_t *out = m->out;
	ask.last = cached_text(m->to);
	ask.n = ask.rows = 0;
	for (unsigned i = 0; i < m->n; i++) {
		struct str text = m->text[i];
		if (text.n == 0)
			continue;
		enum reject_reason why = is_brief(text) ? brief_code(m, text, &out[i])
							: ask_code(m, &ask, i);
		if (why != REJECT_NONE)
			return fail(m, i, why);
	}
	look_up(m, &ask);
	return m->n;
}

/* Numbers, times and dates by the feed's map. */
static unsigned make_mapped(struct making_run *m)
{
	struct target *t = m->to;
	int64_t *wide = m->out;
	int32_t *narrow = m->out;
	for (unsigned i = 0; i < m->n; i++) {
		if (m->text[i].n == 0)
			continue;
		struct str text = mapped(t->values, m->text[i]);
		enum reject_reason why = REJECT_BAD_VALUE;
		if (text.p != nested_mark)
			why = t->width == WIDTH_I64 ? parse_i64(t->type, text, &wide[i])
						    : parse_date(text, &narrow[i]);
		if (why != REJECT_NONE)
			return fail(m, i, why);
	}
	return m->n;
}

static make_fn *const makers[] = {
	[MAKE_NUMBER] = make_numbers, [MAKE_TIME] = make_times,     [MAKE_DATE] = make_dates,
	[MAKE_TEXT] = make_codes,     [MAKE_NAMED] = make_codes,    [MAKE_SERIAL] = make_serials,
	[MAKE_MAPPED] = make_mapped,
};

/* ---- one column ---- */

static inline bool has_value(const struct table *t, unsigned index, enum width width,
			     uint32_t row)
{
	const void *col = t->col[index];
	if (!col)
		return false;
	switch (width) {
	case WIDTH_I64:
		return ((const int64_t *)col)[row] != MISSING_I64;
	case WIDTH_I32:
		return ((const int32_t *)col)[row] != MISSING_I32;
	default:
		return ((const uint32_t *)col)[row] != MISSING_CODE;
	}
}

static void *column_at(struct rower *r, enum stream s, const struct target *t, uint32_t row)
{
	void *col = r->chunk->table[s].col[t->index];
	if (!col)
		col = column_make(r->chunk, s, t->index, t->type);
	return (char *)col + (size_t)row * width_bytes(t->width);
}

static void drop_signs(int64_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i] < 0 && v[i] != MISSING_I64)
			v[i] = -v[i];
}

/* Texts of n rows from `row` of the table on. Returns n, or the first that cannot be made. */
static unsigned make_column(struct rower *r, enum stream s, struct target *t,
			    const struct str *text, unsigned n, uint32_t row,
			    enum reject_reason *why)
{
	struct making_run m = { .dict = r->chunk->dict, .to = t, .text = text, .n = n,
				.why = REJECT_NONE };
	bool coded = t->making == MAKE_MAPPED && t->width == WIDTH_U32;
	m.out = column_at(r, s, t, row);
	unsigned made = coded ? make_codes(&m) : makers[t->making](&m);
	if (t->magnitude)
		drop_signs(m.out, made);
	*why = m.why;
	return made;
}

/* Texts of rows that have the value already are taken out. */
static void leave_set(const struct rower *r, enum stream s, const struct target *t,
		      const struct run *run, struct str *text)
{
	for (unsigned i = 0; i < run->n; i++)
		if (has_value(&r->chunk->table[s], t->index, t->width, run->first + i))
			text[i].n = 0;
}

/* The cells of a column; whether any says something. */
static bool column_texts(const struct run *run, uint32_t column, struct str *text)
{
	uint32_t any = 0;
	for (unsigned i = 0; i < run->n; i++) {
		text[i] = row_cell(&run->in[run->pick[i]], column);
		if (parse_is_missing(text[i]))
			text[i].n = 0;
		any |= text[i].n;
	}
	return any;
}

static bool fill_columns(struct rower *r, struct entry *en, const struct run *run,
			 struct fault *f)
{
	struct str text[RUN_MAX];
	for (unsigned i = 0; i < en->n_binding; i++) {
		struct binding *b = &en->binding[i];
		enum reject_reason why;
		if (!column_texts(run, b->column, text))
			continue;
		if (b->fallback)
			leave_set(r, en->stream, &b->to, run, text);
		unsigned made = make_column(r, en->stream, &b->to, text, run->n, run->first, &why);
		if (made == run->n)
			continue;
		*f = (struct fault){ .why = why, .stream = en->stream, .field = b->to.field,
				     .column = b->column, .text = text[made],
				     .row = run->pick[made] };
		return false;
	}
	return true;
}

/* ---- gifts ---- */

/* The text of a gift: its literals and columns joined; missing when all its columns are. */
static struct str gift_text(struct rower *r, const struct gift *g, const struct row_in *in)
{
	if (g->n == 1 && g->piece[0].column == NO_COLUMN)
		return g->piece[0].text;
	uint32_t n = 0;
	bool any = false;
	for (unsigned i = 0; i < g->n; i++) {
		bool literal = g->piece[i].column == NO_COLUMN;
		struct str piece = literal ? g->piece[i].text
					   : row_cell(in, g->piece[i].column);
		if (!literal && parse_is_missing(piece))
			continue;
		any |= !literal;
		if (g->n == 1)
			return piece;
		GROW(r->text, r->text_cap, n + piece.n + 1u);
		if (piece.n)
			memcpy(r->text + n, piece.p, piece.n);
		n += piece.n;
	}
	return any ? (struct str){ r->text, n } : (struct str){ 0 };
}

/* Rows from..from + n of the run get what the gift's texts say. A composed text lies in the
 * rower's scratch, so there is only one at a time. */
static bool give(struct rower *r, struct entry *en, struct gift *g, const struct run *run,
		 unsigned from, unsigned n, struct fault *f)
{
	struct str text[RUN_MAX];
	enum reject_reason why;
	uint32_t any = 0;
	for (unsigned i = 0; i < n; i++) {
		text[i] = str_trim(gift_text(r, g, &run->in[run->pick[from + i]]));
		if (parse_is_missing(text[i]))
			text[i].n = 0;
		if (g->kind == GIVE_DEFAULT &&
		    has_value(&r->chunk->table[en->stream], g->to.index, g->to.width,
			      run->first + from + i))
			text[i].n = 0;
		any |= text[i].n;
	}
	unsigned made = !any ? n : make_column(r, en->stream, &g->to, text, n,
							    run->first + from, &why);
	if (made == n)
		return true;
	*f = (struct fault){ .why = why, .stream = en->stream, .field = g->to.field,
			     .column = NO_COLUMN, .text = text[made],
			     .row = run->pick[from + made] };
	return false;
}

static void copy_twin(struct rower *r, struct entry *en, const struct gift *g,
		      const struct run *run)
{
	const struct target *from = &en->binding[g->twin].to;
	if (!r->chunk->table[en->stream].col[from->index])
		return;
	memcpy(column_at(r, en->stream, &g->to, run->first),
	       column_at(r, en->stream, from, run->first),
	       (size_t)run->n * width_bytes(from->width));
}

static bool fill_gifts(struct rower *r, struct entry *en, const struct run *run, struct fault *f)
{
	for (unsigned i = 0; i < en->n_gift; i++) {
		struct gift *g = &en->gift[i];
		unsigned step = g->n > 1 ? 1 : run->n;
		if (g->twin != NO_COLUMN) {
			copy_twin(r, en, g, run);
			continue;
		}
		for (unsigned k = 0; k < run->n; k += step)
			if (!give(r, en, g, run, k, step, f))
				return false;
	}
	return true;
}

/* ---- whole records ---- */

static bool check_need(struct rower *r, const struct entry *en, const struct need *need,
		       const struct run *run, struct fault *f)
{
	const struct table *t = &r->chunk->table[en->stream];
	for (unsigned i = 0; i < run->n; i++) {
		uint32_t row = run->first + i;
		if (has_value(t, need->a, need->width_a, row) ||
		    has_value(t, need->b, need->width_b, row) ||
		    has_value(t, need->c, need->width_c, row))
			continue;
		*f = (struct fault){ .why = REJECT_MISSING_REQUIRED, .stream = en->stream,
				     .field = need->field, .column = NO_COLUMN,
				     .row = run->pick[i] };
		for (unsigned k = 0; k < en->n_binding; k++)
			if (en->binding[k].to.field == need->field)
				f->column = en->binding[k].column;
		return false;
	}
	return true;
}

static void fill_sources(struct rower *r, const struct entry *en, const struct run *run)
{
	struct source *src = r->chunk->table[en->stream].src + run->first;
	for (unsigned i = 0; i < run->n; i++) {
		const struct row_in *in = &run->in[run->pick[i]];
		uint32_t row = run->first + i;
		src[i] = (struct source){
			.line = in->line, .offset = in->offset, .length = in->length,
			.revision = en->revises ? column_revision(r->chunk, en->stream, row,
								  r->revision)
						: r->revision,
			.digest = in->digest && !en->seen
				  ? in->digest
				  : column_digest(r->chunk, en->stream, row),
		};
	}
}

bool fill_records(struct rower *r, struct entry *en, const struct run *run, struct fault *f)
{
	if (!fill_columns(r, en, run, f) || !fill_gifts(r, en, run, f))
		return false;
	for (unsigned i = 0; i < en->n_need; i++)
		if (!check_need(r, en, &en->need[i], run, f))
			return false;
	fill_sources(r, en, run);
	return true;
}
