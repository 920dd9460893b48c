/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill.c - the inner loops of decoding: the texts of one column become values.
 *
 * First the texts of a run are looked at, so that the loops that make values see nothing else;
 * those of codes ask the dictionary for all at once. Neighbouring rows repeat most of their
 * texts (repeat.h), so only those that change are made; short codes are known by their bytes.
 */
#include "lib/record/fill.h"

#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/record/column.h"
#include "lib/record/repeat.h"

#define VARIED_RUNS 31u

static const char nested_mark[] = "{}";

struct str row_nested(void)
{
	return (struct str){ nested_mark, 2 };
}

/* ---- makers: texts to values; what is missing leaves its value as it is, or makes it missing
 * where the target is the first of its field. Texts come as the source has them: what looks usual
 * is made at once, only the rest is trimmed and asked whether it says anything. They return how
 * many are made: fewer than n when one cannot be, and why. ---- */

struct making_run {
	struct dict *dict;
	struct known *known;
	struct target *to;
	struct str *text;
	const uint8_t *row; /* of the run as it came; for what is shared */
	uint64_t changed; /* rows that do not repeat the one before; of others codes and dates do
			   * not look at the text */
	unsigned n;
	void *out;
	enum reject_reason why;
	unsigned missing; /* rows without a value */
};

typedef unsigned make_fn(struct making_run *m);

static unsigned fail(struct making_run *m, unsigned at, enum reject_reason why)
{
	m->why = m->text[at].p == nested_mark ? REJECT_BAD_VALUE : why;
	return at;
}

/* Without blanks around; empty when missing. */
static inline struct str tidy(struct str s)
{
	if (s.n && ((unsigned char)s.p[0] <= ' ' || (unsigned char)s.p[s.n - 1] <= ' '))
		s = str_trim(s);
	if (parse_is_missing(s))
		s.n = 0;
	return s;
}

/* A text of which tidy has nothing to say: neither blanks around it, nor a word for missing. */
static inline bool is_tidy(struct str s)
{
	return s.n > 4 && (unsigned char)s.p[0] > ' ' && (unsigned char)s.p[s.n - 1] > ' ';
}

/* Whether text i says nothing; then it is counted. */
static bool is_missing(struct making_run *m, unsigned i)
{
	bool missing = tidy(m->text[i]).n == 0;
	m->missing += missing;
	return missing;
}

static unsigned make_numbers(struct making_run *m)
{
	int64_t *out = m->out;
	unsigned i = 0;
	while ((i += dec_parse_many(m->text + i, m->n - i, m->to->scale, out + i)) < m->n) {
		if (!is_missing(m, i))
			return fail(m, i, REJECT_BAD_NUMBER);
		if (m->to->first)
			out[i] = MISSING_I64;
		i++;
	}
	return m->n;
}

static unsigned make_times(struct making_run *m)
{
	int64_t *out = m->out;
	unsigned i = 0;
	while ((i += civil_parse_many(m->text + i, m->n - i, out + i)) < m->n) {
		if (!is_missing(m, i)) {
			if (parse_i64(TYPE_TIME, m->text[i], &out[i]) != REJECT_NONE)
				return fail(m, i, REJECT_BAD_TIME);
			m->missing += out[i] == MISSING_I64;
		} else if (m->to->first) {
			out[i] = MISSING_I64;
		}
		i++;
	}
	return m->n;
}

/* Rows whose text has not changed get what the row before has. Written so that no branch can be
 * made of it, which would be guessed wrong wherever something changes. */
static void repeat_values(uint32_t *out, uint64_t changed, unsigned n)
{
	uint32_t value = 0;
	if (changed == rows_up_to(n))
		return;
	for (unsigned i = 0; i < n; i++, changed >>= 1) {
		uint32_t same = (uint32_t)(changed & 1) - 1;
		value = (value & same) | (out[i] & ~same);
		out[i] = value;
	}
}

static unsigned make_dates(struct making_run *m)
{
	int32_t *out = m->out;
	for (uint64_t left = m->changed; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		if (m->to->first)
			out[i] = MISSING_I32;
		if (is_missing(m, i))
			continue;
		if (parse_date(m->text[i], &out[i]) != REJECT_NONE)
			return fail(m, i, REJECT_BAD_DATE);
		m->missing += out[i] == MISSING_I32;
	}
	repeat_values(m->out, m->changed, m->n);
	return m->n;
}

