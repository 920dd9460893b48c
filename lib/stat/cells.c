/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells.c - keeping and merging sums.
 *
 * A replaceable set remembers who gave what and sums nothing until it is merged into another; a
 * plain one sums at once and remembers only who gave where. Least and greatest cannot be taken
 * back, so nothing ever is: what a
 * subject gave is dropped whole.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/stat/cell.h"

struct cells *cells_new(const struct plan *p, bool replaceable)
{
	struct cells *c = xcalloc(1, sizeof *c);

	c->p = p;
	c->replaceable = replaceable;
	arena_init(&c->arena);
	map64_init(&c->index);
	c->dict = dict_new();
	return c;
}

static uint32_t width(const struct cells *c, uint32_t source)
{
	return c->p->source[source].n_agg + c->p->source[source].n_peer;
}

void cells_free(struct cells *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->n_given; i++)
		xfree(c->given[i].p);
	for (uint32_t i = 0; i < c->n; i++)
		for (uint32_t k = 0; k < width(c, c->cell[i].source); k++)
			if (c->cell[i].sum[k].seen)
				map64_fini(c->cell[i].sum[k].seen);
	xfree(c->given);
	xfree(c->local);
	xfree(c->gave);
	xfree(c->cell);
	map64_fini(&c->index);
	dict_free(c->dict);
	arena_fini(&c->arena);
	xfree(c);
}

/* ---- keys ---- */

static uint64_t key_hash(uint32_t source, uint32_t n, const struct value *key)
{
	uint64_t h = source;

	for (uint32_t i = 0; i < n; i++) {
		h = hash_join(h, key[i].known);
		h = hash_join(h, type_is_text(key[i].type) ? hash_str(key[i].text)
							   : (uint64_t)key[i].rat.num);
	}
	return h;
}

static bool key_same(const struct cell *cell, uint32_t source, uint32_t n, const struct value *key)
{
	if (cell->source != source)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (value_order(&cell->key[i], &key[i]) != 0)
			return false;
	return true;
}

bool cells_find(const struct cells *c, uint32_t source, uint32_t n_key, const struct value *key,
		uint32_t *cell)
{
	uint64_t at;

	for (uint64_t h = key_hash(source, n_key, key); map64_get(&c->index, h, &at); h++)
		if (key_same(&c->cell[at], source, n_key, key)) {
			*cell = (uint32_t)at;
			return true;
		}
	return false;
}

/* The key stays borrowed. */
static uint32_t cell_new(struct cells *c, uint32_t source, uint32_t n_key, const struct value *key)
{
	struct cell cell = { .source = source, .key = key };
	uint32_t n = width(c, source);
	uint64_t h = key_hash(source, n_key, key);

	cell.sum = arena_array(&c->arena, n, sizeof *cell.sum);
	for (uint32_t i = 0; i < n; i++)
		cell.sum[i] = (struct sum){ .total = { 0, 1 } };
	GROW(c->cell, c->cap, c->n + 1);
	while (map64_get(&c->index, h, NULL))
		h++;
	map64_put(&c->index, h, c->n);
	c->cell[c->n] = cell;
	return c->n++;
}

static const struct value *copy_key(struct cells *c, uint32_t n_key, const struct value *key)
{
	struct value *copy = arena_dup(&c->arena, key, n_key * sizeof *key);

	for (uint32_t i = 0; i < n_key; i++)
		copy[i].text = arena_str(&c->arena, key[i].text);
	return copy;
}

/* The cell of `from` in `c`, to which it is merged. */
static uint32_t cell_of(struct cells *c, const struct cells *from, const struct cell *x)
{
	uint32_t at, n_key = from->p->source[x->source].n_key;

	return cells_find(c, x->source, n_key, x->key, &at)
		? at : cell_new(c, x->source, n_key, x->key);
}

void cells_complete(struct cells *c, const struct complete *complete)
{
	c->complete = complete;
}

uint32_t cells_count(const struct cells *c)
{
	return c->n;
}

/* ---- sums ---- */

