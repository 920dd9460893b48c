/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * row.c - the inner loop of decoding: for each binding of each stream, text to value.
 *
 * Neighbouring rows repeat most of their values, so each target remembers its last text.
 */
#include "lib/record/row.h"

#include <assert.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/dec.h"
#include "lib/base/hash.h"
#include "lib/record/column.h"
#include "lib/record/parse.h"

static const char nested_mark[] = "{}";

/* Records made of the current row, so that they can be taken back. */
struct made {
	struct entry *entry[FEED_STREAMS_MAX];
	uint64_t key[FEED_STREAMS_MAX];
	unsigned n;
	bool matched; /* some stream wanted the row */
	uint32_t first_claim; /* claims of this row begin there */
};

/* What went wrong, and where. */
struct fault {
	enum reject_reason why;
	enum field field;
	uint32_t column; /* NO_COLUMN when no column is to blame */
	struct str text;
};

struct str row_nested(void)
{
	return (struct str){ nested_mark, 2 };
}

void rower_init(struct rower *r, const struct feed *feed, const struct feed_file *file,
		const uint8_t *wanted, struct decode_stats *stats)
{
	*r = (struct rower){ .revision = feed->revision, .stats = stats };
	plan_init(&r->plan, file, wanted);
}

void rower_fini(struct rower *r)
{
	plan_fini(&r->plan);
	chunk_free(r->chunk);
	while (r->next_ready < r->n_ready)
		chunk_free(r->ready[r->next_ready++]);
	xfree(r->ready);
	xfree(r->text);
}

/* ---- chunks ---- */

static void open_chunk(struct rower *r, uint64_t line)
{
	if (r->chunk)
		return;
	r->chunk = chunk_new();
	r->chunk->first_line = line;
	plan_new_chunk(&r->plan);
}

void rower_flush(struct rower *r)
{
	if (!r->chunk)
		return;
	GROW(r->ready, r->cap_ready, r->n_ready + 1u);
	r->ready[r->n_ready++] = r->chunk;
	r->chunk = NULL;
}

struct chunk *rower_next(struct rower *r)
{
	if (r->next_ready < r->n_ready)
		return r->ready[r->next_ready++];
	r->next_ready = r->n_ready = 0;
	return NULL;
}

static void count_row(struct rower *r, uint64_t line)
{
	open_chunk(r, line);
	r->chunk->rows++;
	r->stats->rows++;
}

static void close_row(struct rower *r)
{
	if (r->chunk->rows >= DECODE_CHUNK_ROWS)
		rower_flush(r);
}

/* ---- one value ---- */

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

/* Makers: text to value, into t->value. The text is trimmed and not missing. */
typedef enum reject_reason make_fn(struct rower *r, struct target *t, struct str text);

static enum reject_reason make_number(struct rower *r, struct target *t, struct str text)
{
	(void)r;
	return dec_parse(text, t->scale, &t->value.i64) ? REJECT_NONE : REJECT_BAD_NUMBER;
}

static enum reject_reason make_time(struct rower *r, struct target *t, struct str text)
{
	(void)r;
	return parse_i64(TYPE_TIME, text, &t->value.i64);
}

static enum reject_reason make_date(struct rower *r, struct target *t, struct str text)
{
	(void)r;
	return parse_date(text, &t->value.i32);
}

static enum reject_reason make_text(struct rower *r, struct target *t, struct str text)
{
	if (text.n > PARSE_TEXT_MAX)
		return REJECT_TEXT_TOO_LONG;
	t->value.u32 = dict_code(r->chunk->dict, text);
	return REJECT_NONE;
}

static enum reject_reason make_named(struct rower *r, struct target *t, struct str text)
{
	if (text.n <= PARSE_TEXT_MAX && (unsigned char)text.p[0] >= 0x80) {
		struct str code = code_find(field_get(t->field)->name, text);
		if (code.n)
			text = code;
	}
	return make_text(r, t, text);
}

static enum reject_reason make_serial(struct rower *r, struct target *t, struct str text)
{
	if (text.n > PARSE_TEXT_MAX)
		return REJECT_TEXT_TOO_LONG;
	t->value.u32 = dict_append(r->chunk->dict, text);
	return REJECT_NONE;
}