static unsigned make_serials(struct making_run *m)
{
	uint32_t *out = m->out;
	for (unsigned i = 0; i < m->n; i++) {
		if (is_tidy(m->text[i]) && m->text[i].n <= PARSE_TEXT_MAX)
			continue;
		m->text[i] = tidy(m->text[i]);
		m->missing += m->text[i].n == 0;
		if (m->text[i].n == 0 && m->to->first)
			out[i] = MISSING_CODE;
		if (m->text[i].n > PARSE_TEXT_MAX || m->text[i].p == nested_mark)
			return fail(m, i, REJECT_TEXT_TOO_LONG);
	}
	dict_append_many(m->dict, m->text, m->n, out);
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
	return bytes_load(text.p, text.n) | (uint64_t)text.n << 56;
}

static inline bool is_brief(struct str text)
{
	return text.n < 8 && text.p != nested_mark;
}

/* Texts of which hardly one comes again: a code for each. What is short may be a flag. */
static void codes_alone(struct dict *d, const struct str *text, uint32_t n, uint32_t *code)
{
	for (uint32_t i = 0; i < n; i++)
		code[i] = is_brief(text[i]) ? dict_code(d, text[i]) : dict_append(d, text[i]);
}

/* Codes of texts as they stand, of a column whose texts may come again or not. */
static void give_codes(struct making_run *m, const struct str *text, uint32_t n, uint32_t *code)
{
	struct coming *c = &m->to->coming;
	uint32_t before = dict_count(m->dict);
	c->asked += n;
	if (!coming_never(c)) {
		c->fresh += known_codes(m->known, text, n, code);
	} else if (c->alone) {
		codes_alone(m->dict, text, n, code);
	} else {
		dict_codes(m->dict, text, n, code);
		c->fresh += dict_count(m->dict) - before;
	}
}

/* Whether the run begins with the text the one before ended with; of columns whose texts are looked
 * for in vain elsewhere. */
static inline bool goes_on(const struct making_run *m)
{
	const struct coming *c = &m->to->coming;
	return coming_never(c) && same_text(m->text[0], (struct str){ c->text, c->n });
}

static inline void keep_last(struct making_run *m)
{
	struct coming *c = &m->to->coming;
	unsigned last = 63 - (unsigned)__builtin_clzll(m->changed);
	struct str text = m->text[last];
	if (!coming_never(c))
		return;
	c->n = UINT32_MAX;
	c->code = ((uint32_t *)m->out)[last];
	if (text.n == 0 || text.n > CACHE_TEXT || c->code == MISSING_CODE)
		return;
	c->n = text.n;
	bytes_copy(c->text, text.p, text.n);
}

static enum reject_reason new_brief(struct making_run *m, struct str text, uint32_t *code)
{
	text = tidy(text);
	enum reject_reason why = text.n ? coded_text(m->to, &text) : REJECT_NONE;
	*code = MISSING_CODE;
	if (why == REJECT_NONE && text.n)
		give_codes(m, &text, 1, code);
	return why;
}

static enum reject_reason brief_code(struct making_run *m, struct str text, uint32_t *out)
{
	uint64_t word = brief_word(text);
	unsigned slot = (unsigned)(word * UINT64_C(0x9e3779b97f4a7c15) >> 59);
	struct brief *b = m->to->brief;
	if (b->text[slot] != word) {
		uint32_t code;
		enum reject_reason why = new_brief(m, text, &code);
		if (why != REJECT_NONE)
			return why;
		b->text[slot] = word;
		b->code[slot] = code;
	}
	m->missing += b->code[slot] == MISSING_CODE;
	*out = b->code[slot];
	return REJECT_NONE;
}

/* Texts to be looked up together, and which row wants which. */
struct asking {
	struct str text[RUN_MAX];
	uint32_t code[RUN_MAX];
	uint8_t row[RUN_MAX];
	unsigned n;
};

static inline bool is_shared(const struct target *t, unsigned row)
{
	return t->shared && t->shared->known >> row & 1;
}

static inline void no_code(struct making_run *m, unsigned i)
{
	m->missing++;
	if (m->to->first)
		((uint32_t *)m->out)[i] = MISSING_CODE;
}

static inline enum reject_reason ask_code(struct making_run *m, struct asking *ask, unsigned i)
{
	struct str text = m->text[i];
	enum reject_reason why = REJECT_NONE;
	if (m->to->making != MAKE_TEXT || !is_tidy(text) || text.n > PARSE_TEXT_MAX) {
		text = tidy(text);
		if (text.n)
			why = coded_text(m->to, &text);
		if (text.n == 0) {
			no_code(m, i);
			return why;
		}
	} else if (is_shared(m->to, m->row[i])) {
		((uint32_t *)m->out)[i] = m->to->shared->code[m->row[i]];
		return REJECT_NONE;
	}
	ask->text[ask->n] = text;
	ask->row[ask->n++] = (uint8_t)i;
	return why;
}