static void take_ends(struct cells *c, struct sum *s, struct rat min, struct rat max)
{
	struct ends *ends = s->ends;

	if (!ends) {
		s->ends = ends = arena_alloc(&c->arena, sizeof *ends);
		*ends = (struct ends){ min, max };
	}
	if (num_cmp(min, ends->min) < 0)
		ends->min = min;
	if (num_cmp(max, ends->max) > 0)
		ends->max = max;
}

static bool has_ends(enum agg kind)
{
	return kind == AGG_MIN || kind == AGG_MAX;
}

/* The least text stays, or for 末个 the greatest. */
static void take_text(struct cells *c, struct sum *s, struct str text, enum agg kind)
{
	int sign = kind == AGG_LAST ? -1 : 1;

	if (!s->least || str_cmp(text, dict_text(c->dict, s->least)) * sign < 0)
		s->least = dict_code(c->dict, text);
}

static bool keeps_one(enum agg kind)
{
	return kind == AGG_NONE || kind == AGG_FIRST || kind == AGG_LAST;
}

static void take_seen(struct cells *c, struct sum *s, struct str text, uint64_t times)
{
	if (!s->seen) {
		s->seen = arena_alloc(&c->arena, sizeof *s->seen);
		map64_init(s->seen);
	}
	*map64_at(s->seen, dict_code(c->dict, text), NULL) += times;
}

/* `kind` is AGG_NONE for a peers' field. */
static void fold_partial(struct cells *c, struct sum *s, const struct partial *p, enum agg kind)
{
	s->unknown += !p->known;
	for (uint32_t i = 0; i < p->n_value; i++) {
		if (keeps_one(kind))
			take_text(c, s, p->value[i], kind);
		else
			take_seen(c, s, p->value[i], 1);
	}
	if (kind == AGG_NONE)
		return;
	if (p->count && has_ends(kind))
		take_ends(c, s, p->min, p->max);
	s->overflow |= !num_add(&s->total, s->total, p->sum);
	s->count += p->count;
}

enum agg cell_agg(const struct cell_source *s, uint32_t i)
{
	return i < s->n_agg ? s->agg[i]->agg : AGG_NONE;
}

static void fold(struct cells *c, uint32_t cell, const struct contribution *k)
{
	struct cell *x = &c->cell[cell];
	const struct cell_source *s = &c->p->source[x->source];

	x->sure += k->sure;
	for (uint32_t i = 0; i < s->n_agg + s->n_peer; i++)
		fold_partial(c, &x->sum[i], &k->agg[i], cell_agg(s, i));
}

static void fold_sum(struct cells *c, struct sum *into, const struct sum *from,
		     const struct dict *texts, enum agg kind)
{
	size_t at = 0;
	uint64_t code, value;

	if (from->ends)
		take_ends(c, into, from->ends->min, from->ends->max);
	into->count += from->count;
	into->unknown += from->unknown;
	into->overflow |= from->overflow || !num_add(&into->total, into->total, from->total);
	if (from->least)
		take_text(c, into, dict_text(texts, from->least), kind);
	while (from->seen && map64_next(from->seen, &at, &code, &value))
		take_seen(c, into, dict_text(texts, (uint32_t)code), value);
}

static void merge_given(struct cells *into, const struct cells *from)
{
	struct unpacking u = { .n = 0 };

	arena_init(&u.arena);
	for (uint32_t i = 0; i < from->n_given; i++) {
		struct contribution k;
		uint32_t cell;

		u.p = from->given[i].p;
		u.n = from->given[i].n;
		for (u.at = 0; cells_unpack(from, &u, &cell, &k);) {
			fold(into, cell_of(into, from, &from->cell[cell]), &k);
		}
	}
	arena_fini(&u.arena);
}

void cells_merge(struct cells *into, const struct cells *from)
{
	if (from->replaceable) {
		merge_given(into, from);
		return;
	}
	for (uint32_t i = 0; i < from->n; i++) {
		const struct cell *x = &from->cell[i];
		uint32_t at = cell_of(into, from, x);

		into->cell[at].sure += x->sure;
		for (uint32_t k = 0; k < width(from, x->source); k++)
			fold_sum(into, &into->cell[at].sum[k], &x->sum[k], from->dict,
				 cell_agg(&from->p->source[x->source], k));
	}
}

