/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells.c - one shard's cells: finding them by number, adding to them, taking back.
 *
 * Everything that is summed can be taken back: sums are integers (a carry beside them where 64
 * bits are not enough), and what is kept as values is counted per value. So a subject of a
 * replaceable set may give anew: what it gives again stays, the rest is folded out and in.
 */
#include <string.h>

#include "lib/stat/cell.h"

enum { AHEAD = 16, GIVEN_LINES = 4 };

static void table_init(struct table *t, const struct cell_source *s)
{
	t->n_key = s->n_key;
	t->n_sum = s->n_agg + s->n_peer;
	t->sum_at = (uint32_t)(sizeof(struct cell) + t->n_key * sizeof(uint32_t) + 7) & ~7u;
	t->stride = t->sum_at + t->n_sum * (uint32_t)sizeof(struct sum);
	t->node = xcalloc(s->n_key + s->n_peer + 1u, sizeof *t->node);
	for (uint32_t i = 0; i < s->n_key + s->n_peer; i++)
		t->node[i] = (i < s->n_key ? s->key[i] : s->peer[i - s->n_key])->id;
	slots_init(&t->slots);
	map64_init(&t->rest_of);
	arena_init(&t->pages);
}

struct cells *cells_new(const struct plan *p, bool replaceable)
{
	struct cells *c = xcalloc(1, sizeof *c);

	c->p = p;
	c->replaceable = replaceable;
	c->table = xcalloc(p->n_source, sizeof *c->table);
	for (uint32_t i = 0; i < p->n_source; i++)
		table_init(&c->table[i], &p->source[i]);
	map64_init(&c->part_of);
	c->near = xcalloc(PARTS_NEAR, sizeof *c->near);
	arena_init(&c->arena);
	arena_init(&c->scratch);
	c->dict = dict_new();
	return c;
}

static void table_fini(struct table *t)
{
	arena_fini(&t->pages);
	xfree(t->page);
	slots_fini(&t->slots);
	xfree(t->node);
	map64_fini(&t->rest_of);
}

void cells_free(struct cells *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->n_given; i++)
		xfree(c->given[i].cell);
	for (uint32_t i = 0; i < c->n_rest; i++)
		map64_fini(&c->rest[i].seen);
	for (uint32_t i = 0; i < c->p->n_source; i++)
		table_fini(&c->table[i]);
	xfree(c->table);
	xfree(c->given);
	xfree(c->gave);
	xfree(c->gave_to);
	xfree(c->part);
	xfree(c->near);
	xfree(c->number);
	xfree(c->changed);
	xfree(c->giver);
	xfree(c->turn);
	xfree(c->taken.cell);
	xfree(c->taken.p);
	xfree(c->now.cell);
	xfree(c->now.p);
	xfree(c->rest);
	map64_fini(&c->part_of);
	dict_free(c->dict);
	arena_fini(&c->arena);
	arena_fini(&c->scratch);
	xfree(c);
}

enum agg cell_agg(const struct cell_source *s, uint32_t i)
{
	return i < s->n_agg ? s->agg[i]->agg : AGG_NONE;
}

/* ---- finding cells ---- */

static uint32_t slot_hash(uint64_t hash)
{
	uint32_t part = (uint32_t)(hash >> 24);

	return part ? part : 1;
}

static bool is_cell(const struct cells *c, const struct table *t, uint32_t cell,
		    const struct contributions *k, uint32_t row)
{
	const struct cell *x = cell_at(t, cell);

	for (uint32_t i = 0; i < t->n_key; i++)
		if (c->number[x->key[i]] != k->key[i][row])
			return false;
	return true;
}

/* A contribution's cell + 1, or 0; *where: the line it is in, or belongs in. */
static inline uint32_t find_cell(const struct cells *c, const struct contributions *k, uint32_t i,
				 struct slots_line **where)
{
	const struct table *t = &c->table[k->source];
	uint32_t hash = slot_hash(k->v[i].hash), row = k->row[k->v[i].from];
	struct slots_line *l = slots_first(&t->slots, hash);

