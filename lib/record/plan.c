/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.c - resolve names once, so that rows need none.
 */
#include "lib/record/plan.h"

#include <string.h>

#include "lib/record/names.h"

#define NAME_MAX_BYTES 256u
#define COMING_ASKED 64u
#define DOUBTS_MOST 4u
#define ALONE_CHUNKS 15u

/* For files without streams of their own. */
static const struct feed_stream plain_streams[STREAM_STORED] = {
	{ .stream = STREAM_ENCOUNTER }, { .stream = STREAM_SETTLEMENT }, { .stream = STREAM_FEE },
	{ .stream = STREAM_DIAGNOSIS }, { .stream = STREAM_OPERATION }, { .stream = STREAM_TRACE },
	{ .stream = STREAM_REPORT }, { .stream = STREAM_STOCK },
	{ .stream = STREAM_PERSON }, { .stream = STREAM_FACILITY },
	{ .stream = STREAM_PRACTITIONER }, { .stream = STREAM_ITEM },
};

static void resolve_needs(struct entry *en)
{
	struct column_need pair[COLUMN_NEEDS_MAX];
	en->n_need = column_needs(en->stream, pair);
	for (unsigned i = 0; i < en->n_need; i++) {
		const struct field_info *a = field_get(pair[i].a), *b = field_get(pair[i].b);
		const struct field_info *c = field_get(pair[i].c);
		en->need[i] = (struct need){
			(uint16_t)a->index, (uint16_t)b->index, (uint16_t)c->index,
			type_width(a->type), type_width(b->type), type_width(c->type), pair[i].a,
		};
	}
}

void plan_init(struct plan *p, const struct feed_file *file, const uint8_t *wanted)
{
	*p = (struct plan){ .wanted = wanted };
	arena_init(&p->arena);
	p->names = dict_new();
	bool own = file->n_stream > 0;
	p->n_entry = own ? file->n_stream : STREAM_STORED;
	p->entry = arena_array(&p->arena, p->n_entry, sizeof(*p->entry));
	for (unsigned i = 0; i < p->n_entry; i++) {
		struct entry *en = &p->entry[i];
		en->feed = own ? &file->stream[i] : &plain_streams[i];
		en->stream = en->feed->stream;
		en->when_column = NO_COLUMN;
		resolve_needs(en);
		if (en->feed->n_once)
			en->seen = xcalloc(SEEN_SLOTS, sizeof(*en->seen));
	}
}

void plan_fini(struct plan *p)
{
	for (unsigned i = 0; i < p->n_entry; i++) {
		xfree(p->entry[i].binding);
		xfree(p->entry[i].seen);
	}
	arena_fini(&p->arena);
	dict_free(p->names);
	xfree(p->column_of);
	xfree(p->column);
	xfree(p->known);
	xfree(p->unknown);
}

/* ---- targets ---- */

static enum making making_of(const struct target *t)
{
	if (t->values)
		return MAKE_MAPPED;
	if (t->width == WIDTH_I64)
		return t->type == TYPE_TIME ? MAKE_TIME : MAKE_NUMBER;
	if (t->width == WIDTH_I32)
		return MAKE_DATE;
	if (t->field == FIELD_fee_feedetl_sn) /* a text of its own for each line */
		return MAKE_SERIAL;
	return t->named ? MAKE_NAMED : MAKE_TEXT;
}

static struct target target_of(struct plan *p, const struct feed_stream *s, enum field f)
{
	const struct field_info *info = field_get(f);
	struct target t = { .field = f, .index = (uint16_t)info->index, .type = info->type,
			    .width = type_width(info->type) };
	t.named = info->type == TYPE_CODE && code_table(info->name);
	for (unsigned i = 0; i < s->n_values; i++)
		if (s->values[i].field == f)
			t.values = &s->values[i];
	t.scale = type_scale(info->type);
	for (unsigned i = 0; i < s->n_magnitude; i++)
		t.magnitude |= s->magnitude[i] == f;
	t.making = making_of(&t);
	if (t.width == WIDTH_U32 && t.making != MAKE_SERIAL)
		t.brief = arena_array(&p->arena, 1, sizeof(*t.brief));
	t.from = NO_FROM;
	t.coming.never = info->role == ROLE_KEY || info->role == ROLE_LINK;
	return t;
}

/* Identity, time, state and whatever is required are read in any case; so are numbers and dates,
 * since a row that cannot be read must be refused whether or not a rule reads that field. */