static enum reject_reason make_mapped(struct rower *r, struct target *t, struct str text)
{
	text = mapped(t->values, text);
	if (text.p == nested_mark)
		return REJECT_BAD_VALUE;
	if (t->width == WIDTH_I64)
		return parse_i64(t->type, text, &t->value.i64);
	if (t->width == WIDTH_I32)
		return parse_date(text, &t->value.i32);
	if (parse_is_missing(text)) {
		t->value.u32 = MISSING_CODE;
		return REJECT_NONE;
	}
	return t->named ? make_named(r, t, text) : make_text(r, t, text);
}

static make_fn *const makers[] = {
	[MAKE_NUMBER] = make_number, [MAKE_TIME] = make_time,     [MAKE_DATE] = make_date,
	[MAKE_TEXT] = make_text,     [MAKE_NAMED] = make_named,   [MAKE_SERIAL] = make_serial,
	[MAKE_MAPPED] = make_mapped,
};

static inline bool is_cached(const struct target *t, struct str text)
{
	return text.n == t->cached_n && text.p[text.n - 1] == t->cached[text.n - 1] &&
	       bytes_same(text.p, t->cached, text.n);
}

static inline void keep_cached(struct target *t, struct str text)
{
	t->cached_n = 0;
	if (text.n > CACHE_TEXT)
		return;
	bytes_copy(t->cached, text.p, text.n);
	t->cached_n = (uint8_t)text.n;
}

static inline void store(struct rower *r, enum stream s, struct target *t, uint32_t row)
{
	void *col = r->chunk->table[s].col[t->index];
	if (!col)
		col = column_make(r->chunk, s, t->index, t->type);
	if (t->width == WIDTH_I64)
		((int64_t *)col)[row] = t->value.i64;
	else
		((uint32_t *)col)[row] = t->value.u32;
}

/* Puts a trimmed text that is not missing into the row. Numbers and serials hardly repeat and are
 * made sooner than compared. */
static inline enum reject_reason put(struct rower *r, enum stream s, struct target *t,
				     uint32_t row, struct str text)
{
	bool repeats = t->making != MAKE_NUMBER && t->making != MAKE_SERIAL;
	if (!repeats || !is_cached(t, text)) {
		bool nested = text.p == nested_mark && t->making != MAKE_MAPPED;
		enum reject_reason why = nested ? REJECT_BAD_VALUE
						: makers[t->making](r, t, text);
		if (why != REJECT_NONE) {
			t->cached_n = 0;
			return why;
		}
		if (repeats)
			keep_cached(t, text);
	}
	store(r, s, t, row);
	return REJECT_NONE;
}

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

static bool is_set(const struct rower *r, enum stream s, const struct target *t, uint32_t row)
{
	return has_value(&r->chunk->table[s], t->index, t->width, row);
}

static inline struct str cell_text(const struct row_in *row, uint32_t column)
{
	if (column >= row->n)
		return (struct str){ 0 };
	struct str s = row->cell[column];
	if (s.n && ((unsigned char)s.p[0] <= ' ' || (unsigned char)s.p[s.n - 1] <= ' '))
		s = str_trim(s);
	return s;
}

/* ---- one record ---- */

static enum reject_reason fill_columns(struct rower *r, struct entry *en, const struct row_in *in,
				       uint32_t row, struct fault *f)
{
	for (unsigned i = 0; i < en->n_binding; i++) {
		struct binding *b = &en->binding[i];
		struct str text = cell_text(in, b->column);
		if (parse_is_missing(text))
			continue;
		if (b->fallback && is_set(r, en->stream, &b->to, row))
			continue;
		enum reject_reason why = put(r, en->stream, &b->to, row, text);
		if (why != REJECT_NONE) {
			*f = (struct fault){ why, b->to.field, b->column, text };
			return why;
		}
	}
	return REJECT_NONE;
}

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
					   : cell_text(in, g->piece[i].column);
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

static enum reject_reason fill_gifts(struct rower *r, struct entry *en, const struct row_in *in,
				     uint32_t row, struct fault *f)
{
	for (unsigned i = 0; i < en->n_gift; i++) {
		struct gift *g = &en->gift[i];
		if (g->kind == GIVE_DEFAULT && is_set(r, en->stream, &g->to, row))
			continue;
		struct str text = str_trim(gift_text(r, g, in));
		if (parse_is_missing(text))
			continue;
		enum reject_reason why = put(r, en->stream, &g->to, row, text);
		if (why != REJECT_NONE) {
			*f = (struct fault){ why, g->to.field, NO_COLUMN, text };
			return why;
		}
	}
	return REJECT_NONE;
}