	do {
		*where = l;
		for (unsigned same = slots_alike(l, hash); same; same &= same - 1) {
			uint32_t number = l->number[__builtin_ctz(same)];

			if (is_cell(c, t, number - 1, k, row))
				return number;
		}
	} while ((l = slots_next(&t->slots, l)));
	return 0;
}

uint32_t table_add(struct table *t)
{
	uint32_t cell = t->n++;

	if (cell >> CELL_PAGE_BITS == t->n_page) {
		GROW(t->page, t->cap_page, t->n_page + 1);
		t->page[t->n_page++] = arena_array(&t->pages, (size_t)1 << CELL_PAGE_BITS,
						   t->stride);
	}
	return cell;
}

static uint32_t cell_new(struct cells *c, struct eval *e, const struct contributions *k,
			 uint32_t row)
{
	struct table *t = &c->table[k->source];
	uint32_t cell = table_add(t), *key = cell_at(t, cell)->key;

	for (uint32_t i = 0; i < t->n_key; i++)
		key[i] = cell_part(c, e, k->source, i, row, k->key[i][row]);
	return cell;
}

bool cells_find(const struct cells *c, const struct contributions *k, uint32_t i, uint32_t *cell)
{
	struct slots_line *ignored;
	uint32_t number = find_cell(c, k, i, &ignored);

	*cell = number - 1;
	return number != 0;
}

static uint32_t find_or_new(struct cells *c, struct eval *e, const struct contributions *k,
			    uint32_t i)
{
	struct table *t = &c->table[k->source];
	struct slots_line *where;
	uint32_t number, cell;

	slots_reserve(&t->slots, 1);
	number = find_cell(c, k, i, &where);
	if (number)
		return number - 1;
	cell = cell_new(c, e, k, k->row[k->v[i].from]);
	slots_put(&t->slots, where, slot_hash(k->v[i].hash), cell + 1);
	return cell;
}

/* ---- sums ---- */

struct rest *cell_rest_make(struct cells *c, uint32_t source, uint32_t cell, uint32_t sum)
{
	struct table *t = &c->table[source];
	bool fresh;
	uint64_t *at = map64_at(&t->rest_of, (uint64_t)cell * t->n_sum + sum, &fresh);

	if (!fresh)
		return &c->rest[*at];
	*at = c->n_rest;
	GROW(c->rest, c->cap_rest, c->n_rest + 1);
	c->rest[c->n_rest] = (struct rest){ .more = { 0, 1 } };
	map64_init(&c->rest[c->n_rest].seen);
	return &c->rest[c->n_rest++];
}

const struct rest *cell_rest(const struct cells *c, uint32_t source, uint32_t cell, uint32_t sum)
{
	const struct table *t = &c->table[source];
	uint64_t at;

	if (!map64_count(&t->rest_of) ||
	    !map64_get(&t->rest_of, (uint64_t)cell * t->n_sum + sum, &at))
		return NULL;
	return &c->rest[at];
}

static void see(struct map64 *seen, uint64_t value, int64_t more)
{
	uint64_t *times = map64_at(seen, value, NULL);

	*times += (uint64_t)more;
	if (!*times)
		map64_del(seen, value);
}

/* Each value stands in one place: in the sum, or beside it. */
void cell_keep(struct cells *c, struct cell_at at, uint32_t sum, uint32_t code, int64_t times)
{
	struct sum *s = &cell_sums(&c->table[at.source], at.cell)[sum];
	const struct rest *r;

	if (s->total && KEPT_CODE(s->total) == code) {
		s->total += times * KEPT_ONCE;
		if (!KEPT_TIMES(s->total))
			s->total = 0;
		return;
	}
	r = s->total ? NULL : cell_rest(c, at.source, at.cell, sum);
	if (!s->total && !(r && map64_get(&r->seen, code, NULL)))
		s->total = times * KEPT_ONCE + code;
	else
		see(&cell_rest_make(c, at.source, at.cell, sum)->seen, code, times);
}

