/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.c - trace codes of packs: whose sale still stands once everything is taken back.
 *
 * A code's row says that a pack changed hands in a visit. It stands for as long as what it
 * hangs on does: the settlement it names (looked for in its visit, then among the person's at
 * that facility, because a 3505 counts visits in its own way), or the visit's only one, and
 * the line it came with. A return takes the last sale of that code at that facility before it
 * away, in all the messages that told of that sale, and is itself gone. So rules see packs
 * that were sold and not given back, and need to count nothing else.
 */
#include "lib/timeline/gather.h"

static uint32_t cell_code(const struct gather *g, const struct item *it, enum field f)
{
	return row_u32(it->row, layout_cell(&g->t->store[STREAM_TRACE].layout, f).off);
}

static uint32_t facility(const struct gather *g, const struct item *it)
{
	return g->t->places[PLACES_VISIT].v[it->row->place].a;
}

/* The first settlement of each facility and number. */
static void number_settlements(struct gather *g)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];

	scratch_clear(&g->setl_of);
	for (uint32_t i = 0; i < setl->n; i++) {
		bool fresh;
		uint64_t *at = map64_at(&g->setl_of,
					(uint64_t)g->visit[setl->v[i].visit].facility << 32 |
						row_u32(setl->v[i].row, g->setl_id.off), &fresh);

		if (fresh)
			*at = i;
	}
}

/* A visit counted otherwise: the settlement of that number wherever the person has one there. */
static uint32_t settlement_elsewhere(const struct gather *g, const struct item *it, uint32_t id)
{
	uint64_t at;

	return map64_get(&g->setl_of, (uint64_t)facility(g, it) << 32 | id, &at) ? (uint32_t)at :
										   NO_INDEX;
}

static uint32_t settlement_of(const struct gather *g, const struct item *it)
{
	uint32_t id = cell_code(g, it, FIELD_trace_setl_id), at;

	if (!id)
		return settlement_joined(g, it->visit, MISSING_CODE);
	at = settlement_named(g, it->visit, id);
	return at != NO_INDEX ? at : settlement_elsewhere(g, it, id);
}

/* The line it came with is known and no longer there. */
static bool line_is_gone(const struct gather *g, const struct item *it)
{
	uint32_t code = cell_code(g, it, FIELD_trace_feedetl_sn), row, at;

	if (!code)
		return false;
	row = row_find(g->t, STREAM_FEE, it->row->place, dict_text(g->t->dict, code));
	if (row == ROW_NONE)
		return false;
	at = line_position(g, row);
	return at == NO_INDEX || g->items[STREAM_FEE].v[at].state != ITEM_LIVE;
}

static bool is_return(const struct gather *g, const struct item *it)
{
	uint32_t kind = cell_code(g, it, FIELD_trace_trac_chg_type);

	return kind && str_eq(dict_text(g->t->dict, kind), STR("2"));
}

static bool same_sale(const struct gather *g, const struct item *a, const struct item *b)
{
	if (a->link != NO_INDEX || b->link != NO_INDEX)
		return a->link == b->link;
	return a->visit == b->visit &&
	       cell_code(g, a, FIELD_trace_setl_id) == cell_code(g, b, FIELD_trace_setl_id);
}

/* Of two rows of one code. */
static bool is_sale_of(const struct gather *g, const struct item *it, const struct item *back)
{
	return it->state == ITEM_LIVE && facility(g, it) == facility(g, back) &&
	       !is_return(g, it);
}

/* Each row's one before it of the same code; made when something came back. */
static void chain_codes(struct gather *g)
{
	const struct items *items = &g->items[STREAM_TRACE];

	GROW(g->before, g->cap_before, items->n);
	scratch_clear(&g->last_of);
	for (uint32_t i = 0; i < items->n; i++) {
		uint32_t code = cell_code(g, &items->v[i], FIELD_trace_drug_trac_codg);
		bool fresh;
		uint64_t *last = map64_at(&g->last_of, code, &fresh);

		g->before[i] = fresh ? NO_INDEX : (uint32_t)*last;
		*last = i;
	}
}

static void give_back(struct gather *g, uint32_t back)
{
	struct item *v = g->items[STREAM_TRACE].v;
	uint32_t sale = g->before[back];

	while (sale != NO_INDEX && !is_sale_of(g, &v[sale], &v[back]))
		sale = g->before[sale];
	if (sale == NO_INDEX)
		return;
	for (uint32_t i = g->before[sale]; i != NO_INDEX; i = g->before[i]) {
		if (is_sale_of(g, &v[i], &v[back]) && same_sale(g, &v[i], &v[sale]))
			v[i].state = ITEM_REVERSED;
	}
	v[sale].state = ITEM_REVERSED;
}

/* ---- 拆零 ---- */

static uint64_t sale_key(const struct gather *g, const struct item *it)
{
	return (uint64_t)it->link << 32 | cell_code(g, it, FIELD_trace_drug_trac_codg);
}

/* A settlement's line and the sale in the books are two rows of one sale, and often only the
 * one in the books has the flag. */
static void note_split(struct gather *g, const struct item *it)
{
	uint32_t flag = g->trace_split.pack == PACK_NONE ? MISSING_CODE :
							   row_u32(it->row, g->trace_split.off);

	if (flag && it->link != NO_INDEX && str_eq(dict_text(g->t->dict, flag), STR("1")))
		map64_put(&g->split_sale, sale_key(g, it), flag);
}

int64_t trace_split(struct gather *g, const struct item *it)
{
	uint32_t flag = row_u32(it->row, g->trace_split.off);
	uint64_t other;

	if (it->link != NO_INDEX && map64_count(&g->split_sale) &&
	    map64_get(&g->split_sale, sale_key(g, it), &other))
		return (int64_t)other;
	return flag ? (int64_t)flag : MISSING_I64;
}

void gather_trace(struct gather *g)
{
	struct items *items = &g->items[STREAM_TRACE];
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	bool any = false;

	if (items->n == 0)
		return;
	scratch_clear(&g->split_sale);
	number_settlements(g);
	for (uint32_t i = 0; i < items->n; i++) {
		struct item *it = &items->v[i];

		it->link = settlement_of(g, it);
		if ((it->link != NO_INDEX && setl->v[it->link].state != ITEM_LIVE) ||
		    line_is_gone(g, it))
			it->state = ITEM_REVERSED;
		note_split(g, it);
		any |= it->state == ITEM_LIVE && is_return(g, it);
	}
	if (any)
		chain_codes(g);
	for (uint32_t i = 0; any && i < items->n; i++) {
		struct item *it = &items->v[i];

		if (it->state != ITEM_LIVE || !is_return(g, it))
			continue;
		give_back(g, i);
		it->state = ITEM_REVERSED;
	}
}