static bool is_wanted(const struct plan *p, enum field f)
{
	const struct field_info *info = field_get(f);
	if (!p->wanted || info->req == REQ_REQUIRED)
		return true;
	if (info->role != ROLE_VALUE && info->role != ROLE_ENTITY)
		return true;
	if (info->type != TYPE_CODE && info->type != TYPE_TEXT)
		return true;
	return p->wanted[f / 8] >> (f % 8) & 1;
}

static bool is_given(const struct feed_stream *s, enum field f)
{
	for (unsigned i = 0; i < s->n_gift; i++)
		if (s->gift[i].field == f && s->gift[i].kind != GIVE_DEFAULT)
			return true;
	return false;
}

static bool is_mapped(const struct feed_stream *s, enum field f)
{
	for (unsigned i = 0; i < s->n_column; i++)
		if (s->column[i].field == f)
			return true;
	return false;
}

/* ---- columns ---- */

/* Of columns for one field the feed's order counts, then the source's. */
static void bind(struct plan *p, struct entry *en, uint32_t column, enum field f, unsigned rank)
{
	p->known[column] = true;
	if (!is_wanted(p, f))
		return;
	en->revises |= column_revises(f);
	GROW(en->binding, en->cap_binding, en->n_binding + 1u);
	unsigned at = en->n_binding++;
	for (unsigned i = at; i > 0; i--)
		if (en->binding[i - 1].to.field == f && en->binding[i - 1].rank > rank)
			at = i - 1;
	memmove(en->binding + at + 1, en->binding + at,
		(en->n_binding - 1 - at) * sizeof(*en->binding));
	en->binding[at] = (struct binding){ .column = column, .rank = rank,
					    .to = target_of(p, en->feed, f) };
	bool first = true;
	for (unsigned i = 0; i < en->n_binding; i++) {
		if (en->binding[i].to.field != f)
			continue;
		en->binding[i].fallback = !first;
		first = false;
	}
}

/* What a column means to one stream: as the feed says, else by its own name. */
static void bind_column(struct plan *p, struct entry *en, uint32_t column, struct str name)
{
	const struct feed_stream *s = en->feed;
	bool said = false;
	for (unsigned i = 0; i < s->n_column; i++) {
		if (!names_equal(s->column[i].source, name))
			continue;
		bind(p, en, column, s->column[i].field, i);
		said = true;
	}
	if (said || s->strict)
		return;
	enum field f = names_field(en->stream, name);
	if (f == FIELD_NONE)
		p->known[column] |= names_ignored(en->stream, name);
	else if (is_given(s, f) || is_mapped(s, f))
		p->known[column] = true;
	else
		bind(p, en, column, f, UINT32_MAX);
}

