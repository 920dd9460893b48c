/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * collect.c - the visible rows of a subject as items, in order, each bound to its visit.
 *
 * Order is (event time, identity bytes): facility, visit, serial as texts, never codes,
 * which tell the order of arrival. Rows mostly arrive in order, so that is looked at first.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/sort.h"
#include "lib/timeline/gather.h"

enum { FEW_VISITS = 8, NEAR_VISITS = 4, MANY_SETTLEMENTS = 256, SCRATCH_KEPT = 1024,
       PLACE_BITS = 24, NEAR_STEPS = 8, MOST_TANGLED = 1024 };

/* Empty a map of scratch; one that grew large for one subject does not burden the rest. */
void scratch_clear(struct map64 *m)
{
	if (m->cap > SCRATCH_KEPT) {
		map64_fini(m);
		map64_init(m);
	} else if (map64_count(m)) {
		map64_clear(m);
	}
}

/* ---- rows ---- */

/* A row that is not simply there: whether it becomes an item all the same. */
static bool takes_odd(struct gather *g, enum stream s, const struct row *r, struct gather_stats *gs)
{
	bool retracted = r->flags & ROW_RETRACTED;

	if (r->flags & (ROW_DEAD | ROW_HIDDEN))
		return false;
	if (retracted && gs)
		gs->retracted[s]++;
	if (r->flags & ROW_SWEEP)
		sweep_note(g, s, r);
	return !retracted || s == STREAM_SETTLEMENT;
}

/* Numbers in the order of times, the missing one first: where they lie, and what is done to them.
 * Of times that lie beside the rows there are none. */
struct time_cell {
	unsigned off;
	uint32_t mask, flip, limit;
};

static struct time_cell time_cell(struct cell c)
{
	if (c.pack == PACK_NONE)
		return (struct time_cell){ 0, 0, 0, UINT32_MAX };
	return (struct time_cell){ c.off, UINT32_MAX, c.pack == PACK_DATE ? 1u << 31 : 0,
				   c.pack == PACK_TIME ? PACK_TIME_SPILL - 1 : UINT32_MAX };
}

/* What was seen of a list's rows: some of the times lie beside them; all are in order. */
struct sight {
	bool beside, even;
};

/* Blocks of rows whose times reach into one another; the ones before and behind do not. */
struct tangle {
	uint32_t begin, end; /* in the order */
	uint32_t least;      /* time */
	uint32_t behind;     /* the least time of those behind */
	bool even;           /* with those behind in order, so far */
	uint64_t *scratch;
};

static void close_tangle(struct tangle *g, uint64_t *order)
{
	uint32_t n = g->end - g->begin;

	if (n > 1)
		g->even = n <= MOST_TANGLED && sort_pieces(order + g->begin, n, g->scratch) &&
			  g->even;
	g->end = g->begin;
	g->behind = g->least;
}

/* A block before them, from `begin` on, its times within least and most. */
static void add_block(struct tangle *g, uint64_t *order, uint32_t begin, uint32_t least,
		      uint32_t most)
{
	if (begin == g->begin)
		return; /* none of its rows counts */
	if (most <= g->least)
		close_tangle(g, order);
	g->even &= most <= g->behind;
	g->begin = begin;
	g->least = least < g->least ? least : g->least;
}

/*
 * The rows of a list, from found[first] on as they came, each with its time and place in
 * order[1 + first ..), put in order as far as `even` says. Lists give the newest block first.
 */
static uint32_t find_rows(struct gather *g, enum stream s, const struct list *list,
			  struct gather_stats *gs, struct sight *sight)
{
	const struct store *st = &g->t->store[s];
	uint32_t at = list->n, left = list->n, latest = 0;
	struct time_cell time = time_cell(g->time[s]);
	struct tangle tangle = { at, at, UINT32_MAX, UINT32_MAX, true, g->order + 1 + at };
	struct found *found = g->found;
	uint64_t *order = g->order + 1;

