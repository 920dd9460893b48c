/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pending.c - rows that wait are copied with the places of their cells, never with their text.
 *
 * With each goes its row in the full stream's table: what that has made of the same columns is
 * copied from there (fill.c), so that a visit's number has one code in both.
 */
#include "lib/record/pending.h"

#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/record/column.h"

#define CAREFUL_ROWS 2048u

static struct pending *pending_of(const struct rower *r, const struct entry *en)
{
	return &r->window.pending[en - r->plan.entry];
}

void pending_fini(struct rower *r)
{
	struct window *w = &r->window;
	for (unsigned i = 0; w->pending && i < r->plan.n_entry; i++) {
		xfree(w->pending[i].row);
		xfree(w->pending[i].end);
		xfree(w->pending[i].full);
	}
	xfree(w->pending);
	xfree(w->n);
	xfree(w->undo);
}

static void open_window(struct rower *r, const struct row_in *first)
{
	struct window *w = &r->window;
	if (!w->pending) {
		w->pending = xcalloc(r->plan.n_entry, sizeof(*w->pending));
		w->n = xcalloc(r->plan.n_entry, sizeof(*w->n));
	}
	w->open = true;
	w->line = first->line;
	w->offset = first->offset;
	w->stats = *r->stats;
	w->rows = r->chunk->rows;
	w->n_reject = r->chunk->n_reject;
	w->n_claim = r->claims ? r->claims->n : 0;
	for (unsigned i = 0; i < r->plan.n_entry; i++)
		w->n[i] = r->chunk->table[r->plan.entry[i].stream].n;
}

void pending_begin(struct rower *r, const struct row_in *in, unsigned n)
{
	struct window *w = &r->window;
	if (w->open)
		return;
	w->n_undo = 0;
	if (w->careful)
		w->careful = w->careful > n ? w->careful - n : 0;
	else if (r->settles && r->plan.n_waiting && n == RUN_MAX)
		open_window(r, in);
}

uint32_t pending_full(const struct rower *r, bool for_all)
{
	const struct entry *full = r->plan.full;
	return for_all && full ? r->chunk->table[full->stream].n : UINT32_MAX;
}

void pending_add(struct rower *r, const struct entry *en, const struct run *run, uint32_t full)
{
	struct pending *p = pending_of(r, en);
	uint32_t width = r->plan.n_column;
	GROW(p->row, p->cap, p->n + run->n);
	GROW(p->end, p->cap_end, (p->n + run->n) * width);
	GROW(p->full, p->cap_full, p->n + run->n);
	for (unsigned i = 0; i < run->n; i++, p->n++) {
		const struct row_in *in = &run->in[run->pick[i]];
		assert(!in->cells.cell && in->cells.n <= width);
		p->row[p->n] = *in;
		memcpy(p->end + p->n * width, in->cells.end,
		       in->cells.n * sizeof(*in->cells.end));
		p->full[p->n] = full == UINT32_MAX ? full : full + run->pick[i];
	}
}

void pending_drop(struct rower *r, const struct entry *en, uint32_t n)
{
	pending_of(r, en)->n -= n;
}

uint32_t pending_rows(const struct rower *r, const struct entry *en)
{
	return r->window.open ? pending_of(r, en)->n : 0;
}

void pending_unsee(struct rower *r, uint32_t n)
{
	struct window *w = &r->window;
	while (w->n_undo > n) {
		w->n_undo--;
		*w->undo[w->n_undo].slot = w->undo[w->n_undo].before;
	}
}

/* ---- making ---- */

static bool make_some(struct rower *r, struct entry *en, struct pending *p, uint32_t at,
		      uint32_t n)
{
	static const uint8_t not_alike[RUN_MAX];
	uint8_t pick[RUN_MAX];
	struct run run = { .in = p->row + at, .pick = pick, .alike = not_alike, .n = n, .rows = n };
	struct fault f;
	bool known = true;
	for (unsigned i = 0; i < n; i++) {
		p->row[at + i].cells.end = p->end + (at + i) * r->plan.n_column;
		pick[i] = (uint8_t)i;
		known &= p->full[at + i] != UINT32_MAX;
	}
	if (known)
		run.full = p->full + at;
	plan_new_run(&r->plan);
	run.first = column_add_unwritten(r->chunk, en->stream, n, en->written);
	return fill_records(r, en, &run, &f);
}

static bool make_all(struct rower *r)
{
	for (unsigned i = 0; i < r->plan.n_entry; i++) {
		struct pending *p = &r->window.pending[i];
		for (uint32_t at = 0; at < p->n;) {
			uint32_t n = p->n - at < RUN_MAX ? p->n - at : RUN_MAX;
			if (!make_some(r, &r->plan.entry[i], p, at, n))
				return false;
			at += n;
		}
	}
	return true;
}

static void roll_back(struct rower *r)
{
	struct window *w = &r->window;
	for (unsigned i = 0; i < r->plan.n_entry; i++) {
		struct entry *en = &r->plan.entry[i];
		column_drop_rows(r->chunk, en->stream, r->chunk->table[en->stream].n - w->n[i]);
		en->last_key = 0;
	}
	pending_unsee(r, 0);
	*r->stats = w->stats;
	r->chunk->rows = w->rows;
	r->chunk->n_reject = w->n_reject;
	if (r->claims)
		r->claims->n = w->n_claim;
}

bool pending_make(struct rower *r)
{
	struct window *w = &r->window;
	if (!w->open)
		return true;
	w->lost = !make_all(r);
	if (w->lost) {
		roll_back(r);
		w->careful = CAREFUL_ROWS;
	}
	w->open = false;
	for (unsigned i = 0; i < r->plan.n_entry; i++)
		w->pending[i].n = 0;
	return !w->lost;
}

void pending_end(struct rower *r)
{
	pending_make(r);
	r->window.careful = CAREFUL_ROWS;
}