/* The first value stands in the sum itself; a cell mostly has no other. */
static void fold_peer(struct cells *c, const struct gift *g, uint32_t sum, int sign)
{
	struct sum *s = &cell_sums(&c->table[g->source], g->cell)[sum];
	const struct partial *p = &g->partial[sum];

	if (!p->count)
		return;
	if (s->count == 0)
		s->total = p->sum;
	if (s->total == p->sum && (sign > 0 || s->count > 0))
		s->count += (uint32_t)sign;
	else
		see(&cell_rest_make(c, g->source, g->cell, sum)->seen, (uint64_t)p->sum, sign);
}

static void fold_kept(struct cells *c, const struct gift *g, uint32_t sum, int sign)
{
	const struct coded *k = &g->kept[sum];
	struct rest *r;
	bool fits;

	for (uint32_t i = 0; i < k->n; i++)
		cell_keep(c, (struct cell_at){ g->source, g->cell }, sum, k->code[i], sign);
	if (!k->sum.den)
		return;
	r = cell_rest_make(c, g->source, g->cell, sum);
	fits = sign > 0 ? num_add(&r->more, r->more, k->sum) :
			  rat_sub(&r->more, r->more, k->sum);
	r->overflow |= !fits;
}

static void fold_sum(struct cells *c, const struct gift *g, uint32_t sum, int sign)
{
	struct sum *s = &cell_sums(&c->table[g->source], g->cell)[sum];
	const struct partial *p = &g->partial[sum];
	bool over;

	s->count += sign > 0 ? p->count : -p->count;
	s->unknown += sign > 0 ? p->unknown : -p->unknown;
	over = sign > 0 ? __builtin_add_overflow(s->total, p->sum, &s->total)
			: __builtin_sub_overflow(s->total, p->sum, &s->total);
	if (__builtin_expect(over, 0))
		cell_rest_make(c, g->source, g->cell, sum)->carry += p->sum > 0 ? sign : -sign;
	if (g->kept)
		fold_kept(c, g, sum, sign);
}

/* One subject more or less gives to a cell, which has changed then. */
static inline void count_given(struct cells *c, const struct gift *g, struct cell *x, int sign)
{
	uint32_t had = x->given;

	x->given = (had + (uint32_t)sign) & ~CELL_CHANGED;
	if (!c->replaceable)
		return;
	x->given |= CELL_CHANGED;
	if (had & CELL_CHANGED)
		return;
	GROW(c->changed, c->cap_changed, c->n_changed + 1);
	c->changed[c->n_changed++] = (struct cell_at){ g->source, g->cell };
}

static void fold(struct cells *c, const struct gift *g, int sign)
{
	const struct cell_source *s = &c->p->source[g->source];
	struct cell *x = cell_at(&c->table[g->source], g->cell);

	count_given(c, g, x, sign);
	x->sure += sign > 0 ? g->sure : -g->sure;
	for (uint32_t i = 0; i < s->n_agg; i++)
		fold_sum(c, g, i, sign);
	for (uint32_t i = s->n_agg; i < s->n_agg + s->n_peer; i++)
		fold_peer(c, g, i, sign);
}

/* What a subject gives for the first time, in sums alone. */
static void add_plain(struct cells *c, const struct gift *g)
{
	const struct table *t = &c->table[g->source];
	struct cell *x = cell_at(t, g->cell);
	struct sum *s = (struct sum *)(void *)((uint8_t *)x + t->sum_at);
	const struct partial *p = g->partial;

	count_given(c, g, x, 1);
	x->sure += g->sure;
	for (uint32_t i = 0; i < t->n_sum; i++) {
		s[i].count += p[i].count;
		s[i].unknown += p[i].unknown;
		if (__builtin_expect(__builtin_add_overflow(s[i].total, p[i].sum, &s[i].total), 0))
			cell_rest_make(c, g->source, g->cell, i)->carry += p[i].sum > 0 ? 1 : -1;
	}
}

/* ---- contributions ---- */

static struct given *given_of(struct cells *c, uint32_t subject)
{
	uint32_t old = c->n_given;

	if (subject >= c->n_given) {
		GROW(c->given, c->n_given, subject + 1);
		memset(c->given + old, 0, (c->n_given - old) * sizeof *c->given);
	}
	return &c->given[subject];
}