	for (uint32_t b = list->tail; b;) {
		struct stretch part = store_stretch(st, b - 1, left, g->t->conf.versions,
						    g->items[s].room);
		uint32_t n = part.n, least = UINT32_MAX, most = 0;

		b = part.before;
		left -= n;
		while (n-- > 0) {
			const struct row *r = (const void *)(part.rows + n * st->layout.size);
			uint32_t number = (row_u32(r, time.off) & time.mask) ^ time.flip;

			if (r->flags & (ROW_DEAD | ROW_HIDDEN | ROW_RETRACTED | ROW_SWEEP) &&
			    !takes_odd(g, s, r, gs))
				continue;
			most = number > most ? number : most;
			least = number < least ? number : least;
			found[--at] = (struct found){ r, part.first + n };
			order[at] = (uint64_t)number << 32 | at;
		}
		add_block(&tangle, order, at, least, most);
		latest = most > latest ? most : latest;
	}
	close_tangle(&tangle, order);
	*sight = (struct sight){ latest > time.limit, tangle.even };
	return at;
}

/* Rows mostly come nearly in order: few steps each. False when these were too many. Before the
 * first there is room for a number. */
static bool sort_near(uint64_t *v, uint32_t n)
{
	int64_t steps = NEAR_STEPS * (int64_t)n;

	v[-1] = 0; /* none is less */
	for (uint32_t i = 1; i < n && steps > 0; i++) {
		uint64_t *to = v + i, key = *to;

		for (; to[-1] > key; to--)
			*to = to[-1];
		*to = key;
		steps -= v + i - to;
	}
	return steps > 0;
}

/* ---- order ---- */

static int compare_codes(const struct dict *d, uint32_t a, uint32_t b)
{
	return a == b ? 0 : str_cmp(dict_text(d, a), dict_text(d, b));
}

int item_compare(const struct gather *g, enum stream s, const struct item *a,
		 const struct item *b)
{
	const struct timeline *t = g->t;
	int c = (a->time > b->time) - (a->time < b->time);

	if (c)
		return c;
	if (!a->row) { /* stays and visits */
		const struct visit *va = &g->visit[a->visit], *vb = &g->visit[b->visit];

		c = compare_codes(t->dict, va->facility, vb->facility);
		return c ? c : compare_codes(t->dict, va->mdtrt, vb->mdtrt);
	}
	if (a->row->place != b->row->place) {
		const struct place *v = t->places[stream_plan(s)->places].v;
		const struct place *pa = &v[a->row->place], *pb = &v[b->row->place];

		c = compare_codes(t->dict, pa->a, pb->a);
		return c ? c : compare_codes(t->dict, pa->b, pb->b);
	}
	return serials_compare(&t->store[s].serials, row_serial_kept(a->row),
			       row_serial_kept(b->row));
}

/* Merge sort; halves that already follow each other are left alone. */
static void merge_runs(struct gather *g, enum stream s, struct item *v, struct item *tmp,
		       uint32_t n)
{
	if (n < 2)
		return;
	uint32_t half = n / 2, i = 0, k = half, at = 0;

	merge_runs(g, s, v, tmp, half);
	merge_runs(g, s, v + half, tmp, n - half);
	if (item_compare(g, s, &v[half - 1], &v[half]) <= 0)
		return;
	memcpy(tmp, v, half * sizeof *v);
	while (i < half && k < n)
		v[at++] = item_compare(g, s, &tmp[i], &v[k]) <= 0 ? tmp[i++] : v[k++];
	memcpy(v + at, tmp + i, (half - i) * sizeof *v);
}

static bool in_order(const struct gather *g, enum stream s, const struct items *items)
{
	for (uint32_t i = 1; i < items->n; i++) {
		const struct item *a = &items->v[i - 1], *b = &items->v[i];

		if (a->time > b->time || (a->time == b->time && item_compare(g, s, a, b) > 0))
			return false;
	}
	return true;
}

/* By time alone, as numbers: seconds since the first and the place. False when these do not fit
 * one number. */
static bool sort_times(struct gather *g, struct items *items)
{
	int64_t first = INT64_MAX, last = INT64_MIN;
	uint32_t n = items->n;

	for (uint32_t i = 0; i < n; i++) {
		first = items->v[i].time < first ? items->v[i].time : first;
		last = items->v[i].time > last ? items->v[i].time : last;
	}
	if ((uint64_t)last - (uint64_t)first >= UINT64_C(1) << (64 - PLACE_BITS) ||
	    n > 1u << PLACE_BITS)
		return false;
	GROW(g->order, g->cap_order, 2 * n);
	for (uint32_t i = 0; i < n; i++)
		g->order[i] = ((uint64_t)items->v[i].time - (uint64_t)first) << PLACE_BITS | i;
	sort_u64(g->order, n, g->order + n);
	for (uint32_t i = 0; i < n; i++)
		g->sorted[i] = items->v[g->order[i] & ((1u << PLACE_BITS) - 1)];
	memcpy(items->v, g->sorted, n * sizeof *items->v);
	return true;
}

