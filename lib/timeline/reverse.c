/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reverse.c - what was taken back: one pairing for settlements and lines.
 *
 *   1. A settlement flagged as refunded, or met by a mirrored negative one, is cancelled,
 *      the mirror with it; both cover their lines. A mirror finds its original by
 *      init_setl_id, else by equal amount: flagged ones first, nearest earlier, then later.
 *   2. A negative line with init_feedetl_sn reduces the line it names.
 *   3. A negative line without link reduces lines of its visit and item: the nearest
 *      earlier that has anything left, then the nearest later, splitting quantities.
 *
 * Each negative line goes away; a line reduced to nothing goes with it. What a line has
 * left is exact: parts of a split refund are by quantity, rounded towards zero, and the
 * last part takes the remainder. Works on one subject, in event order, so the outcome
 * depends on the set of rows alone.
 */
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/sort.h"
#include "lib/timeline/gather.h"

/* ---- settlements ---- */

static int64_t setl_sum(const struct gather *g, const struct item *it)
{
	return store_value(&g->t->store[STREAM_SETTLEMENT], it->row, g->setl_sum);
}

static uint32_t link_of(const struct gather *g, enum stream s, const struct item *it)
{
	uint64_t code;

	if (!(it->row->flags & ROW_LINKED) || !map64_get(&g->t->store[s].link, it->id, &code))
		return MISSING_CODE;
	return (uint32_t)code;
}

static bool is_mirror(const struct item *it)
{
	return it->state != ITEM_RETRACTED && it->row->flags & ROW_NEGATIVE;
}

/* The settlement a linked mirror names. */
static struct item *linked_original(struct gather *g, uint32_t visit, uint32_t id)
{
	uint32_t at = settlement_named(g, visit, id);
	struct item *it = at == NO_INDEX ? NULL : &g->items[STREAM_SETTLEMENT].v[at];

	return it && it->state != ITEM_RETRACTED && !is_mirror(it) ? it : NULL;
}

/* The settlement an unlinked mirror takes back; `flagged`: only those with the refund flag. */
static struct item *mirrored_original(struct gather *g, const struct visit *v,
				      const struct item *mirror, bool flagged)
{
	struct items *setl = &g->items[STREAM_SETTLEMENT];
	int64_t sum = setl_sum(g, mirror);
	struct item *earlier = NULL;

	if (sum == MISSING_I64)
		return NULL;
	for (uint32_t i = v->settlement; i != NO_INDEX; i = setl->v[i].link) {
		struct item *it = &setl->v[i];

		if (is_mirror(it) || it->state == ITEM_RETRACTED || it->touched ||
		    flagged != ((it->row->flags & ROW_REFUNDED) != 0) ||
		    setl_sum(g, it) != -sum)
			continue;
		if (it > mirror)
			return earlier ? earlier : it;
		earlier = it;
	}
	return earlier;
}

static void cancel(struct item *original, struct item *mirror)
{
	original->state = ITEM_REVERSED;
	original->touched = mirror->touched = true; /* have each other */
}

/* One pass over the mirrors of all visits; the linked ones claim their originals first. */
static void pair_mirrors(struct gather *g, bool linked)
{
	struct items *setl = &g->items[STREAM_SETTLEMENT];

	for (uint32_t i = 0; i < setl->n; i++) {
		struct item *it = &setl->v[i], *original;
		const struct visit *v = &g->visit[it->visit];
		uint32_t link = link_of(g, STREAM_SETTLEMENT, it);

		if (!is_mirror(it) || linked != (link != MISSING_CODE))
			continue;
		it->state = ITEM_REVERSED;
		if (linked)
			original = linked_original(g, it->visit, link);
		else
			original = mirrored_original(g, v, it, true);
		if (!original && !linked)
			original = mirrored_original(g, v, it, false);
		if (original)
			cancel(original, it);
	}
}

/* A mirror that found no original takes nothing with it: its lines may still be refunds of
 * single lines. */