static const struct coded *code_kept(struct cells *c, const struct partial_kept *kept, uint32_t n)
{
	struct coded *out = arena_array(&c->scratch, n, sizeof *out);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t *code = arena_array(&c->scratch, kept[i].n, sizeof *code);

		for (uint32_t k = 0; k < kept[i].n; k++)
			code[k] = dict_code(c->dict, kept[i].value[k]);
		out[i] = (struct coded){ kept[i].sum, kept[i].n, code };
	}
	return out;
}

/* Peers' fields by part instead of number. */
static const struct partial *code_peers(struct cells *c, struct eval *e,
					const struct contributions *k, uint32_t i,
					const struct partial *from)
{
	const struct cell_source *s = &c->p->source[k->source];
	struct partial *p = arena_dup(&c->scratch, from, (s->n_agg + s->n_peer) * sizeof *p);

	for (uint32_t x = 0; x < s->n_peer; x++) {
		struct partial *peer = &p[s->n_agg + x];
		uint32_t r = k->v[i].from;

		while (peer->count && eval_peer_number(e, k->source, x, k->row[r]) !=
				      (uint64_t)peer->sum)
			r++;
		if (peer->count)
			peer->sum = cell_part(c, e, k->source, s->n_key + x, k->row[r],
					    (uint64_t)peer->sum);
	}
	return p;
}

/* There is room for its cell. */
static void note_gave(struct cells *c, uint32_t subject, uint32_t source, uint32_t cell)
{
	const struct gave *last = c->n_gave ? &c->gave[c->n_gave - 1] : NULL;

	if (!last || last->subject != subject || last->source != source) {
		GROW(c->gave, c->cap_gave, c->n_gave + 1);
		c->gave[c->n_gave++] = (struct gave){ subject, source, 0 };
	}
	c->gave_to[c->n_gave_to++] = cell;
	c->gave[c->n_gave - 1].end = c->n_gave_to;
}

/* What a subject gives is remembered; false when it gave before, and is compared with that. */
static bool remember(struct cells *c, const struct gift *g, uint32_t subject)
{
	const struct given *before = &c->given[subject];

	GROW(c->turn, c->cap_turn, c->taken.n_cell + 1);
	c->turn[c->taken.n_cell] = before->turn;
	gift_pack(c, &c->taken, g);
	return !before->n_cell;
}

static void take(struct cells *c, struct eval *e, const struct contributions *k, uint32_t i)
{
	uint32_t n_sum = c->table[k->source].n_sum;
	struct gift g = { .source = k->source, .cell = find_or_new(c, e, k, i),
			  .sure = k->v[i].sure, .digest = k->v[i].digest,
			  .partial = k->partial + (size_t)i * n_sum };

	if (k->kept)
		g.kept = code_kept(c, k->kept + (size_t)i * n_sum, n_sum);
	if (c->p->source[k->source].n_peer)
		g.partial = code_peers(c, e, k, i, g.partial);
	if (!c->replaceable)
		note_gave(c, k->v[i].subject, k->source, g.cell);
	else if (!remember(c, &g, k->v[i].subject))
		return;
	fold(c, &g, 1);
}

static void take_plain(struct cells *c, struct eval *e, const struct contributions *k, uint32_t i)
{
	struct gift g = { .source = k->source, .cell = find_or_new(c, e, k, i),
			  .sure = k->v[i].sure, .digest = k->v[i].digest,
			  .partial = k->partial + (size_t)i * c->table[k->source].n_sum };

	if (!c->replaceable)
		note_gave(c, k->v[i].subject, k->source, g.cell);
	else if (!remember(c, &g, k->v[i].subject))
		return;
	add_plain(c, &g);
}

/* Slots and cells lie far apart: both are fetched before they are needed. Always in line: gcc takes
 * a function that only fetches for one without effect, and leaves its calls out. */
static inline __attribute__((always_inline)) void
fetch(const struct table *t, const struct contributions *k, uint32_t i)
{
	const uint8_t *cell;
	uint32_t number;

	if (i + AHEAD < k->n)
		slots_fetch(&t->slots, slot_hash(k->v[i + AHEAD].hash));
	if (i + AHEAD / 2 >= k->n || !t->n)
		return;
	number = slots_guess(&t->slots, slot_hash(k->v[i + AHEAD / 2].hash));
	cell = (const uint8_t *)cell_at(t, number - (number != 0)); /* the first one is there */
	__builtin_prefetch(cell);
	__builtin_prefetch(cell + t->stride - 1);
}

