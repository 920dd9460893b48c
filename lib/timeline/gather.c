/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gather.c - whole timelines of asked subjects into a batch, subject by subject.
 *
 * The batch is allocated for all stored rows of the subjects, then filled with those
 * that are live; only the first gathers of a timeline allocate.
 */
#include "lib/timeline/gather.h"

#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"

enum { TOGETHER = 8, MOST_STEPS = 128 };

static struct gather *gather_new(struct timeline *t)
{
	struct gather *g = xcalloc(1, sizeof *g);

	g->t = t;
	map64_init(&g->visit_of);
	map64_init(&g->visit_numbered);
	map64_init(&g->setl_of);
	map64_init(&g->last_of);
	map64_init(&g->split_sale);
	map64_init(&g->setl_named);
	map64_init(&g->swept);
	map64_init(&g->icd_class);
	map64_init(&g->class_of);
	columns_init(g);
	return g;
}

void gather_free(struct gather *g)
{
	if (!g)
		return;
	for (int s = 0; s < STREAM_COUNT; s++) {
		xfree(g->items[s].v);
		xfree(g->items[s].room);
		xfree(g->column[s]);
	}
	map64_fini(&g->visit_of);
	map64_fini(&g->visit_numbered);
	map64_fini(&g->setl_of);
	map64_fini(&g->last_of);
	map64_fini(&g->split_sale);
	map64_fini(&g->setl_named);
	map64_fini(&g->swept);
	map64_fini(&g->icd_class);
	map64_fini(&g->class_of);
	xfree(g->visit);
	xfree(g->id);
	xfree(g->found);
	xfree(g->sorted);
	xfree(g->order);
	xfree(g->before);
	xfree(g->left);
	xfree(g->share);
	xfree(g->line);
	xfree(g->queue);
	xfree(g->pair);
	xfree(g->refund);
	xfree(g->live);
	xfree(g->row);
	xfree(g->packed);
	xfree(g->run);
	xfree(g->day);
	xfree(g);
}

int64_t row_value(struct timeline *t, enum field f, const struct row *r)
{
	enum stream s = field_get(f)->stream;
	const struct store *st = &t->store[s];
	struct cell cell = layout_cell(&st->layout, f);
	const struct place *p = &t->places[stream_plan(s)->places].v[r->place];
	uint32_t code = MISSING_CODE;
	char room[SERIAL_ROOM];

	switch ((enum pack)cell.pack) {
	case PACK_PLACE_A:
		code = p->a;
		break;
	case PACK_PLACE_B:
		code = p->b;
		break;
	case PACK_OWNER:
		code = t->subject[r->subject].key;
		break;
	case PACK_SERIAL:
		if (!(r->flags & ROW_STANDIN))
			code = dict_code(t->dict, store_serial(st, r, room));
		break;
	default:
		return store_value(st, r, cell);
	}
	return code ? (int64_t)code : MISSING_I64;
}

/* Room for everything the subjects have. */
static void allocate(const struct timeline *t, struct batch *b)
{
	uint64_t n[STREAM_COUNT] = { 0 };

	for (uint32_t i = 0; i < b->n_subjects; i++) {
		const struct subject *s = &t->subject[b->subject[i]];

		for (int k = 0; k < STREAM_STORED; k++) {
			const struct list *list = subject_list_const(s, (enum stream)k);

			n[k] += list ? list->n : 0;
		}
	}
	n[STREAM_VISIT] = n[STREAM_STAY] = n[STREAM_ENCOUNTER] + n[STREAM_SETTLEMENT];
	for (int k = 0; k < STREAM_COUNT; k++) {
		assert(n[k] < UINT32_MAX);
		batch_room(b, (enum stream)k, (uint32_t)n[k], t->wanted);
		b->rows[k].n = 0;
	}
}

static void add_stats(struct gather_stats *into, const struct gather_stats *own)
{
	for (int s = 0; s < STREAM_STORED; s++) {
		into->live[s] += own->live[s];
		into->retracted[s] += own->retracted[s];
		into->reversed[s] += own->reversed[s];
	}
	into->unsettled += own->unsettled;
}

/* Rows lie anywhere, block by block: chains of several subjects are followed side by side, so that
 * one waits for memory while the others are asked for. Always in line: gcc takes a function that
 * only fetches for one without effect, and leaves its calls out. */