/* ---- contributions ---- */

void cells_begin(struct cells *c, uint32_t subject)
{
	if (subject < c->n_given)
		c->given[subject].n = 0;
}

static struct given *given_of(struct cells *c, uint32_t subject)
{
	uint32_t old = c->n_given;

	if (subject >= c->n_given) {
		GROW(c->given, c->n_given, subject + 1);
		memset(c->given + old, 0, (c->n_given - old) * sizeof *c->given);
	}
	return &c->given[subject];
}

/* The evaluator's number of a cell spares looking its key up. */
static uint32_t local_cell(struct cells *c, const struct contribution *k)
{
	uint32_t old = c->n_local;

	if (k->local >= c->n_local) {
		GROW(c->local, c->n_local, k->local + 1);
		memset(c->local + old, 0, (c->n_local - old) * sizeof *c->local);
	}
	if (!c->local[k->local]) {
		uint32_t at;

		if (!cells_find(c, k->source, k->n_key, k->key, &at))
			at = cell_new(c, k->source, k->n_key, copy_key(c, k->n_key, k->key));
		c->local[k->local] = at + 1;
	}
	return c->local[k->local] - 1;
}

void cells_add(struct cells *c, uint32_t subject, const struct contribution *k)
{
	uint32_t cell = local_cell(c, k);

	if (c->replaceable) {
		cells_pack(c, given_of(c, subject), cell, k);
		return;
	}
	fold(c, cell, k);
	GROW(c->gave, c->cap_gave, c->n_gave + 1);
	c->gave[c->n_gave++] = (struct gave){ subject, cell };
}

/* ---- who gave to some cells ---- */

/* Which of c's own cells are wanted, by number. The caller frees it. */
static uint8_t *own_wanted(const struct cells *c, const struct cells *merged,
			   const uint8_t *wanted)
{
	uint8_t *own = xcalloc(c->n + 1u, 1);

	for (uint32_t i = 0; i < merged->n; i++) {
		const struct cell *x = &merged->cell[i];
		uint32_t at;

		if (wanted[i] &&
		    cells_find(c, x->source, c->p->source[x->source].n_key, x->key, &at))
			own[at] = 1;
	}
	return own;
}

struct giver_list {
	uint32_t *v, n, cap;
};

static void add_giver(struct giver_list *l, uint32_t subject)
{
	GROW(l->v, l->cap, l->n + 1);
	l->v[l->n++] = subject;
}

static void givers_packed(const struct cells *c, const uint8_t *own, struct giver_list *l)
{
	struct unpacking u = { .n = 0 };

	arena_init(&u.arena);
	for (uint32_t i = 0; i < c->n_given; i++) {
		struct contribution k;
		uint32_t cell;
		bool gave = false;

		u.p = c->given[i].p;
		u.n = c->given[i].n;
		for (u.at = 0; !gave && cells_unpack(c, &u, &cell, &k);)
			gave = own[cell];
		if (gave)
			add_giver(l, i);
	}
	arena_fini(&u.arena);
}

/* Batches go source by source, so a subject may come several times. */
static void givers_plain(const struct cells *c, const uint8_t *own, struct giver_list *l)
{
	struct map64 listed;

	map64_init(&listed);
	for (uint32_t i = 0; i < c->n_gave; i++)
		if (own[c->gave[i].cell] && map64_put(&listed, c->gave[i].subject, 1))
			add_giver(l, c->gave[i].subject);
	map64_fini(&listed);
}

uint32_t cells_subjects(const struct cells *c, const struct cells *merged, const uint8_t *wanted,
			uint32_t **subject)
{
	struct giver_list l = { NULL, 0, 0 };
	uint8_t *own = own_wanted(c, merged, wanted);

	if (c->replaceable)
		givers_packed(c, own, &l);
	else
		givers_plain(c, own, &l);
	xfree(own);
	*subject = l.v;
	return l.n;
}