void cells_take(struct cells *c, struct eval *e, const struct contributions *k)
{
	struct table *t = &c->table[k->source];
	bool scratch = k->kept || c->p->source[k->source].n_peer;

	if (!c->replaceable)
		GROW(c->gave_to, c->cap_gave_to, (size_t)c->n_gave_to + k->n);
	for (uint32_t i = 0; i < k->n && !scratch; i++) {
		fetch(t, k, i);
		take_plain(c, e, k, i);
	}
	for (uint32_t i = 0; i < k->n && scratch; i++) {
		fetch(t, k, i);
		take(c, e, k, i);
		arena_reset(&c->scratch);
	}
}

/* ---- subjects give anew ---- */

void cells_begin(struct cells *c, const uint32_t *subject, uint32_t n)
{
	if (!c->replaceable)
		return;
	GROW(c->giver, c->cap_giver, n);
	c->n_giver = n;
	c->taken.n = c->taken.n_cell = 0;
	for (uint32_t i = 0; i < n; i++) {
		c->giver[i] = subject[i];
		given_of(c, subject[i])->turn = i;
	}
}

/* Folds what `a` has and `b` has not. */
static void fold_other(struct cells *c, const struct gifts *a, const struct gifts *b, int sign)
{
	uint32_t hint = 0;

	for (uint32_t i = 0; i < a->n_cell; i++) {
		uint32_t at = gift_same(a, i, b, hint);
		struct gift g = { 0 };

		if (i + 2 < a->n_cell)
			__builtin_prefetch(cell_at(&c->table[a->cell[i + 2].source],
						   a->cell[i + 2].cell));
		if (at < b->n_cell) {
			hint = at + 1;
			continue;
		}
		gift_unpack(c, a, i, &g);
		fold(c, &g, sign);
	}
}

static size_t given_size(const struct gifts *g)
{
	return g->n_cell * sizeof *g->cell + g->n;
}

/* Gave before: what differs is folded out and in. */
static void give_anew(struct cells *c, struct given *g, const uint32_t *order, uint32_t n)
{
	struct gifts before = given_gifts(g);

	c->now.n = c->now.n_cell = 0;
	for (uint32_t i = 0; i < n; i++)
		gift_copy(&c->now, &c->taken, order[i]);
	if (gifts_equal(&before, &c->now))
		return;
	fold_other(c, &before, &c->now, -1);
	fold_other(c, &c->now, &before, 1);
	c->given_bytes += given_size(&c->now) - given_size(&before);
	given_set(g, &c->now, 0, n);
}

/* What is given for the first time was folded when it was taken. */
static void give_first(struct cells *c, struct given *g, const uint32_t *order, uint32_t n)
{
	const struct gifts *from = &c->taken;
	uint32_t first = n ? order[0] : 0;

	if (n && order[n - 1] - first != n - 1) { /* of several sources */
		c->now.n = c->now.n_cell = 0;
		for (uint32_t i = 0; i < n; i++)
			gift_copy(&c->now, &c->taken, order[i]);
		from = &c->now;
		first = 0;
	}
	given_set(g, from, first, n);
	if (n)
		c->given_bytes += n * sizeof *g->cell + g->cell[n - 1].end;
}

/* What was taken comes source by source; each subject's part is brought together. */
void cells_end(struct cells *c)
{
	uint32_t n = c->taken.n_cell, *start = xcalloc(c->n_giver + 3u, sizeof *start);
	uint32_t *order = xmalloc((n + 1u) * sizeof *order);

	for (uint32_t i = 0; i < n; i++)
		start[c->turn[i] + 2]++;
	for (uint32_t i = 0; i < c->n_giver; i++)
		start[i + 2] += start[i + 1];
	for (uint32_t i = 0; i < n; i++)
		order[start[c->turn[i] + 1]++] = i;
	for (uint32_t i = 0; i < c->n_giver; i++) {
		struct given *g = &c->given[c->giver[i]];

		if (g->n_cell)
			give_anew(c, g, order + start[i], start[i + 1] - start[i]);
		else
			give_first(c, g, order + start[i], start[i + 1] - start[i]);
	}
	c->n_giver = 0;
	xfree(start);
	xfree(order);
}

