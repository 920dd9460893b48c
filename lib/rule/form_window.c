/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * form_window.c - sliding windows: n calendar dates including today, or n hours by the clock.
 *
 * Each window ends at a record. Windows that trigger and share records make one run, which is one
 * hit: observed is the greatest of its windows, excess what lies beyond the limit in any.
 *
 *   rows     a  b  c     d        e  f
 *   windows  [a b c]  [c d]    [e f]
 *   runs     [a b c     d]     [e  f]
 */
#include <string.h>

#include "lib/base/civil.h"
#include "lib/rule/form.h"

struct streak {
	bool open;
	uint32_t from, to;        /* rows [from, to] of the group */
	struct value observed, limit;
	bool shaped;              /* excess is known */
};

struct sliding {
	struct group *g;
	uint32_t *row;
	uint32_t n;
	int64_t span;             /* days or seconds */
	bool hours;
	struct streak run;
};

static int64_t place(const struct sliding *w, uint32_t i)
{
	enum stream s = w->g->rp->side[0].stream;

	return w->hours ? row_time(w->g->e, w->g->rp->side[0].time, w->row[i])
			: slot_day(w->g->e, s)[w->row[i]];
}

static bool has_clock(const struct group *g, uint32_t row)
{
	int64_t t = row_time(g->e, g->rp->side[0].time, row);

	return t != MISSING_I64 && t % CIVIL_DAY != 0;
}

static bool placed(const struct sliding *w, uint32_t row)
{
	if (w->hours)
		return has_clock(w->g, row);
	return slot_day(w->g->e, w->g->rp->side[0].stream)[row] != MISSING_I32;
}

/* Rows without a place in time: unknown, if together with the others they could trigger. */
static void drop_unplaced(struct sliding *w)
{
	struct frame f;
	uint32_t kept = 0;
	bool could;

	for (uint32_t i = 0; i < w->n; i++)
		kept += placed(w, w->row[i]);
	if (kept == w->n)
		return;
	group_frame(w->g, &f, w->row, w->n);
	could = group_trigger(&f, w->g->rp) != TRUTH_FALSE;
	kept = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		if (placed(w, w->row[i]))
			w->row[kept++] = w->row[i];
		else if (could)
			note_unknown(w->g->e, w->g->rp, w->row[i]);
	}
	w->n = kept;
}

static void close_run(struct sliding *w)
{
	struct streak *r = &w->run;
	struct hit_group h = { .rp = w->g->rp, .subject = w->g->subject };
	struct frame f;

	if (!r->open)
		return;
	r->open = false;
	group_frame(w->g, &f, w->row + r->from, r->to - r->from + 1);
	group_settle(w->g, &f);
	h.frame = &f;
	h.observed = &r->observed;
	h.limit = &r->limit;
	h.excess = r->shaped ? w->g->e->beyond + r->from : NULL;
	group_mark(w->g, &f, hit_give(&h) ? MARK_EXCEPTED : MARK_HIT);
}

static struct value maybe_value(struct frame *f, const struct node *n)
{
	return n ? node_value(f, n) : value_missing(TYPE_NONE);
}

/* Whether the window from row `from` shares a sure record with the run. */
static bool shares(const struct sliding *w, uint32_t from)
{
	for (uint32_t i = from; i <= w->run.to; i++)
		if (w->g->filter[w->row[i]] == TRUTH_TRUE)
			return true;
	return false;
}

/* The window [from, to] triggers: it joins the open run when they share a sure record. */
static void take_window(struct sliding *w, struct frame *f, uint32_t from, uint32_t to)
{
	struct streak *r = &w->run;
	struct value observed, limit;

	group_settle(w->g, f);
	observed = maybe_value(f, w->g->rp->observed);
	limit = maybe_value(f, w->g->rp->limit);
	if (r->open && !shares(w, from))
		close_run(w);
	if (!r->open) {
		*r = (struct streak){ true, from, to, observed, limit, true };
	} else if (observed.known && (!r->observed.known ||
				      value_cmp(&observed, &r->observed) > 0)) {
		r->observed = observed;
		r->limit = limit;
	}
	r->to = to;
	r->shaped &= hit_excess(f, w->g->rp, &limit, w->g->e->beyond + from);
}

static void try_window(struct sliding *w, uint32_t from, uint32_t to)
{
	struct frame f;

	if (to - from + 1 < w->g->rp->least)
		return;
	group_frame(w->g, &f, w->row + from, to - from + 1);
	if (!group_in_force(w->g, &f))
		return;
	switch (group_trigger(&f, w->g->rp)) {
	case TRUTH_TRUE:
		take_window(w, &f, from, to);
		break;
	case TRUTH_UNKNOWN:
		trouble_count(&w->g->e->account[w->g->rp->index],
			      trouble_of(&f, w->g->rp->when));
		group_mark(w->g, &f, MARK_UNKNOWN);
		break;
	case TRUTH_FALSE:
		break;
	}
}

void window_judge(struct group *g, uint32_t *row, uint32_t n)
{
	const struct window *win = &g->rp->rule->window;
	struct sliding w = { .g = g, .row = row, .n = n, .hours = win->kind == WINDOW_HOURS };
	uint32_t from = 0;

	w.span = w.hours ? win->n * 3600 : win->n - 1;
	drop_unplaced(&w);
	GROW(g->e->beyond, g->e->cap_beyond, w.n + 1);
	memset(g->e->beyond, 0, w.n);
	for (uint32_t to = 0; to < w.n; to++) {
		int64_t end = place(&w, to);

		if (to + 1 < w.n && place(&w, to + 1) == end)
			continue; /* the window takes all records of its last moment */
		while (end - place(&w, from) > w.span)
			from++;
		try_window(&w, from, to);
	}
	close_run(&w);
}