static bool covers_lines(const struct item *setl)
{
	return setl->state == ITEM_REVERSED &&
	       (setl->touched || setl->row->flags & ROW_REFUNDED);
}

static void reverse_settlements(struct gather *g)
{
	struct items *setl = &g->items[STREAM_SETTLEMENT];

	pair_mirrors(g, true);
	pair_mirrors(g, false);
	for (uint32_t i = 0; i < setl->n; i++) {
		struct item *it = &setl->v[i];

		if (it->state == ITEM_LIVE && it->row->flags & ROW_REFUNDED)
			it->state = ITEM_REVERSED;
	}
}

static void reverse_covered(struct gather *g)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	struct items *fee = &g->items[STREAM_FEE];

	for (uint32_t i = 0; i < fee->n; i++) {
		struct item *it = &fee->v[i];

		if (it->state == ITEM_LIVE && it->link != NO_INDEX &&
		    covers_lines(&setl->v[it->link]))
			it->state = ITEM_REVERSED;
	}
}

/* ---- lines ---- */

static int64_t size_of(int64_t v)
{
	return v < 0 && v != MISSING_I64 ? -v : v;
}

static void load_left(struct gather *g)
{
	const struct store *st = &g->t->store[STREAM_FEE];
	const struct items *fee = &g->items[STREAM_FEE];

	for (uint32_t i = 0; i < fee->n; i++) {
		const struct row *r = fee->v[i].row;
		struct left *l = &g->left[i];

		if (!g->visit[fee->v[i].visit].refunds)
			continue;
		l->cnt = store_value(st, r, g->fee_cnt);
		l->amount = store_value(st, r, g->fee_amount);
		l->inscp = store_value(st, r, g->fee_inscp);
		if (!(r->flags & ROW_NEGATIVE))
			continue;
		l->cnt = size_of(l->cnt);
		l->amount = size_of(l->amount);
		l->inscp = size_of(l->inscp);
	}
}

/* part / whole of v, towards zero; all of it when the part is the whole. */
static int64_t prorate(int64_t v, int64_t part, int64_t whole)
{
	if (part >= whole)
		return v;
	return (int64_t)((__int128)v * part / whole);
}

/* Take `part` of `whole` units (by `by_cnt` quantity, else amount) of refund `from`, of
 * which `rest` is not yet given, off line `to`. */
static void take_one(int64_t *to, const int64_t *from, int64_t *rest, const int64_t part[3])
{
	int64_t d;

	if (*from == MISSING_I64) /* the refund does not say: in proportion to the line */
		d = *to == MISSING_I64 ? 0 : prorate(*to, part[0], part[2]);
	else
		d = part[0] == part[1] ? *rest : prorate(*from, part[0], part[1]);
	if (*from != MISSING_I64) /* given, even to a line that does not say what it cost */
		*rest -= d;
	if (*to != MISSING_I64 && __builtin_sub_overflow(*to, d, to))
		*to = MISSING_I64;
}

struct refund {
	struct left whole, rest;
	int64_t units, units_left; /* quantity, or amount where quantities are not known */
	bool by_cnt;
};

static int64_t units_of(const struct left *l, bool by_cnt)
{
	return by_cnt ? l->cnt : l->amount;
}

static void take(struct refund *r, struct left *to, int64_t units)
{
	/* parts: this one, of what the refund has left when it is the last, of the line's */
	bool last = units == r->units_left;
	int64_t part[3] = { units, last ? units : r->units, units_of(to, r->by_cnt) };

	take_one(&to->cnt, &r->whole.cnt, &r->rest.cnt, part);
	take_one(&to->amount, &r->whole.amount, &r->rest.amount, part);
	take_one(&to->inscp, &r->whole.inscp, &r->rest.inscp, part);
	r->units_left -= units;
}

/* A touched line with nothing left is gone. */
static void finish(struct item *it, const struct left *l)
{
	it->touched = true;
	if ((l->cnt != MISSING_I64 && l->cnt <= 0) || (l->amount != MISSING_I64 && l->amount <= 0))
		it->state = ITEM_REVERSED;
}