uint32_t cells_count(const struct cells *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->p->n_source; i++)
		for (uint32_t k = 0; k < c->table[i].n; k++)
			n += cell_given(cell_at(&c->table[i], k)) != 0;
	return n;
}

static size_t table_bytes(const struct table *t)
{
	return ((size_t)t->n_page << CELL_PAGE_BITS) * t->stride + slots_bytes(&t->slots) +
	       map64_bytes(&t->rest_of);
}

size_t cells_bytes(const struct cells *c)
{
	size_t n = c->cap_part * sizeof *c->part + c->cap_number * sizeof *c->number +
		   map64_bytes(&c->part_of) + dict_bytes(c->dict) + arena_bytes(&c->arena) +
		   c->cap_rest * sizeof *c->rest + c->n_given * sizeof *c->given +
		   c->given_bytes + c->cap_gave * sizeof *c->gave +
		   c->cap_gave_to * sizeof *c->gave_to;

	for (uint32_t i = 0; i < c->p->n_source; i++)
		n += table_bytes(&c->table[i]);
	for (uint32_t i = 0; i < c->n_rest; i++)
		n += map64_bytes(&c->rest[i].seen);
	return n;
}

/* ---- who gave to some cells ---- */

struct giver_list {
	uint32_t *v, n, cap;
};

static void add_giver(struct giver_list *l, uint32_t subject)
{
	GROW(l->v, l->cap, l->n + 1);
	l->v[l->n++] = subject;
}

/* Bits, since there are millions of cells, asked for in no order. */
static bool is_wanted(const uint8_t *wanted, uint32_t cell)
{
	return wanted[cell >> 3] >> (cell & 7) & 1;
}

static void givers_packed(const struct cells *c, uint8_t *const *wanted, struct giver_list *l)
{
	for (uint32_t i = 0; i < c->n_given; i++) {
		const struct given *g = &c->given[i];
		bool any = false;

		if (i + AHEAD < c->n_given) {
			uintptr_t at = (uintptr_t)g[AHEAD].cell; /* of who gave nothing: NULL */

			for (uint32_t k = 0; k < GIVEN_LINES; k++)
				__builtin_prefetch((const void *)(at + 64 * k));
		}
		for (uint32_t k = 0; k < g->n_cell; k++)
			any |= is_wanted(wanted[g->cell[k].source], g->cell[k].cell);
		if (any)
			add_giver(l, i);
	}
}

/* Batches go source by source, so a subject may come several times. */
static void givers_plain(const struct cells *c, uint8_t *const *wanted, struct giver_list *l)
{
	struct map64 listed;

	map64_init(&listed);
	for (uint32_t i = 0, k = 0; i < c->n_gave; k = c->gave[i++].end) {
		const struct gave *g = &c->gave[i];

		while (k < g->end && !is_wanted(wanted[g->source], c->gave_to[k]))
			k++;
		if (k < g->end && map64_put(&listed, g->subject, 1))
			add_giver(l, g->subject);
	}
	map64_fini(&listed);
}

uint32_t cells_subjects(const struct cells *c, const uint64_t *wanted, uint32_t n,
			uint32_t **subject)
{
	uint8_t **flag = xcalloc(c->p->n_source, sizeof *flag);
	struct giver_list l = { NULL, 0, 0 };

	for (uint32_t s = 0; s < c->p->n_source; s++)
		flag[s] = xcalloc(c->table[s].n / 8 + 1u, 1);
	for (uint32_t i = 0; i < n; i++)
		flag[wanted[i] >> 32][(uint32_t)wanted[i] >> 3] |=
			(uint8_t)(1u << (wanted[i] & 7));
	if (n && c->replaceable)
		givers_packed(c, flag, &l);
	else if (n)
		givers_plain(c, flag, &l);
	for (uint32_t s = 0; s < c->p->n_source; s++)
		xfree(flag[s]);
	xfree(flag);
	*subject = l.v;
	return l.n;
}