static bool is_refused_by_when(const struct entry *en, const struct row_in *in)
{
	const struct feed_when *w = &en->feed->when;
	if (w->column.n == 0)
		return false;
	struct str text = cell_text(in, en->when_column);
	bool found = false;
	for (unsigned i = 0; i < w->n && !found; i++)
		found = str_eq(text, w->is[i]);
	return found == w->negated;
}

/* Notes which of the watched columns are as in the row before. */
static void watch(struct plan *p, const struct row_in *in)
{
	uint32_t changed = 0;
	for (unsigned i = 0; i < p->n_watched; i++) {
		struct watched *w = &p->watched[i];
		struct str text = cell_text(in, w->column);
		if (text.n == w->n && bytes_same(text.p, w->text, text.n))
			continue;
		changed |= 1u << i;
		w->n = text.n <= CACHE_TEXT ? text.n : UINT32_MAX;
		if (text.n <= CACHE_TEXT)
			bytes_copy(w->text, text.p, text.n);
	}
	for (unsigned i = 0; changed && i < p->n_entry; i++)
		if (p->entry[i].watches & changed)
			p->entry[i].last_key = 0;
}

static uint64_t once_key(struct entry *en, const struct row_in *in)
{
	if (en->last_key)
		return en->last_key;
	uint64_t h = 1;
	for (unsigned i = 0; i < en->feed->n_once; i++)
		h = hash_join(h, hash_str(cell_text(in, en->once_column[i])));
	h = h ? h : 1;
	en->last_key = en->watches ? h : 0;
	return h;
}

static uint64_t *seen_slot(const struct entry *en, uint64_t key)
{
	return &en->seen[key & (SEEN_SLOTS - 1u)];
}

bool rower_has_seen(const struct rower *r, const struct claim *c)
{
	return *seen_slot(&r->plan.entry[c->entry], c->key) == c->key;
}

void rower_see(struct rower *r, const struct claim *c)
{
	if (!c->refused)
		*seen_slot(&r->plan.entry[c->entry], c->key) = c->last;
}

void rower_forget(struct rower *r)
{
	struct claims *all = r->claims;
	for (uint32_t i = 0; i < all->n; i++)
		all->claim[i].last = *seen_slot(&r->plan.entry[all->claim[i].entry],
						all->claim[i].key);
	for (uint32_t i = 0; i < all->n; i++)
		*seen_slot(&r->plan.entry[all->claim[i].entry], all->claim[i].key) = 0;
}

static enum reject_reason check_needs(struct rower *r, const struct entry *en, uint32_t row,
				      struct fault *f)
{
	const struct table *t = &r->chunk->table[en->stream];
	for (unsigned i = 0; i < en->n_need; i++) {
		const struct need *need = &en->need[i];
		if (has_value(t, need->a, need->width_a, row) ||
		    has_value(t, need->b, need->width_b, row) ||
		    has_value(t, need->c, need->width_c, row))
			continue;
		*f = (struct fault){ REJECT_MISSING_REQUIRED, need->field, NO_COLUMN, { 0 } };
		for (unsigned k = 0; k < en->n_binding; k++)
			if (en->binding[k].to.field == need->field)
				f->column = en->binding[k].column;
		return REJECT_MISSING_REQUIRED;
	}
	return REJECT_NONE;
}

static enum reject_reason make_record(struct rower *r, struct entry *en, const struct row_in *in,
				      struct fault *f)
{
	uint32_t row = chunk_row(r->chunk, en->stream);
	enum reject_reason why = fill_columns(r, en, in, row, f);
	if (why == REJECT_NONE)
		why = fill_gifts(r, en, in, row, f);
	if (why == REJECT_NONE)
		why = check_needs(r, en, row, f);
	struct source *src = &r->chunk->table[en->stream].src[row];
	src->line = in->line;
	src->offset = in->offset;
	src->length = in->length;
	src->revision = en->revises ? column_revision(r->chunk, en->stream, row, r->revision)
				    : r->revision;
	if (why == REJECT_NONE)
		src->digest = in->digest && !en->seen
				      ? in->digest
				      : column_digest(r->chunk, en->stream, row);
	return why;
}

/* ---- one row ---- */

static void take_back(struct rower *r, const struct made *made)
{
	for (unsigned i = made->n; i-- > 0;)
		column_drop_row(r->chunk, made->entry[i]->stream);
}