static void look_up(struct making_run *m, struct asking *ask)
{
	uint32_t *out = m->out;
	struct shared *shared = m->to->shared;
	give_codes(m, ask->text, ask->n, ask->code);
	for (unsigned i = 0; i < ask->n; i++)
		out[ask->row[i]] = ask->code[i];
	for (unsigned i = 0; shared && i < ask->n; i++) {
		unsigned row = m->row[ask->row[i]];
		shared->known |= UINT64_C(1) << row;
		shared->code[row] = ask->code[i];
	}
}

static unsigned make_codes(struct making_run *m)
{
	struct asking ask;
	uint32_t *out = m->out;
	uint64_t left = m->changed;
	ask.n = 0;
	if (goes_on(m)) {
		out[0] = m->to->coming.code;
		left &= ~UINT64_C(1);
	}
	for (; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		struct str text = m->text[i];
		enum reject_reason why = REJECT_NONE;
		if (text.n == 0)
			no_code(m, i);
		else
			why = is_brief(text) ? brief_code(m, text, &out[i]) : ask_code(m, &ask, i);
		if (why != REJECT_NONE)
			return fail(m, i, why);
	}
	look_up(m, &ask);
	keep_last(m);
	repeat_values(out, m->changed, m->n);
	return m->n;
}

/* Numbers, times and dates by the feed's map. */
static unsigned make_mapped(struct making_run *m)
{
	struct target *t = m->to;
	int64_t *wide = m->out;
	int32_t *narrow = m->out;
	for (unsigned i = 0; i < m->n; i++) {
		if (t->first && t->width == WIDTH_I64)
			wide[i] = MISSING_I64;
		else if (t->first)
			narrow[i] = MISSING_I32;
		if (is_missing(m, i))
			continue;
		struct str text = mapped(t->values, tidy(m->text[i]));
		enum reject_reason why = REJECT_BAD_VALUE;
		if (text.p != nested_mark)
			why = t->width == WIDTH_I64 ? parse_i64(t->type, text, &wide[i])
						    : parse_date(text, &narrow[i]);
		if (why != REJECT_NONE)
			return fail(m, i, why);
	}
	m->missing = m->n; /* a map may say so: whoever needs a value looks at each */
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

/* The texts of n rows from `first` of the table on; `row` and `changed` as in making_run. */
struct texts {
	struct str *text;
	const uint8_t *row;
	uint64_t changed;
	unsigned n;
	uint32_t first;
};

/* Whether any text says something: else the column need not be there. */
static bool says_something(const struct texts *in)
{
	for (uint64_t left = in->changed; left; left &= left - 1)
		if (tidy(in->text[__builtin_ctzll(left)]).n)
			return true;
	return false;
}

/* Makes a column of texts. Returns n, or the first that cannot be made. */
static unsigned make_column(struct rower *r, enum stream s, struct target *t,
			    const struct texts *in, enum reject_reason *why)
{
	struct making_run m = { .dict = r->chunk->dict, .known = r->known, .to = t,
				.text = in->text, .row = in->row, .changed = in->changed,
				.n = in->n, .why = REJECT_NONE };
	bool coded = t->making == MAKE_MAPPED && t->width == WIDTH_U32;
	t->complete = false;
	if (!says_something(in)) {
		if (t->first)
			column_blank(r->chunk, s, t->index, in->first, in->n);
		return in->n;
	}
	m.out = column_at(r, s, t, in->first);
	unsigned made = coded ? make_codes(&m) : makers[t->making](&m);
	if (t->magnitude)
		drop_signs(m.out, made);
	t->complete = m.missing == 0;
	*why = m.why;
	return made;
}

/* Texts of rows that have the value already are taken out. */
static void leave_set(const struct rower *r, enum stream s, const struct target *t,
		      struct texts *in)
{
	for (unsigned i = 0; i < in->n; i++)
		if (has_value(&r->chunk->table[s], t->index, t->width, in->first + i))
			in->text[i].n = 0;
}

/* Whether to ask which texts repeat the row before: when making a value costs more than comparing,
 * and they have not been found to differ a short while ago. */
static bool repeats(struct target *t)
{
	if (t->varied) {
		t->varied--;
		return false;
	}
	return t->width == WIDTH_I32 || (t->width == WIDTH_U32 && t->making != MAKE_SERIAL);
}

static uint64_t changed_rows(const struct run *run, struct binding *b, struct str *text)
{
	uint64_t changed = repeat_changed(run->in, run->n, run->alike, b->column, text);
	if (run->n == RUN_MAX && (unsigned)__builtin_popcountll(changed) > RUN_MAX / 2)
		b->to.varied = VARIED_RUNS;
	return changed;
}

static struct texts column_texts(const struct run *run, struct binding *b, struct str *text)
{
	struct texts t = { .text = text, .row = run->pick, .changed = rows_up_to(run->n),
			   .n = run->n, .first = run->first };
	bool whole = run->n == run->rows, repeated = !b->fallback && repeats(&b->to);
	if (whole && repeated)
		t.changed = changed_rows(run, b, text);
	else if (whole)
		repeat_column(run->in, run->n, b->column, text);
	else
		for (unsigned i = 0; i < run->n; i++)
			text[i] = cell_at(&run->in[run->pick[i]].cells, b->column);
	if (!whole && repeated)
		t.changed = repeat_among(text, run->n);
	return t;
}

/* Values that the full stream has made; where the target is not the first only what is missing. */
#define COPY_FROM(type, missing_value)                                 \
	do {                                                           \
		const type *in = from;                                 \
		type *out = to;                                        \
		for (unsigned i = 0; i < run->n; i++)                  \
			if (t->first || out[i] == (missing_value))     \
				out[i] = in[run->full[i]];             \
	} while (0)

static void copy_column(struct rower *r, const struct entry *en, struct target *t,
			const struct run *run)
{
	const void *from = r->chunk->table[r->plan.full->stream].col[t->from];
	void *to = column_at(r, en->stream, t, run->first);
	t->complete = false;
	if (t->width == WIDTH_I64)
		COPY_FROM(int64_t, MISSING_I64);
	else if (t->width == WIDTH_I32)
		COPY_FROM(int32_t, MISSING_I32);
	else
		COPY_FROM(uint32_t, MISSING_CODE);
}

static bool fill_columns(struct rower *r, struct entry *en, const struct run *run,
			 struct fault *f)
{
	struct str text[RUN_MAX];
	for (unsigned i = 0; i < en->n_binding; i++) {
		struct binding *b = &en->binding[i];
		enum reject_reason why;
		if (run->full && b->to.from != NO_FROM &&
		    r->chunk->table[r->plan.full->stream].col[b->to.from]) {
			copy_column(r, en, &b->to, run);
			continue;
		}
		struct texts t = column_texts(run, b, text);
		if (b->fallback)
			leave_set(r, en->stream, &b->to, &t);
		unsigned made = make_column(r, en->stream, &b->to, &t, &why);
		if (made == run->n)
			continue;
		*f = (struct fault){ .why = why, .stream = en->stream, .field = b->to.field,
				     .column = b->column, .text = str_trim(text[made]),
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
	struct texts t = { .text = text, .row = run->pick + from, .changed = rows_up_to(n),
			   .n = n, .first = run->first + from };
	enum reject_reason why;
	for (unsigned i = 0; i < n; i++)
		text[i] = gift_text(r, g, &run->in[run->pick[from + i]]);
	if (g->kind == GIVE_DEFAULT)
		leave_set(r, en->stream, &g->to, &t);
	unsigned made = make_column(r, en->stream, &g->to, &t, &why);
	if (made == n)
		return true;
	*f = (struct fault){ .why = why, .stream = en->stream, .field = g->to.field,
			     .column = NO_COLUMN, .text = str_trim(text[made]),
			     .row = run->pick[from + made] };
	return false;
}

static void copy_twin(struct rower *r, struct entry *en, const struct gift *g,
		      const struct run *run)
{
	const struct target *from = &en->binding[g->twin].to;
	if (!r->chunk->table[en->stream].col[from->index]) {
		if (g->to.first)
			column_blank(r->chunk, en->stream, g->to.index, run->first, run->n);
		return;
	}
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

/* Whether each row of the run has got a value of the field from one of its columns. */
static bool is_complete(const struct entry *en, const struct need *need)
{
	for (unsigned i = 0; i < en->n_binding; i++) {
		const struct target *t = &en->binding[i].to;
		if (t->complete &&
		    (t->index == need->a || t->index == need->b || t->index == need->c))
			return true;
	}
	return false;
}

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
	bool by_content = en->seen || run->in->digest == 0; /* of one row, hence of all */
	uint64_t digest[RUN_MAX];
	if (by_content)
		column_digests(r->chunk, en->stream, run->first, run->n, digest);
	for (unsigned i = 0; i < run->n; i++) {
		const struct row_in *in = &run->in[run->pick[i]];
		uint32_t row = run->first + i;
		src[i] = (struct source){
			.line = in->line, .offset = in->offset, .length = in->length,
			.revision = en->revises ? column_revision(r->chunk, en->stream, row,
								  r->revision)
						: r->revision,
			.digest = by_content ? digest[i] : in->digest,
		};
	}
}

bool fill_records(struct rower *r, struct entry *en, const struct run *run, struct fault *f)
{
	if (!fill_columns(r, en, run, f) || !fill_gifts(r, en, run, f))
		return false;
	for (unsigned i = 0; i < en->n_need; i++)
		if (!is_complete(en, &en->need[i]) && !check_need(r, en, &en->need[i], run, f))
			return false;
	fill_sources(r, en, run);
	return true;
}