/* Equal times: by identity. */
static void sort_ties(struct gather *g, enum stream s)
{
	struct items *items = &g->items[s];

	GROW(g->sorted, g->cap_sorted, items->n + 1);
	for (uint32_t i = 0, end; i < items->n; i = end) {
		for (end = i + 1; end < items->n && items->v[end].time == items->v[i].time;)
			end++;
		merge_runs(g, s, items->v + i, g->sorted, end - i);
	}
}

void items_sort(struct gather *g, enum stream s)
{
	struct items *items = &g->items[s];

	if (in_order(g, s, items))
		return;
	GROW(g->sorted, g->cap_sorted, items->n + 1);
	if (sort_times(g, items))
		sort_ties(g, s);
	else
		merge_runs(g, s, items->v, g->sorted, items->n);
}

/* ---- items ---- */

/* Items in this order; true when there are equal times. */
static bool make_items(struct gather *g, enum stream s, const uint64_t *order, bool beside)
{
	const struct store *st = &g->t->store[s];
	const struct found *found = g->found;
	struct item *to = g->items[s].v;
	uint32_t n = g->items[s].n;
	struct cell time = g->time[s];
	uint64_t before = UINT64_MAX;
	bool ties = false, plain = time.pack == PACK_TIME && !beside;

	for (uint32_t i = 0; i < n; i++) {
		const struct row *r = found[(uint32_t)order[i]].row;
		int64_t seconds = (int64_t)(order[i] >> 32);

		ties |= order[i] >> 32 == before;
		before = order[i] >> 32;
		to[i] = (struct item){
			.time = !plain ? store_value(st, r, time) :
				seconds ? PACK_TIME_BASE + seconds : MISSING_I64,
			.row = r,
			.id = found[(uint32_t)order[i]].id,
			.visit = NO_INDEX,
			.link = NO_INDEX,
			.state = r->flags & ROW_RETRACTED ? ITEM_RETRACTED : ITEM_LIVE,
		};
	}
	return ties;
}

static void take_rows(struct gather *g, enum stream s, struct gather_stats *gs)
{
	const struct list *list = subject_list_const(&g->t->subject[g->subject], s);
	struct items *items = &g->items[s];
	struct sight sight;
	bool ties;
	uint64_t *order;
	uint32_t first, n;

	items->n = 0;
	if (!list || !list->n)
		return;
	GROW(items->v, items->cap, list->n);
	if (g->t->store[s].packed)
		GROW(items->room, items->cap_room, (size_t)list->n * g->t->store[s].layout.size);
	GROW(g->found, g->cap_found, list->n);
	GROW(g->order, g->cap_order, 2 * list->n + 1);
	first = find_rows(g, s, list, gs, &sight);
	order = g->order + 1 + first;
	items->n = n = list->n - first;
	for (uint32_t i = 0; sight.beside && i < n; i++)
		order[i] = first + i; /* as they came */
	if (!sight.beside && !sight.even && !sort_near(order, n))
		sort_u64(order, n, order + n);
	ties = make_items(g, s, order, sight.beside);
	if (sight.beside)
		items_sort(g, s);
	else if (ties)
		sort_ties(g, s);
}

/* ---- visits ---- */

static uint32_t new_visit(struct gather *g, uint32_t place)
{
	const struct place *p = &g->t->places[PLACES_VISIT].v[place];

	GROW(g->visit, g->cap_visit, g->n_visit + 1);
	g->visit[g->n_visit] = (struct visit){
		.place = place,
		.facility = p->a,
		.mdtrt = p->b,
		.encounter = NO_INDEX,
		.settlement = NO_INDEX,
		.last_settlement = NO_INDEX,
		.main_diagnosis = NO_INDEX,
		.main_operation = NO_INDEX,
		.diagnosis = NO_INDEX,
		.finished = TRUTH_UNKNOWN,
		.visit_class = NO_CLASS,
		.begin = MISSING_I64,
		.end = MISSING_I64,
		.gend = MISSING_I64,
		.brdy = MISSING_I64,
	};
	return g->n_visit++;
}

/* All visits are in the map from now on. */
static void map_visits(struct gather *g)
{
	for (; g->n_mapped < g->n_visit; g->n_mapped++)
		map64_put(&g->visit_of, g->visit[g->n_mapped].place, g->n_mapped);
}