/* The dictionary code of a name, letters lowered; 0 for names too long to be one. */
static uint32_t name_code(struct plan *p, struct str name, bool add)
{
	char low[NAME_MAX_BYTES];
	if (name.n > sizeof(low))
		return 0;
	for (uint32_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		low[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	struct str s = { low, name.n };
	return add ? dict_code(p->names, s) : dict_find(p->names, s);
}

static uint32_t find_column(struct plan *p, struct str name)
{
	uint32_t code = name_code(p, name, false);
	return code ? p->column_of[code] : NO_COLUMN;
}

static uint32_t add_column(struct plan *p, struct str name)
{
	uint32_t column = p->n_column;
	GROW(p->column, p->cap_column, p->n_column + 1u);
	GROW(p->known, p->cap_known, p->n_column + 1u);
	p->column[column] = arena_str(&p->arena, name);
	p->known[column] = false;
	p->n_column++;
	uint32_t code = name.n ? name_code(p, name, true) : 0;
	if (code) {
		GROW(p->column_of, p->cap_names, code + 1u);
		p->column_of[code] = column;
	}
	return column;
}

/* Columns used by filters, keys and templates are known even when no field takes them. */
static bool is_referenced(const struct feed_stream *s, struct str name)
{
	bool used = names_equal(s->when.column, name);
	for (unsigned i = 0; i < s->n_once; i++)
		used |= names_equal(s->once_per[i], name);
	for (unsigned i = 0; i < s->n_filled; i++)
		used |= names_equal(s->filled[i], name);
	for (unsigned i = 0; i < s->n_gift; i++)
		for (unsigned k = 0; k < s->gift[i].text.n; k++)
			used |= s->gift[i].text.piece[k].column &&
				names_equal(s->gift[i].text.piece[k].text, name);
	return used;
}

static void resolve_column(struct plan *p, uint32_t column)
{
	struct str name = p->column[column];
	for (unsigned i = 0; name.n && i < p->n_entry; i++) {
		bind_column(p, &p->entry[i], column, name);
		p->known[column] |= is_referenced(p->entry[i].feed, name);
	}
	if (p->known[column])
		return;
	GROW(p->unknown, p->cap_unknown, p->n_unknown + 1u);
	p->unknown[p->n_unknown++] = column;
}

/* ---- what the feed itself names ---- */

static uint32_t lookup(struct plan *p, struct str name, bool make)
{
	uint32_t column = find_column(p, name);
	if (column != NO_COLUMN || !make)
		return column;
	column = add_column(p, name);
	resolve_column(p, column);
	return column;
}

static void resolve_gift(struct plan *p, struct entry *en, const struct feed_gift *from, bool make)
{
	if (!is_wanted(p, from->field))
		return;
	struct gift *g = &en->gift[en->n_gift++];
	en->revises |= column_revises(from->field);
	g->kind = from->kind;
	g->twin = NO_COLUMN;
	g->to = target_of(p, en->feed, from->field);
	g->n = from->text.n;
	g->piece = arena_array(&p->arena, g->n + 1u, sizeof(*g->piece));
	for (unsigned i = 0; i < g->n; i++) {
		struct feed_piece piece = from->text.piece[i];
		g->piece[i].text = piece.text;
		g->piece[i].column = piece.column ? lookup(p, piece.text, make) : NO_COLUMN;
		if (piece.column && g->piece[i].column == NO_COLUMN)
			g->piece[i].text.n = 0;
	}
}

/* The bit of a watched column; 0 when no more can be watched. */
static uint32_t watch_column(struct plan *p, uint32_t column)
{
	unsigned i = 0;
	while (i < p->n_watched && p->watched[i].column != column)
		i++;
	if (i == WATCHED_MAX)
		return 0;
	if (i == p->n_watched)
		p->watched[p->n_watched++] = (struct watched){ .column = column, .n = UINT32_MAX };
	return 1u << i;
}

static uint32_t watch_key(struct plan *p, const struct entry *en)
{
	uint32_t all = 0;
	for (unsigned i = 0; i < en->feed->n_once; i++) {
		uint32_t bit = watch_column(p, en->once_column[i]);
		if (!bit)
			return 0;
		all |= bit;
	}
	return all;
}

static void resolve_entry(struct plan *p, struct entry *en, bool make)
{
	const struct feed_stream *s = en->feed;
	if (s->when.column.n)
		en->when_column = lookup(p, s->when.column, make);
	for (unsigned i = 0; i < s->n_once; i++)
		en->once_column[i] = lookup(p, s->once_per[i], make);
	for (unsigned i = 0; i < s->n_filled; i++) {
		en->filled_column[i] = lookup(p, s->filled[i], make);
		en->absent |= en->filled_column[i] == NO_COLUMN;
	}
	en->watches = watch_key(p, en);
	en->gift = arena_array(&p->arena, s->n_gift + 1u, sizeof(*en->gift));
	for (unsigned i = 0; i < s->n_gift; i++)
		resolve_gift(p, en, &s->gift[i], make);
}

void plan_open(struct plan *p)
{
	for (unsigned i = 0; i < p->n_entry; i++)
		resolve_entry(p, &p->entry[i], true);
}

static bool says_something(const struct feed_stream *s, enum stream stream, struct str name)
{
	for (unsigned i = 0; i < s->n_column; i++)
		if (names_equal(s->column[i].source, name))
			return true;
	return is_referenced(s, name) ||
	       (!s->strict && (names_field(stream, name) != FIELD_NONE ||
			       names_ignored(stream, name)));
}

/* Names the feed can read are finitely many; only the others must be bounded, so that a line
 * full of invented keys takes nothing from the lines behind it. */
uint32_t plan_key(struct plan *p, struct str name)
{
	uint32_t column = find_column(p, name);
	if (column != NO_COLUMN)
		return column;
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return NO_COLUMN;
	bool known = p->n_unknown < COLUMNS_MAX;
	for (unsigned i = 0; i < p->n_entry && !known; i++)
		known = says_something(p->entry[i].feed, p->entry[i].stream, name);
	return known ? lookup(p, name, true) : NO_COLUMN;
}

/* ---- a CSV header ---- */

/* Whether a binding's value is that of its column alone, and a gift's would be the same. */
static bool is_twin(const struct entry *en, unsigned k, const struct gift *g)
{
	const struct binding *b = &en->binding[k];
	for (unsigned i = 0; i < en->n_binding; i++)
		if (i != k && en->binding[i].to.field == b->to.field)
			return false;
	return b->column == g->piece[0].column && b->to.type == g->to.type &&
	       b->to.making == g->to.making && b->to.making != MAKE_MAPPED &&
	       b->to.making != MAKE_NAMED;
}

static void find_twins(struct entry *en)
{
	for (unsigned i = 0; i < en->n_gift; i++) {
		struct gift *g = &en->gift[i];
		for (unsigned k = 0; k < en->n_binding; k++)
			if (g->kind == GIVE_COMPOSE && g->n == 1 && is_twin(en, k, g))
				g->twin = k;
	}
}

/* Codes of texts as they stand are the same whichever stream asks first. */
static void share_codes(struct plan *p)
{
	struct target **first = arena_array(&p->arena, p->n_column + 1u, sizeof(struct target *));
	p->shared = arena_array(&p->arena, p->n_column + 1u, sizeof(*p->shared));
	for (unsigned i = 0; i < p->n_entry; i++)
		for (unsigned k = 0; k < p->entry[i].n_binding; k++) {
			struct target *t = &p->entry[i].binding[k].to;
			uint32_t column = p->entry[i].binding[k].column;
			if (t->making != MAKE_TEXT)
				continue;
			if (first[column] && !p->shared[column])
				p->shared[column] = first[column]->shared =
					arena_new(&p->arena, struct shared);
			t->shared = p->shared[column];
			first[column] = t;
		}
}

/* ---- entries that wait ---- */

static bool is_alone(const struct plan *p, const struct entry *en)
{
	unsigned same = 0;
	for (unsigned i = 0; i < p->n_entry; i++)
		same += p->entry[i].stream == en->stream;
	return same == 1;
}

/* Whether a text of a's column becomes the same value in both. */
static bool makes_same(const struct target *a, const struct target *b)
{
	if (a->making != b->making || a->making == MAKE_MAPPED || a->making == MAKE_SERIAL)
		return false;
	if (a->making == MAKE_NAMED)
		return strcmp(field_get(a->field)->name, field_get(b->field)->name) == 0;
	return a->making == MAKE_TEXT || (a->type == b->type && a->magnitude == b->magnitude);
}

/* Whether nothing but this binding fills its field. */
static bool fills_alone(const struct entry *en, unsigned k)
{
	enum field f = en->binding[k].to.field;
	for (unsigned i = 0; i < en->n_binding; i++)
		if (i != k && en->binding[i].to.field == f)
			return false;
	for (unsigned i = 0; i < en->n_gift; i++)
		if (en->gift[i].to.field == f)
			return false;
	return true;
}

/* Texts that are records' own in one stream are asked for as such in the full one. */
static void find_from(struct entry *full, struct binding *b)
{
	for (unsigned k = 0; k < full->n_binding && b->to.from == NO_FROM; k++) {
		struct binding *of = &full->binding[k];
		if (of->column != b->column || !makes_same(&of->to, &b->to) ||
		    !fills_alone(full, k))
			continue;
		b->to.from = of->to.index;
		of->to.coming.never |= b->to.coming.never;
	}
}

/* Streams with few records wait; what the full one has made of their columns is copied then. */
static void find_waiting(struct plan *p)
{
	for (unsigned i = 0; i < p->n_entry; i++) {
		struct entry *en = &p->entry[i];
		bool alone = is_alone(p, en);
		en->waits = alone && en->seen;
		p->n_waiting += en->waits;
		if (alone && !p->full && !en->seen && !en->feed->when.column.n &&
		    !en->feed->n_filled)
			p->full = en;
	}
	for (unsigned i = 0; i < p->n_entry && p->full; i++)
		for (unsigned k = 0; p->entry[i].waits && k < p->entry[i].n_binding; k++)
			find_from(p->full, &p->entry[i].binding[k]);
}

/* Of what fills one field the first writes it for every row, the others where they have something
 * to say. */
static void find_first(struct plan *p, struct entry *en)
{
	en->written = arena_array(&p->arena, stream_stored_width(en->stream),
				  sizeof(*en->written));
	for (unsigned i = 0; i < en->n_binding; i++) {
		struct target *t = &en->binding[i].to;
		t->first = !en->written[t->index];
		en->written[t->index] = true;
	}
	for (unsigned i = 0; i < en->n_gift; i++) {
		struct target *t = &en->gift[i].to;
		if (en->gift[i].kind == GIVE_DEFAULT)
			continue;
		t->first = !en->written[t->index];
		en->written[t->index] = true;
	}
}

static bool is_filled(const struct entry *en, enum field f)
{
	for (unsigned i = 0; i < en->n_binding; i++)
		if (en->binding[i].to.field == f)
			return true;
	for (unsigned i = 0; i < en->n_gift; i++)
		if (en->gift[i].to.field == f)
			return true;
	return false;
}

static bool check_entry(const struct entry *en, struct err *e)
{
	const struct feed_stream *s = en->feed;
	if (en->absent)
		return true;
	if (s->when.column.n && en->when_column == NO_COLUMN)
		return err_set(e, ERR_INPUT, "表头没有列「" STR_FMT "」（feed 按它筛选）",
			       STR_ARG(s->when.column));
	for (unsigned i = 0; i < s->n_once; i++)
		if (en->once_column[i] == NO_COLUMN)
			return err_set(e, ERR_INPUT, "表头没有列「" STR_FMT "」（feed 按它去重）",
				       STR_ARG(s->once_per[i]));
	for (unsigned i = 0; i < stream_stored_width(en->stream); i++) {
		enum field f = stream_first(en->stream) + i;
		const struct field_info *info = field_get(f);
		if (info->req == REQ_REQUIRED && !is_filled(en, f))
			return err_set(e, ERR_INPUT, "表头没有%s的必填列 %s（%s）",
				       stream_title(en->stream), info->name, info->title);
	}
	return true;
}

bool plan_header(struct plan *p, const struct row_cells *names, struct err *e)
{
	unsigned n = names->n;
	if (n > COLUMNS_MAX)
		return err_set(e, ERR_LIMIT, "表头有 %u 列，最多 %u 列", n, COLUMNS_MAX);
	for (unsigned i = 0; i < n; i++) {
		struct str name = str_trim(cell_at(names, i));
		if (name.n && find_column(p, name) != NO_COLUMN)
			return err_set(e, ERR_INPUT, "表头的列「" STR_FMT "」出现两次",
				       STR_ARG(name));
		(void)add_column(p, name);
	}
	for (unsigned i = 0; i < n; i++)
		resolve_column(p, i);
	for (unsigned i = 0; i < p->n_entry; i++)
		resolve_entry(p, &p->entry[i], false);
	share_codes(p);
	find_waiting(p);
	for (unsigned i = 0; i < p->n_entry; i++) {
		find_twins(&p->entry[i]);
		find_first(p, &p->entry[i]);
		if (!check_entry(&p->entry[i], e))
			return false;
	}
	return true;
}

static bool nearly_all_fresh(const struct coming *c)
{
	return c->asked >= COMING_ASKED && c->fresh > c->asked / 16 * 15;
}

/* A column whose texts do not come again; in one chunk of some it is found out whether they come
 * again in the chunk. */
static void look_again(struct coming *c)
{
	if (c->away)
		c->away--;
	if (c->alone)
		c->alone--;
	else if (nearly_all_fresh(c))
		c->alone = ALONE_CHUNKS;
}

/* Nearly all new: at once. Mostly new: when that goes on, since what is to be known must come a
 * first time. */
static void doubt(struct coming *c)
{
	if (c->asked < COMING_ASKED || c->fresh <= c->asked / 2) {
		c->doubts = 0;
		return;
	}
	c->doubts = (uint8_t)(c->doubts + (nearly_all_fresh(c) ? DOUBTS_MOST : 1));
	if (c->doubts < DOUBTS_MOST)
		return;
	c->doubts = DOUBTS_MOST - 1;
	c->next = c->next ? (uint16_t)(c->next < UINT16_MAX / 2 ? c->next * 2 : c->next) : 16;
	c->away = c->next;
}

static void forget_codes(struct target *t)
{
	if (t->brief)
		memset(t->brief->text, 0, sizeof(t->brief->text));
	if (coming_never(&t->coming))
		look_again(&t->coming);
	else
		doubt(&t->coming);
	t->coming.asked = t->coming.fresh = 0;
	t->coming.n = UINT32_MAX;
}

void plan_new_run(struct plan *p)
{
	for (uint32_t i = 0; p->shared && i < p->n_column; i++)
		if (p->shared[i])
			p->shared[i]->known = 0;
}

void plan_new_chunk(struct plan *p)
{
	for (unsigned i = 0; i < p->n_entry; i++) {
		struct entry *en = &p->entry[i];
		for (unsigned k = 0; k < en->n_binding; k++)
			forget_codes(&en->binding[k].to);
		for (unsigned k = 0; k < en->n_gift; k++)
			forget_codes(&en->gift[k].to);
	}
}