static bool is_refund(const struct item *it)
{
	return it->state == ITEM_LIVE && it->row->flags & ROW_NEGATIVE;
}

/* Quantities measure when both sides know them, else amounts. */
static bool measure(const struct left *a, const struct left *b, bool *by_cnt)
{
	*by_cnt = a->cnt != MISSING_I64 && b->cnt != MISSING_I64 && a->cnt && b->cnt;
	return *by_cnt || (a->amount != MISSING_I64 && b->amount != MISSING_I64);
}

static struct refund refund_of(const struct left *l, bool by_cnt)
{
	return (struct refund){ .whole = *l, .rest = *l, .by_cnt = by_cnt,
				.units = units_of(l, by_cnt),
				.units_left = units_of(l, by_cnt) };
}

uint32_t line_position(const struct gather *g, uint32_t row)
{
	const struct store *st = &g->t->store[STREAM_FEE];
	const struct items *fee = &g->items[STREAM_FEE];
	struct row_room room;
	const struct row *r = store_see(st, row, &room);
	struct item key = { .row = r, .time = store_value(st, r, g->fee_time) };
	uint32_t low = 0, high = fee->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (item_compare(g, STREAM_FEE, &fee->v[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < fee->n && fee->v[low].id == row ? low : NO_INDEX;
}

/* The line of the same visit a linked refund names; NO_INDEX when it is not (or not yet) there. */
static uint32_t find_line(const struct gather *g, const struct item *refund)
{
	struct str serial = dict_text(g->t->dict, link_of(g, STREAM_FEE, refund));
	uint32_t row = row_find(g->t, STREAM_FEE, refund->row->place, serial);

	return row == ROW_NONE ? NO_INDEX : line_position(g, row);
}

static void reverse_linked(struct gather *g)
{
	struct items *fee = &g->items[STREAM_FEE];

	for (uint32_t i = 0; i < fee->n; i++) {
		struct item *it = &fee->v[i], *line;
		uint32_t at;
		bool by_cnt;

		if (!is_refund(it) || !(it->row->flags & ROW_LINKED))
			continue;
		it->state = ITEM_REVERSED;
		at = find_line(g, it);
		line = at == NO_INDEX ? NULL : &fee->v[at];
		if (!line || line->state != ITEM_LIVE || line->row->flags & ROW_NEGATIVE ||
		    !measure(&g->left[i], &g->left[at], &by_cnt))
			continue;
		struct refund r = refund_of(&g->left[i], by_cnt);
		take(&r, &g->left[at], r.units);
		finish(line, &g->left[at]);
	}
}

/* ---- unlinked refunds: per visit and item, lines in order ---- */

static uint32_t item_code(const struct gather *g, const struct item *it)
{
	uint32_t code = row_u32(it->row, g->fee_item.off);
	uint64_t stand;

	if (code == MISSING_CODE && map64_get(&g->t->store[STREAM_FEE].stand, it->id, &stand))
		return (uint32_t)stand;
	return code;
}

/* Whether every line of the group knows its quantity. */
static bool counted(const struct gather *g, const uint32_t *line, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		int64_t cnt = g->left[line[i]].cnt;

		if (cnt == MISSING_I64 || cnt == 0)
			return false;
	}
	return true;
}

/* Give refund r what the line has; true when the line is used up. */
static bool consume(struct gather *g, struct refund *r, uint32_t line)
{
	struct left *to = &g->left[line];
	int64_t has = units_of(to, r->by_cnt);

	take(r, to, has < r->units_left ? has : r->units_left);
	finish(&g->items[STREAM_FEE].v[line], to);
	return units_of(to, r->by_cnt) <= 0 ||
	       g->items[STREAM_FEE].v[line].state != ITEM_LIVE;
}

/*
 * Lines with something left wait on a stack, refunds that found too little wait in a
 * queue for later lines. A refund takes from the top of the stack, which is the nearest
 * earlier line; a new line first serves the queue. That is the same as letting each
 * refund in turn search earlier and then later lines, in one pass.
 */
static void pair_group(struct gather *g, const uint32_t *line, uint32_t n)
{
	struct items *fee = &g->items[STREAM_FEE];
	struct refund *wait = g->refund;
	bool by_cnt = counted(g, line, n);
	uint32_t stack = 0, head = 0, tail = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct item *it = &fee->v[line[i]];
		int64_t units = units_of(&g->left[line[i]], by_cnt);

		if (is_refund(it)) {
			it->state = ITEM_REVERSED;
			if (units == MISSING_I64 || units == 0)
				continue;
			wait[tail] = refund_of(&g->left[line[i]], by_cnt);
			while (stack && wait[tail].units_left) {
				if (consume(g, &wait[tail], g->queue[stack - 1]))
					stack--;
			}
			tail += wait[tail].units_left > 0;
			continue;
		}
		if (it->state != ITEM_LIVE || units == MISSING_I64 || units <= 0)
			continue;
		bool gone = false;
		while (!gone && head < tail) {
			gone = consume(g, &wait[head], line[i]);
			head += wait[head].units_left == 0;
		}
		if (!gone)
			g->queue[stack++] = line[i];
	}
}

static uint32_t lines_by_item(struct gather *g, struct sort_pair *order)
{
	const struct items *fee = &g->items[STREAM_FEE];
	uint32_t n = 0;

	for (uint32_t i = 0; i < fee->n; i++) {
		if (fee->v[i].state != ITEM_LIVE || !g->visit[fee->v[i].visit].refunds)
			continue;
		order[n].key = (uint64_t)fee->v[i].visit << 32 | item_code(g, &fee->v[i]);
		order[n++].value = i;
	}
	sort_pairs(order, n);
	return n;
}

static void reverse_unlinked(struct gather *g)
{
	const struct items *fee = &g->items[STREAM_FEE];
	struct sort_pair *order = g->pair;
	uint32_t *line = g->line;
	uint32_t n = lines_by_item(g, order), end;

	for (uint32_t from = 0; from < n; from = end) {
		bool any = false;

		for (end = from; end < n && order[end].key == order[from].key; end++) {
			line[end - from] = (uint32_t)order[end].value;
			any |= is_refund(&fee->v[order[end].value]);
		}
		if (!any)
			continue;
		if ((uint32_t)order[from].key != MISSING_CODE) {
			pair_group(g, line, end - from);
			continue;
		}
		for (uint32_t i = from; i < end; i++) { /* no item: nothing to pair with */
			struct item *it = &fee->v[order[i].value];

			if (is_refund(it))
				it->state = ITEM_REVERSED;
		}
	}
}

/* Marks the visits whose lines have to be looked at; false when there are none. */
static bool find_refunds(struct gather *g)
{
	const struct items *fee = &g->items[STREAM_FEE];
	bool any = false;

	for (uint32_t i = 0; g->fee_flags & ROW_NEGATIVE && i < fee->n; i++) {
		if (!is_refund(&fee->v[i]))
			continue;
		g->visit[fee->v[i].visit].refunds = true;
		any = true;
	}
	return any;
}

void gather_reverse(struct gather *g)
{
	uint32_t n = g->items[STREAM_FEE].n;
	bool reverses = g->t->subject[g->subject].flags & SUBJECT_REVERSES;

	g->any_left = false;
	if (reverses)
		reverse_settlements(g);
	gather_join(g);
	if (!reverses)
		return;
	reverse_covered(g);
	if (!find_refunds(g))
		return;
	GROW(g->left, g->cap_left, n);
	GROW(g->queue, g->cap_queue, n);
	GROW(g->line, g->cap_line, n);
	GROW(g->pair, g->cap_pair, n);
	GROW(g->refund, g->cap_refund, n);
	g->any_left = true;
	load_left(g);
	reverse_linked(g);
	reverse_unlinked(g);
}