/* Visits mostly come one after another, in every stream: the one behind `last`, or just before. */
static uint32_t visit_near(const struct gather *g, uint32_t place, uint32_t last)
{
	uint32_t to = last + 2 < g->n_visit ? last + 2 : g->n_visit;
	uint32_t from = to > NEAR_VISITS ? to - NEAR_VISITS : 0;

	if (g->n_visit <= FEW_VISITS) {
		from = 0;
		to = g->n_visit;
	}
	while (to > from) {
		if (g->visit[--to].place == place)
			return to;
	}
	return NO_INDEX;
}

static uint32_t visit_known(struct gather *g, uint32_t place, uint32_t last)
{
	uint32_t near = visit_near(g, place, last);
	uint64_t at;

	if (near != NO_INDEX || g->n_visit <= FEW_VISITS)
		return near;
	map_visits(g);
	return map64_get(&g->visit_of, place, &at) ? (uint32_t)at : NO_INDEX;
}

static uint32_t visit_at(struct gather *g, uint32_t place, uint32_t last)
{
	uint32_t visit = visit_known(g, place, last);

	return visit != NO_INDEX ? visit : new_visit(g, place);
}

static void bind_rows(struct gather *g, enum stream s)
{
	struct items *items = &g->items[s];
	uint32_t place = UINT32_MAX, visit = 0;

	for (uint32_t i = 0; i < items->n; i++) {
		struct item *it = &items->v[i];

		if (it->row->place != place) {
			place = it->row->place;
			visit = visit_at(g, place, visit);
		}
		it->visit = visit;
	}
}

/* The first to be bound; a visit has at most one. */
static void bind_encounters(struct gather *g)
{
	struct items *items = &g->items[STREAM_ENCOUNTER];

	for (uint32_t i = 0; i < items->n; i++) {
		items->v[i].visit = new_visit(g, items->v[i].row->place);
		g->visit[i].encounter = i;
	}
}

/*
 * Diagnoses and operations may not say the facility: the visit of that number, of their
 * facility if they name one; of several, the one of the least facility.
 */
static void number_visits(struct gather *g)
{
	scratch_clear(&g->visit_numbered);
	for (uint32_t i = 0; i < g->n_visit; i++) {
		bool fresh;
		uint64_t *best = map64_at(&g->visit_numbered, g->visit[i].mdtrt, &fresh);

		if (fresh || compare_codes(g->t->dict, g->visit[i].facility,
					   g->visit[*best].facility) < 0)
			*best = i;
	}
}

static uint32_t visit_by_number(struct gather *g, uint32_t mdtrt, uint32_t facility)
{
	uint64_t at;

	if (facility) {
		uint32_t place = places_find(g->t, PLACES_VISIT, facility, mdtrt);

		return place == UINT32_MAX ? NO_INDEX : visit_known(g, place, 0);
	}
	return map64_get(&g->visit_numbered, mdtrt, &at) ? (uint32_t)at : NO_INDEX;
}

static void bind_by_number(struct gather *g, enum stream s, enum field facility)
{
	struct cell cell = layout_cell(&g->t->store[s].layout, facility);
	struct items *items = &g->items[s];

	for (uint32_t i = 0; i < items->n; i++) {
		struct item *it = &items->v[i];
		uint32_t mdtrt = g->t->places[PLACES_VISIT].v[it->row->place].b;

		it->visit = visit_by_number(g, mdtrt, row_u32(it->row, cell.off));
	}
}

static void chain_settlements(struct gather *g)
{
	struct items *items = &g->items[STREAM_SETTLEMENT];

	for (uint32_t i = 0; i < items->n; i++) {
		struct visit *v = &g->visit[items->v[i].visit];

		v->known_settlement = true;
		if (v->last_settlement == NO_INDEX)
			v->settlement = i;
		else
			items->v[v->last_settlement].link = i;
		v->last_settlement = i;
	}
}

uint32_t settlement_named(const struct gather *g, uint32_t visit, uint32_t id)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	uint32_t at = id && visit != NO_INDEX ? g->visit[visit].settlement : NO_INDEX;
	uint64_t found;

	if (at != NO_INDEX && map64_count(&g->setl_named))
		return map64_get(&g->setl_named, (uint64_t)visit << 32 | id, &found) ?
			(uint32_t)found : NO_INDEX;
	while (at != NO_INDEX && row_u32(setl->v[at].row, g->setl_id.off) != id)
		at = setl->v[at].link;
	return at;
}