static inline __attribute__((always_inline)) void
fetch_rows(const struct timeline *t, enum stream s, const uint32_t *subject, uint32_t n)
{
	const struct store *st = &t->store[s];
	uint32_t block[TOGETHER], left = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct list *list = subject_list_const(&t->subject[subject[i]], s);

		if (list && list->tail)
			block[left++] = list->tail;
	}
	for (uint32_t step = 0; left && step < MOST_STEPS; step++) {
		for (uint32_t i = 0; i < left; i++)
			store_fetch(st, block[i] - 1);
		for (uint32_t i = 0; i < left;) {
			block[i] = store_before(st, block[i] - 1);
			if (block[i])
				i++;
			else
				block[i] = block[--left];
		}
	}
}

/* Places of the visits, once their encounters have come: another line of the cache each. */
static inline __attribute__((always_inline)) void
fetch_places(const struct timeline *t, const uint32_t *subject, uint32_t n)
{
	const struct store *st = &t->store[STREAM_ENCOUNTER];
	const struct place *place = t->places[PLACES_VISIT].v;

	for (uint32_t i = 0; i < n; i++) {
		const struct list *list =
			subject_list_const(&t->subject[subject[i]], STREAM_ENCOUNTER);
		uint32_t left = list ? list->n : 0, mask = (1u << st->block_bits) - 1;

		for (uint32_t b = left ? list->tail : 0, step = 0; b && step < MOST_STEPS;
		     b = store_before(st, b - 1), step++) {
			uint32_t rows = ((left - 1) & mask) + 1;

			left -= rows;
			for (uint32_t k = 0; k < rows; k++)
				__builtin_prefetch(&place[store_row(st, ((b - 1) << st->block_bits)
							   + k)->place]);
		}
	}
}

/* Of up to so many subjects from `from` on. */
static inline __attribute__((always_inline)) void
fetch_lists(const struct timeline *t, const uint32_t *subject, uint32_t from, uint32_t n)
{
	uint32_t some = n - from < TOGETHER ? n - from : TOGETHER;

	if (from >= n)
		return;
	fetch_rows(t, STREAM_ENCOUNTER, subject + from, some);
	fetch_rows(t, STREAM_SETTLEMENT, subject + from, some);
	fetch_rows(t, STREAM_FEE, subject + from, some);
}

/* What will be needed in a while, the further off the less of it: rows of those whose turn is next,
 * and where the rows of the ones behind them are. */
static inline __attribute__((always_inline)) void
fetch_subjects(const struct timeline *t, const uint32_t *subject, uint32_t at, uint32_t n)
{
	for (uint32_t i = at + 2 * TOGETHER; i < n && i < at + 3 * TOGETHER; i++) {
		const char *s = (const char *)&t->subject[subject[i]];

		__builtin_prefetch(s);
		__builtin_prefetch(s + sizeof(struct subject) - 1);
	}
	if (at == 0)
		fetch_lists(t, subject, 0, n);
	fetch_lists(t, subject, at + TOGETHER, n);
	fetch_places(t, subject + at, n - at < TOGETHER ? n - at : TOGETHER);
}

void timeline_gather(struct timeline *t, const uint32_t *subject, uint32_t n,
		     struct batch *b, struct gather_stats *gs)
{
	struct gather *g;

	if (!t->gather)
		t->gather = gather_new(t);
	g = t->gather;
	batch_clear(b);
	b->dict = t->dict;
	b->versioned = t->conf.versions;
	b->n_subjects = n;
	b->subject = arena_array(&b->arena, n ? n : 1, sizeof *b->subject);
	if (n)
		memcpy(b->subject, subject, n * sizeof *subject);
	allocate(t, b);
	for (uint32_t i = 0; i < n; i++) {
		assert(subject[i] < t->n_subject);
		if (i % TOGETHER == 0)
			fetch_subjects(t, subject, i, n);
		for (int k = 0; k < STREAM_COUNT; k++)
			b->rows[k].start[i] = b->rows[k].n;
		struct gather_stats own;

		memset(&own, 0, sizeof own);
		gather_collect(g, subject[i], &own);
		gather_reverse(g);
		gather_trace(g);
		gather_visits(g);
		gather_share(g);
		columns_write(g, b, &own);
		undone_note(g, subject[i], &own);
		if (gs)
			add_stats(gs, &own);
	}
	for (int k = 0; k < STREAM_COUNT; k++)
		b->rows[k].start[n] = b->rows[k].n;
}