static void claim(struct rower *r, uint32_t entry, uint64_t key)
{
	struct claims *all = r->claims;
	GROW(all->claim, all->cap, all->n + 1u);
	all->claim[all->n++] = (struct claim){
		.key = key, .entry = entry, .chunk = r->n_ready - r->next_ready,
		.row = r->chunk->table[r->plan.entry[entry].stream].n,
	};
}

static enum reject_reason make_records(struct rower *r, const struct row_in *in, struct made *made,
				       struct fault *f)
{
	watch(&r->plan, in);
	for (unsigned i = 0; i < r->plan.n_entry; i++) {
		struct entry *en = &r->plan.entry[i];
		if (!(in->streams >> en->stream & 1) || is_refused_by_when(en, in))
			continue;
		made->matched = true;
		uint64_t key = en->seen ? once_key(en, in) : 0;
		if (en->seen && *seen_slot(en, key) == key)
			continue;
		if (en->seen && r->claims && *seen_slot(en, key) == 0)
			claim(r, i, key);
		assert(made->n < FEED_STREAMS_MAX);
		made->key[made->n] = key;
		made->entry[made->n++] = en;
		enum reject_reason why = make_record(r, en, in, f);
		if (why != REJECT_NONE)
			return why;
	}
	return REJECT_NONE;
}

static void keep(struct rower *r, const struct made *made)
{
	for (unsigned i = 0; i < made->n; i++) {
		struct entry *en = made->entry[i];
		r->stats->records[en->stream]++;
		if (en->seen)
			*seen_slot(en, made->key[i]) = made->key[i];
	}
	if (!made->matched)
		r->stats->filtered++;
}

static void count_unknown(struct rower *r, const struct row_in *in)
{
	const struct plan *p = &r->plan;
	for (uint32_t i = 0; i < p->n_unknown; i++)
		r->stats->unknown_values += !parse_is_missing(cell_text(in, p->unknown[i]));
}

static void refuse(struct rower *r, const struct row_in *in, const struct fault *f,
		   enum stream stream)
{
	const struct plan *p = &r->plan;
	struct reject reject = {
		.line = in->line, .stream = stream, .reason = reject_word(f->why), .raw = in->raw,
		.column = !r->positions || f->column == NO_COLUMN ? 0 : f->column + 1,
	};
	struct buf text;
	buf_init(&text, 0);
	if (f->column < p->n_column)
		reject.field = p->column[f->column];
	if (f->field != FIELD_NONE) {
		if (r->english)
			buf_addf(&text, "%s", field_get(f->field)->name);
		else
			buf_addf(&text, "%s（%s）", field_get(f->field)->title,
				 field_get(f->field)->name);
		if (reject.field.n == 0)
			reject.field = str_of(field_get(f->field)->name);
	}
	if (f->text.n) {
		struct str shown = str_sub(f->text, 0, 60);
		buf_addf(&text, r->english ? " \"" STR_FMT "\"" : "的值「" STR_FMT "」",
			 STR_ARG(shown));
	}
	if (r->english && text.n)
		buf_adds(&text, ": ");
	buf_adds(&text, reject_sentence(f->why, r->english));
	reject.sentence = buf_str(&text);
	chunk_reject(r->chunk, &reject);
	r->stats->rejects++;
	buf_fini(&text);
}

void rower_take(struct rower *r, const struct row_in *in)
{
	struct made made;
	made.n = 0;
	made.matched = false;
	struct fault f = { REJECT_NONE, FIELD_NONE, NO_COLUMN, { 0 } };
	count_row(r, in->line);
	made.first_claim = r->claims ? r->claims->n : 0;
	if (make_records(r, in, &made, &f) == REJECT_NONE) {
		keep(r, &made);
	} else {
		for (uint32_t i = made.first_claim; r->claims && i < r->claims->n; i++)
			r->claims->claim[i].refused = true;
		take_back(r, &made);
		refuse(r, in, &f, made.entry[made.n - 1]->stream);
	}
	count_unknown(r, in);
	close_row(r);
}

void rower_refuse(struct rower *r, const struct row_in *in, enum reject_reason why,
		  uint32_t column, struct str detail)
{
	struct fault f = { why, FIELD_NONE, column ? column - 1 : NO_COLUMN, detail };
	count_row(r, in->line);
	refuse(r, in, &f, r->plan.entry[0].stream);
	close_row(r);
}