uint32_t line_names(const struct gather *g, const struct item *it)
{
	return it->row->flags & ROW_JOINS ? MISSING_CODE : row_u32(it->row, g->fee_setl.off);
}

static void name_settlements(struct gather *g)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];

	scratch_clear(&g->setl_named);
	for (uint32_t i = 0; setl->n > MANY_SETTLEMENTS && i < setl->n; i++)
		map64_put(&g->setl_named, (uint64_t)setl->v[i].visit << 32 |
			  row_u32(setl->v[i].row, g->setl_id.off), i);
}

/* Lines to their visits, and to the settlement of it that each names by number. */
static void bind_lines(struct gather *g)
{
	struct items *fee = &g->items[STREAM_FEE];
	uint32_t visit = 0, id = 0, link = NO_INDEX, place = UINT32_MAX;
	uint32_t from = 0;
	unsigned flags = 0;

	for (uint32_t i = 0; i < fee->n; i++) {
		struct item *it = &fee->v[i];
		uint32_t own = line_names(g, it);

		flags |= it->row->flags;
		if (it->row->place != place || own != id) {
			if (i)
				visit_lines(&g->visit[visit], i - from, id);
			if (it->row->place != place)
				visit = visit_at(g, it->row->place, visit);
			from = i;
			place = it->row->place;
			id = own;
			link = settlement_named(g, visit, id);
		}
		it->visit = visit;
		it->link = link;
	}
	if (fee->n)
		visit_lines(&g->visit[visit], fee->n - from, id);
	g->fee_flags = flags;
}

/*
 * The settlement of lines without one: the live one of their charging batch; else the only
 * live one of the visit, unless both say their batches; else the cancelled one of their batch.
 */
uint32_t settlement_joined(const struct gather *g, uint32_t visit, uint32_t batch)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	uint32_t live = 0, same = 0, only = NO_INDEX, match = NO_INDEX, gone = NO_INDEX;

	for (uint32_t i = g->visit[visit].settlement; i != NO_INDEX; i = setl->v[i].link) {
		uint32_t its = row_u32(setl->v[i].row, g->setl_batch.off);

		if (setl->v[i].state != ITEM_LIVE) {
			if (batch && its == batch && !(setl->v[i].row->flags & ROW_NEGATIVE))
				gone = i;
			continue;
		}
		live++;
		if (!batch || !its)
			only = i;
		if (batch && its == batch) {
			same++;
			match = i;
		}
	}
	if (same)
		return same == 1 ? match : NO_INDEX;
	return live == 1 && only != NO_INDEX ? only : gone;
}

void gather_join(struct gather *g)
{
	struct items *fee = &g->items[STREAM_FEE];
	uint32_t visit = NO_INDEX, batch = 0, joined = NO_INDEX;

	if (!(g->fee_flags & ROW_JOINS))
		return;
	for (uint32_t i = 0; i < fee->n; i++) {
		struct item *it = &fee->v[i];
		uint32_t cell = row_u32(it->row, g->fee_setl.off);

		if (!(it->row->flags & ROW_JOINS))
			continue;
		if (it->visit != visit || cell != batch)
			joined = settlement_joined(g, it->visit, cell);
		visit = it->visit;
		batch = cell;
		it->link = joined;
	}
}

void gather_collect(struct gather *g, uint32_t subject, struct gather_stats *gs)
{
	g->subject = subject;
	g->facility = NULL;
	g->facility_code = MISSING_CODE;
	g->n_visit = g->n_mapped = 0;
	scratch_clear(&g->visit_of);
	scratch_clear(&g->swept);
	for (int s = 0; s < STREAM_STORED; s++)
		take_rows(g, (enum stream)s, gs);
	bind_encounters(g);
	bind_rows(g, STREAM_SETTLEMENT);
	chain_settlements(g);
	name_settlements(g);
	bind_lines(g);
	bind_rows(g, STREAM_TRACE);
	bind_rows(g, STREAM_REPORT);
	if (g->items[STREAM_DIAGNOSIS].n || g->items[STREAM_OPERATION].n)
		number_visits(g);
	bind_by_number(g, STREAM_DIAGNOSIS, FIELD_diagnosis_fixmedins_code);
	bind_by_number(g, STREAM_OPERATION, FIELD_operation_fixmedins_code);
	gather_sweep(g, gs);
}
